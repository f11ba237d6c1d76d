import pytest
import torch

from osrae.errors import InputError
from osrae.networks.layers import one_hot, set_generator
from osrae.networks.mixer import Mixer

LABEL = one_hot(torch.tensor([0, 1, 2, 1]), 3, torch.float32)


def inputs(t, m=5):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, t, m, generator=generator), LABEL, torch.randn(4, m, generator=generator)


@pytest.mark.parametrize("t", [2, 3, 6])
@pytest.mark.parametrize("style", ["paper", "reference"])
def test_coefficients_lie_on_the_simplex_and_every_parameter_gets_a_gradient(t, style):
    mixer = Mixer(5, t, 3, width=32, style=style)
    alpha = mixer(*inputs(t))
    assert alpha.shape == (4, t)
    assert alpha.min() >= 0
    torch.testing.assert_close(alpha.sum(1), torch.ones(4))
    assert alpha.std() > 0
    alpha[:, 0].sum().backward()
    assert all(weight.grad is not None for weight in mixer.parameters())


@pytest.mark.parametrize("place", [0, 1, 2])
def test_coefficients_depend_on_latent_vectors_label_and_noise(place):
    mixer, given = Mixer(5, 2, 3, width=32).eval(), list(inputs(2))
    before = mixer(*given)
    given[place] = given[place].roll(1, 0)
    assert not torch.allclose(mixer(*given), before)


# spec/baselines.md, section 1.4: millions of parameters for t = 2, C = 10, width 1024.
@pytest.mark.parametrize(("m", "millions"), [(64, 3.37), (128, 3.56), (256, 3.96)])
def test_number_of_parameters_is_the_papers(m, millions):
    count = sum(weight.numel() for weight in Mixer(m, 2, 10, width=1024).parameters())
    assert count == (3 * m + 10 + 3) * 1024 + 3 * (1024 + 3) * 1024 + 1025 * 2
    assert round(count / 1e6, 2) == millions


def test_activation_follows_the_style():
    for style, name in (("paper", "LeakyReLU"), ("reference", "ReLU")):
        found = [type(m).__name__ for m in Mixer(5, 2, 3, 8, style).modules()]
        assert found.count(name) == 4


def test_generator_decides_the_dropout():
    mixer, given = Mixer(5, 2, 3, width=32), inputs(2)

    def draw(seed):
        set_generator(mixer, torch.Generator().manual_seed(seed))
        return mixer(*given)

    assert torch.equal(draw(0), draw(0))
    assert not torch.equal(draw(0), draw(1))


def test_wrong_inputs_are_named():
    z, label, noise = inputs(2)
    mixer = Mixer(5, 2, 3, width=8)
    with pytest.raises(InputError, match=r"expected \(n, 2, 5\)"):
        mixer(z[:, :1], label, noise)
    with pytest.raises(InputError, match=r"noise.*expected \(4, 5\)"):
        mixer(z, label, noise[:2])
    with pytest.raises(InputError, match="at least 2"):
        Mixer(5, 1, 3, width=8)
