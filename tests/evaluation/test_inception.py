from __future__ import annotations

import hashlib
import json
from math import prod, sqrt
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from osrae.errors import InputError
from osrae.evaluation import inception_weights
from osrae.evaluation.features import InceptionFeatures
from osrae.evaluation.inception import InceptionV3
from osrae.evaluation.inception_weights import FILE_NAMES, find_weights, load_inception

#: Names and shapes of the published state dict, and features that the reference implementation
#: finds with the weights of `drawn_weights` in the picture of `test_features_…`.
REFERENCE = json.loads((Path(__file__).parent / "inception_reference.json").read_text())


def drawn_weights() -> dict[str, torch.Tensor]:
    """Weights from NumPy's legacy generator, whose numbers never change."""
    random = np.random.RandomState(0)
    state = {}
    for name, shape in sorted(REFERENCE["shapes"].items()):
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(0)
            continue
        if name.endswith(("running_var", "bn.weight")):
            value = random.uniform(0.5, 1.5, shape)
        else:
            value = random.normal(0, sqrt(2 / prod(shape[1:])) if len(shape) > 1 else 0.1, shape)
        state[name] = torch.from_numpy(value.astype(np.float32))
    return state


@pytest.fixture(scope="module")
def weights():
    return drawn_weights()


@pytest.fixture
def published(weights, tmp_path, monkeypatch):
    """A file with the drawn weights that passes for the published one."""
    path = tmp_path / FILE_NAMES[0]
    torch.save(weights, path)
    monkeypatch.setattr(inception_weights, "N_BYTES", path.stat().st_size)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(inception_weights, "SHA256", digest)
    return path


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """The two places where weights are looked for, both empty."""
    cache = tmp_path / "cache"
    monkeypatch.setattr(
        inception_weights.platformdirs, "user_cache_dir", lambda *_, **__: str(cache)
    )
    monkeypatch.setenv("OSRAE_DATA", str(tmp_path / "data"))
    for folder in (tmp_path / "data", cache):
        (folder / "weights").mkdir(parents=True)
    return tmp_path / "data" / "weights", cache / "weights"


def test_names_and_shapes_are_those_of_the_published_weights():
    with torch.device("meta"):
        state = InceptionV3().state_dict()
    assert {name: list(value.shape) for name, value in state.items()} == REFERENCE["shapes"]


def test_features_agree_with_the_reference_implementation(published):
    y, x = np.mgrid[:299, :299]
    picture = np.stack([(7 * x + 3 * y) % 256, (x * y) % 256, (x + 5 * y) % 256])
    # The reference scales bytes by (x − 128) / 128, which is −1 to 1 of x / 256.
    pictures = torch.from_numpy(picture[None] / 256).float()
    with torch.inference_mode():
        found = load_inception(published)(pictures)
    assert found.shape == (1, 2048)
    expected = REFERENCE["every_32nd_feature"]
    assert found[0, ::32].tolist() == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_small_pictures_are_resized_and_grey_is_repeated(published):
    extractor = InceptionFeatures(published, device="cpu")
    grey = np.random.default_rng(0).integers(0, 256, size=(1, 16, 16), dtype=np.uint8)
    large = F.interpolate(torch.from_numpy(grey / 255)[None], size=(299, 299), mode="bilinear")
    colour = large[0, :, :, :, None].repeat(1, 1, 1, 3).numpy()
    found = extractor(grey)
    assert found.dtype == np.float32
    assert found == pytest.approx(extractor(colour), rel=1e-3, abs=1e-3)


def test_loading_leaves_the_state_of_random_numbers(published):
    before = torch.get_rng_state()
    network = load_inception(published)
    assert torch.equal(before, torch.get_rng_state())
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_where_weights_are_looked_for(folders):
    data, cache = folders
    assert find_weights() is None
    (cache / FILE_NAMES[1]).touch()
    assert find_weights() == cache / FILE_NAMES[1]
    (cache / FILE_NAMES[0]).touch()
    assert find_weights() == cache / FILE_NAMES[0]
    (data / FILE_NAMES[0]).touch()
    assert find_weights() == data / FILE_NAMES[0]


def test_missing_weights_say_where_to_get_and_put_them(folders):
    data, cache = folders
    with pytest.raises(InputError) as caught:
        InceptionFeatures()
    message = str(caught.value)
    assert f"not found in {data} or {cache}" in message
    assert "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/" in message
    assert f"put the file {FILE_NAMES[0]} into {cache}" in message
    with pytest.raises(InputError, match=r"not found in elsewhere\.pth\."):
        load_inception("elsewhere.pth")


def test_other_files_are_refused(published):
    content = bytearray(published.read_bytes())
    content[len(content) // 2] ^= 1
    published.write_bytes(content)
    with pytest.raises(InputError, match=r"has the SHA-256 \w+, not the published"):
        load_inception(published)
    published.write_bytes(content[:1000])
    with pytest.raises(InputError, match="has 1000 bytes; the published file has"):
        load_inception(published)


def test_the_published_name_is_the_start_of_the_checksum():
    assert all(name.endswith(f"-{inception_weights.SHA256[:8]}.pth") for name in FILE_NAMES)
