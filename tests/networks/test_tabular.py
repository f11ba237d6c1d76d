import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from osrae.data.description import TableDescription
from osrae.errors import InputError
from osrae.networks.layers import one_hot
from osrae.networks.tabular import BlockSoftmax, Critic, Decoder, Encoder

MIXED = TableDescription(2, (3, 2, 3, 5))
LABEL = one_hot(torch.tensor([0, 1, 2, 1]), 3, torch.float32)


def n_parameters(network):
    return sum(weight.numel() for weight in network.parameters())


def blocks_of(description, x):
    return x.split([description.n_continuous, *description.categories], dim=1)


def test_shapes():
    x = torch.randn(4, 15)
    z = Encoder(MIXED, latent_dim=8)(x)
    assert z.shape == (4, 8)
    assert Decoder(MIXED, 8, 3)(z, LABEL).shape == (4, 15)
    assert Critic(MIXED, None)(x).shape == (4,)
    assert Critic(MIXED, 3)(x, LABEL).shape == (4,)


# Table 18 with m = 8: spec/baselines.md, section 1.4, has E + D in millions.
@pytest.mark.parametrize(("d", "millions"), [(64, 0.32), (617, 0.75), (300, 0.51), (74, 0.33)])
def test_numbers_of_parameters_are_the_papers(d, millions):
    description = TableDescription(d)
    both = n_parameters(Encoder(description, 8)) + n_parameters(Decoder(description, 8, 10))
    assert both / 1e6 == pytest.approx(millions, abs=0.01)
    hidden = 513 * 256 + 2 * 256
    assert n_parameters(Encoder(description, 8)) == (d + 3) * 512 + hidden + 257 * 8
    assert n_parameters(Decoder(description, 8, 10)) == 21 * 512 + hidden + 257 * d
    assert n_parameters(Critic(description, None)) == (d + 1) * 512 + 2 * 513 * 512 + 513


@settings(deadline=None, max_examples=40)
@given(
    n_continuous=st.integers(0, 4),
    categories=st.lists(st.integers(2, 6), max_size=6).map(tuple),
)
def test_block_softmax_equals_a_loop_over_blocks(n_continuous, categories):
    description = TableDescription(n_continuous, categories)
    x = torch.randn(3, *description.shape, dtype=torch.float64)
    plain, *blocks = blocks_of(description, x)
    expected = torch.cat([plain, *(block.softmax(1) for block in blocks)], dim=1)
    torch.testing.assert_close(BlockSoftmax(description)(x), expected)


def test_decoded_blocks_sum_to_one_and_continuous_columns_are_unbounded():
    label = LABEL.repeat(50, 1)
    decoded = Decoder(MIXED, 8, 3)(100 * torch.randn(200, 8), label)
    plain, *blocks = blocks_of(MIXED, decoded)
    assert plain.min() < 0
    assert plain.abs().max() > 1
    for block in blocks:
        assert block.min() >= 0
        torch.testing.assert_close(block.sum(1), torch.ones(200))


def test_block_softmax_is_not_part_of_the_state_dict():
    assert not BlockSoftmax(MIXED).state_dict()


def test_every_parameter_gets_a_gradient():
    encoder, decoder, critic = Encoder(MIXED, 8), Decoder(MIXED, 8, 3), Critic(MIXED, 3)
    critic(decoder(encoder(torch.randn(4, 15)), LABEL), LABEL).sum().backward()
    for network in (encoder, decoder, critic):
        for name, weight in network.named_parameters():
            assert weight.grad is not None, name


def test_styles_differ_in_batch_normalisation_only():
    paper, reference = Encoder(MIXED, 8), Encoder(MIXED, 8, "reference")
    reference.load_state_dict(paper.state_dict())
    x = torch.randn(4, 15)
    first, second = paper.eval()(x), reference.eval()(x)
    assert not torch.equal(first, second)
    torch.testing.assert_close(first, second, rtol=1e-2, atol=1e-2)


def test_wrong_shapes_are_named():
    with pytest.raises(InputError, match=r"Encoder: .*expected \(n, 15\)"):
        Encoder(MIXED, 8)(torch.rand(2, 14))
    with pytest.raises(InputError, match=r"Decoder: .*expected \(n, 8\)"):
        Decoder(MIXED, 8, 3)(torch.rand(4, 7), LABEL)
    with pytest.raises(InputError, match="got a label"):
        Critic(MIXED, None)(torch.rand(4, 15), LABEL)
