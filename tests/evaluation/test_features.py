from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from osrae.errors import InputError
from osrae.evaluation import features
from osrae.evaluation.features import (
    Columns,
    CustomFeatures,
    InceptionFeatures,
    RandomVGG16,
    default_extractor,
)
from osrae.evaluation.random_vgg import random_vgg16


@pytest.fixture(scope="module")
def vgg():
    return RandomVGG16(device="cpu")


def random_bytes(*shape):
    return np.random.default_rng(0).integers(0, 256, size=shape, dtype=np.uint8)


@pytest.mark.parametrize("shape", [(8, 8), (28, 28), (33, 40), (16, 64, 3), (32, 32, 1)])
def test_pictures_of_any_size_give_64_features(vgg, shape):
    found = vgg(random_bytes(3, *shape))
    assert found.shape == (3, 64)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    # Different pictures have different features.
    assert np.ptp(found, axis=0).min() > 0


def test_layout_and_type_make_no_difference(vgg):
    grey = random_bytes(3, 10, 12)
    expected = vgg(grey)
    for same in (grey[..., None], np.repeat(grey[..., None], 3, axis=3), grey / 255):
        assert vgg(same) == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_batches_make_no_difference(vgg):
    pictures = random_bytes(70, 8, 8)
    assert vgg(pictures)[64:] == pytest.approx(vgg(pictures[64:]), rel=1e-4, abs=1e-6)


def test_weights_follow_from_the_seed_alone(vgg):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    again, other = RandomVGG16(device="cpu"), RandomVGG16(seed=1, device="cpu")
    assert torch.equal(before, torch.get_rng_state())
    pictures = random_bytes(2, 8, 8)
    assert np.array_equal(again(pictures), vgg(pictures))
    assert not np.allclose(other(pictures), vgg(pictures))
    assert (vgg.name, other.name) == (
        "random VGG-16, 64 features, seed 0",
        "random VGG-16, 64 features, seed 1",
    )


def test_weights_are_orthogonal_and_those_of_vgg16():
    network = random_vgg16(0)
    weights = [weight.flatten(1) for weight in network.parameters()]
    channels = [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512, 4096, 64]
    assert [len(weight) for weight in weights] == channels
    assert sum(isinstance(layer, nn.MaxPool2d) for layer in network) == 5
    for weight in weights:
        # Rows, or columns where they are fewer, are orthogonal and of squared length 2.
        narrow = weight if weight.shape[0] <= weight.shape[1] else weight.T
        assert torch.allclose(narrow @ narrow.T, 2 * torch.eye(len(narrow)), atol=1e-4)


def test_extractors_refuse_what_they_cannot_read(vgg):
    with pytest.raises(InputError, match="4 channels"):
        vgg(random_bytes(2, 8, 8, 4))
    with pytest.raises(InputError, match="at least 8 × 8"):
        vgg(random_bytes(2, 7, 8))
    with pytest.raises(InputError, match="floats must range from 0 to 1"):
        vgg(np.full((2, 8, 8), 2.0))
    with pytest.raises(InputError, match=r"shape \(2, 64\)"):
        vgg(random_bytes(2, 64))
    with pytest.raises(InputError, match=r"Found samples of shape \(2, 8, 8\)"):
        Columns()(random_bytes(2, 8, 8))


def test_columns_stay_as_they_are():
    X, _ = load_digits(return_X_y=True)
    found = Columns()(X)
    assert found.dtype == np.float32
    assert np.array_equal(found, X)


def test_a_function_gets_the_samples_as_they_are():
    seen = []

    def brightness(pictures):
        seen.append((pictures.shape, pictures.dtype))
        return pictures.reshape(len(pictures), -1).mean(axis=1, keepdims=True)

    pictures = random_bytes(5, 8, 8)
    extractor = CustomFeatures(brightness, "brightness", batch_size=2)
    assert extractor.name == "brightness"
    assert extractor(pictures) == pytest.approx(pictures.mean(axis=(1, 2))[:, None])
    assert seen == [((2, 8, 8), np.uint8)] * 2 + [((1, 8, 8), np.uint8)]


def test_a_module_gets_tensors_and_keeps_its_mode():
    module = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(64, 3)).train()
    module[2].eval()
    extractor = CustomFeatures(module, "linear", batch_size=4)
    pictures = random_bytes(6, 8, 8)
    weight, bias = (p.detach().numpy() for p in module[2].parameters())
    expected = pictures.reshape(6, 64) / 255 @ weight.T + bias
    assert extractor(pictures) == pytest.approx(expected, rel=1e-4, abs=1e-6)
    # A table of the same numbers.
    rows = pictures.reshape(6, 64) / 255
    assert extractor(rows) == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert [part.training for part in module.modules()] == [True, True, True, False]


def test_bad_custom_extractors():
    with pytest.raises(InputError, match="function=3 cannot be called"):
        CustomFeatures(3, "three")
    with pytest.raises(InputError, match="name='' must be a text"):
        CustomFeatures(len, "")
    with pytest.raises(InputError, match="batch_size=0 must be at least 1"):
        CustomFeatures(len, "length", batch_size=0)


def test_default_is_inception_where_its_weights_are(monkeypatch, tmp_path):
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    monkeypatch.setattr(features, "load_inception", lambda path: network)
    monkeypatch.setattr(features, "find_weights", lambda: tmp_path)
    extractor = default_extractor()
    assert isinstance(extractor, InceptionFeatures)
    assert extractor.name == "Inception-v3, 2048 features"
    # Grey pictures are repeated to the three channels that the network takes.
    pictures = random_bytes(2, 8, 8)
    expected = np.repeat(pictures.mean(axis=(1, 2))[:, None] / 255, 3, axis=1)
    assert extractor(pictures) == pytest.approx(expected, rel=1e-5)
    monkeypatch.setattr(features, "find_weights", lambda: None)
    assert isinstance(default_extractor(), RandomVGG16)
