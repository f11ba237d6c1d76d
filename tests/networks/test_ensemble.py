import torch
from torch import nn

from osrae.data.description import ImageDescription, TableDescription
from osrae.networks import build_encoder
from osrae.networks.ensemble import EncoderEnsemble, logits_of_each


def test_each_encoder_has_a_part_of_the_latent_space():
    members = [nn.Linear(3, 2), nn.Linear(3, 2)]
    x = torch.randn(5, 3)
    expected = torch.cat([members[0](x) / 2, members[1](x) / 2], dim=1)
    torch.testing.assert_close(EncoderEnsemble(members)(x), expected)


def test_the_mean_of_their_logits_is_the_linear_classifiers():
    classifier, z = nn.Linear(12, 4), torch.randn(2, 5, 12)
    each = logits_of_each(classifier, z, 3)
    assert each.shape == (3, 2, 5, 4)
    torch.testing.assert_close(each.mean(0), classifier(z))
    # Of the second: its part of the latent vector, as its encoder gave it, and its weights alone.
    own = 3 * z[..., 4:8] @ classifier.weight[:, 4:8].T + classifier.bias
    torch.testing.assert_close(each[1], own)


def test_one_classifies_as_it_does_without_others():
    classifier, z = nn.Linear(4, 3), torch.randn(5, 4)
    assert torch.equal(logits_of_each(classifier, z, 1)[0], classifier(z))


def test_encoders_of_any_kind_stand_side_by_side():
    for description in (TableDescription(3, (2,)), ImageDescription(8, 8, 1)):
        torch.manual_seed(0)
        encoder = build_encoder(None, description, 6, n_members=3).eval()
        z = encoder(torch.rand(4, *description.shape))
        assert z.shape == (4, 18)
        assert not torch.allclose(z[:, :6], z[:, 6:12])  # other weights
