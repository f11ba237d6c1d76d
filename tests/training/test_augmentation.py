import math
from dataclasses import fields

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from osrae.errors import InputError
from osrae.training.augmentation import (
    POLICIES,
    AdaptiveProbability,
    Augmentation,
    brighten,
    contrast,
    cutout,
    saturate,
    shift,
    warp,
)

STRENGTHS = [field.name for field in fields(Augmentation) if field.name != "cutout_fill"]
ACTIVE = [name for name in POLICIES if name != "none"]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(n=6, channels=3, height=8, width=10, dtype=torch.float32):
    return torch.rand(n, channels, height, width, generator=seeded(9), dtype=dtype)


def neutral(n, dtype=torch.float32):
    """Strengths of `warp` that change nothing."""
    return {
        "flipped": torch.zeros(n, dtype=torch.bool),
        "offset": torch.zeros(n, 2, dtype=dtype),
        "angle": torch.zeros(n, dtype=dtype),
        "zoom": torch.ones(n, 2, dtype=dtype),
    }


# ---------------------------------------------------------------- single operations


def test_shift_by_hand():
    x = torch.tensor([[[[1.0, 2, 3], [4, 5, 6]]]])
    still, mirrored = torch.tensor([False]), torch.tensor([True])
    down_right = shift(x, still, torch.tensor([[1, 1]]))
    assert down_right[0, 0].tolist() == [[1, 1, 2], [1, 1, 2]]
    up_left = shift(x, still, torch.tensor([[-1, -2]]))
    assert up_left[0, 0].tolist() == [[6, 6, 5], [6, 6, 5]]
    assert shift(x, mirrored, torch.tensor([[0, 0]]))[0, 0].tolist() == [[3, 2, 1], [6, 5, 4]]
    assert shift(x, mirrored, torch.tensor([[0, 1]]))[0, 0].tolist() == [[3, 3, 2], [6, 6, 5]]


def test_shift_is_a_crop_of_the_symmetrically_padded_picture():
    x = pictures()
    offset = torch.tensor([[3, -4], [0, 0], [-8, 2], [1, 10], [-2, -1], [8, -10]])
    moved = shift(x, torch.zeros(6, dtype=torch.bool), offset)
    padded = np.pad(x.numpy(), [(0, 0), (0, 0), (10, 10), (10, 10)], mode="symmetric")
    for i, (down, right) in enumerate(offset.tolist()):
        expected = padded[i, :, 10 - down : 18 - down, 10 - right : 20 - right]
        assert np.array_equal(moved[i].numpy(), expected)


def test_warp_by_whole_pixels_equals_shift():
    x = pictures(dtype=torch.float64)
    flipped = torch.tensor([True, False, True, False, True, False])
    offset = torch.tensor([[3, -4], [0, 0], [-8, 2], [1, 10], [-2, -1], [8, -10]])
    given = neutral(6, torch.float64) | {"flipped": flipped, "offset": offset.double()}
    torch.testing.assert_close(warp(x, **given), shift(x, flipped, offset))


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_warp_turns_counterclockwise(turns):
    x = pictures(height=9, width=9, dtype=torch.float64)
    angle = torch.full((6,), turns * math.pi / 2, dtype=torch.float64)
    turned = warp(x, **neutral(6, torch.float64) | {"angle": angle})
    torch.testing.assert_close(turned, torch.rot90(x, turns, (2, 3)))


def test_warp_turns_pictures_that_are_not_square_without_distortion():
    x = torch.zeros(1, 1, 11, 21, dtype=torch.float64)
    x[0, 0, 5, 13] = 1  # three pixels right of the centre
    angle = torch.tensor([math.pi / 2], dtype=torch.float64)
    turned = warp(x, **neutral(1, torch.float64) | {"angle": angle})
    assert turned[0, 0, 2, 10].item() == pytest.approx(1)  # three pixels above it
    assert turned.sum().item() == pytest.approx(1)


def test_warp_zooms_each_axis_about_the_centre():
    rows = torch.arange(8.0).view(1, 1, 8, 1).expand(1, 1, 8, 10)
    columns = torch.arange(10.0).view(1, 1, 1, 10).expand(1, 1, 8, 10)
    x = torch.cat([rows, columns], dim=1)
    zoomed = warp(x, **neutral(1) | {"zoom": torch.tensor([[0.5, 0.75]])})
    torch.testing.assert_close(zoomed[:, :1] - 3.5, (rows - 3.5) * 0.5)
    torch.testing.assert_close(zoomed[:, 1:] - 4.5, (columns - 4.5) * 0.75)


def test_warp_mirrors_before_it_moves_and_turns_after():
    x = pictures(height=9, width=9, dtype=torch.float64)
    flipped, offset = torch.ones(6, dtype=torch.bool), torch.tensor([[1, 2]]).expand(6, 2)
    angle = torch.full((6,), math.pi / 2, dtype=torch.float64)
    zoom = torch.ones(6, 2, dtype=torch.float64)
    found = warp(x, flipped, offset.double(), angle, zoom)
    torch.testing.assert_close(found, torch.rot90(shift(x, flipped, offset), 1, (2, 3)))


def test_colours_by_hand():
    x = torch.tensor([0.2, 0.4, 0.9]).view(1, 3, 1, 1).repeat(1, 1, 1, 2)
    x[..., 1] += 0.1
    two = torch.tensor([2.0])
    torch.testing.assert_close(brighten(x, torch.tensor([-0.1])), x - 0.1)
    expected = torch.tensor([-0.1, 0.3, 1.3])  # mean 0.5, distances -0.3, -0.1, 0.4
    torch.testing.assert_close(saturate(x, two)[0, :, 0, 0], expected)
    torch.testing.assert_close(saturate(x, two)[0, :, 0, 1], expected + 0.1)
    expected = torch.tensor([-0.15, 0.25, 1.25])  # mean of the picture 0.55
    torch.testing.assert_close(contrast(x, two)[0, :, 0, 0], expected)
    torch.testing.assert_close(contrast(x, torch.zeros(1)), torch.full_like(x, 0.55))


def test_saturation_leaves_grey_pictures():
    grey = pictures(channels=1)
    assert torch.equal(saturate(grey, torch.full((6,), 2.0)), grey)


@pytest.mark.parametrize("change", [brighten, saturate, contrast])
def test_opacity_is_no_colour(change):
    x, strength = pictures(channels=4), torch.full((6,), 1.7)
    changed = change(x, strength)
    assert torch.equal(changed[:, 3], x[:, 3])
    assert torch.equal(changed[:, :3], change(x[:, :3], strength))


def test_cutout_by_hand():
    x = torch.ones(2, 1, 4, 5)
    hidden = 1 - cutout(x, torch.tensor([[1, 2], [-1, 4]]), (2, 3), torch.zeros(()))
    assert hidden[0, 0].nonzero().tolist() == [[1, 2], [1, 3], [1, 4], [2, 2], [2, 3], [2, 4]]
    assert hidden[1, 0].nonzero().tolist() == [[0, 4]]


def test_cutout_fills_each_channel_of_each_picture_with_what_is_given():
    x, fill = pictures(2, 3, 4, 5), torch.arange(6.0).view(2, 3, 1, 1) + 2
    cut = cutout(x, torch.tensor([[1, 2], [0, 0]]), (1, 2), fill)
    assert torch.equal(cut[0, :, 1, 2:4], fill[0, :, 0].expand(3, 2))
    assert torch.equal(cut[1, :, 0, :2], fill[1, :, 0].expand(3, 2))
    assert (cut != x).sum() == 2 * 3 * 2


OPERATIONS = {
    "shift": lambda x: shift(x, torch.tensor([True, False]), torch.tensor([[1, -2], [0, 3]])),
    "warp": lambda x: warp(
        x,
        torch.tensor([True, False]),
        torch.tensor([[1.0, 0], [0, -1]], dtype=x.dtype),
        torch.tensor([0.3, -0.6], dtype=x.dtype),
        torch.tensor([[0.8, 0.9], [1, 0.75]], dtype=x.dtype),
    ),
    "brighten": lambda x: brighten(x, torch.tensor([0.3, -0.2], dtype=x.dtype)),
    "saturate": lambda x: saturate(x, torch.tensor([1.6, 0.2], dtype=x.dtype)),
    "contrast": lambda x: contrast(x, torch.tensor([1.4, 0.5], dtype=x.dtype)),
    "cutout": lambda x: cutout(
        x, torch.tensor([[1, 2], [0, -1]]), (2, 2), x.mean((2, 3), keepdim=True)
    ),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_gradients_match_differences(name):
    x = pictures(2, 3, 4, 5, torch.float64).requires_grad_()
    changed = OPERATIONS[name](x)
    assert changed.shape == x.shape
    assert not torch.equal(changed, x)
    assert torch.autograd.gradcheck(OPERATIONS[name], x)


# ---------------------------------------------------------------- policies


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("probability", [0.0, torch.tensor(0.0)])
def test_probability_zero_is_the_identity(name, probability):
    x = pictures()
    assert torch.equal(POLICIES[name](x, seeded(), probability), x)


def test_policy_none_takes_tables_too():
    x = torch.rand(5, 3)
    assert POLICIES["none"](x, seeded()) is x


@pytest.mark.parametrize("name", ACTIVE)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_policies_are_decided_by_the_generator(name, channels):
    x, policy = pictures(32, channels), POLICIES[name]
    state = torch.get_rng_state()
    first = policy(x, seeded())
    assert first.shape == x.shape
    assert torch.equal(policy(x, seeded()), first)
    assert not torch.equal(policy(x, seeded(1)), first)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("field", STRENGTHS)
def test_each_strength_alone_changes_pictures_one_by_one(field):
    x = pictures(1).expand(16, -1, -1, -1)
    strength = True if field == "flip" else 0.4
    changed = Augmentation(**{field: strength})(x, seeded())
    assert len({tuple(picture.flatten().tolist()) for picture in changed}) > 1
    assert torch.isfinite(changed).all()


def test_half_of_the_pictures_stay_at_probability_one_half():
    x = pictures(2000, 1, 4, 4)
    changed = Augmentation(brightness=0.5)(x, seeded(), 0.5)
    same = (changed == x).flatten(1).all(1).double().mean().item()
    assert abs(same - 0.5) < 5 * math.sqrt(0.25 / 2000)
    as_tensor = Augmentation(brightness=0.5)(x, seeded(), torch.tensor(0.5))
    assert torch.equal(as_tensor, changed)


def test_flip_mirrors_half_of_the_pictures_and_does_nothing_else():
    x = pictures(1000, 1, 3, 4)
    changed = Augmentation(flip=True)(x, seeded())
    mirrored = (changed == x.flip(3)).flatten(1).all(1)
    same = (changed == x).flatten(1).all(1)
    assert bool((mirrored ^ same).all())
    assert abs(mirrored.double().mean().item() - 0.5) < 5 * math.sqrt(0.25 / 1000)


def test_translations_are_whole_pixels_within_the_limit():
    ramp = torch.arange(16.0).expand(500, 1, 16, 16)
    moved = Augmentation(translate=1 / 8)(ramp, seeded())
    offsets = (moved - ramp)[:, 0, 8, 8]
    assert set(offsets.tolist()) == {-2.0, -1.0, 0.0, 1.0, 2.0}
    down = Augmentation(translate=1 / 8)(ramp.transpose(2, 3), seeded()) - ramp.transpose(2, 3)
    assert not torch.equal(down[:, 0, 8, 8], offsets)


def test_rotation_and_zoom_stay_within_their_limits():
    ramp = (torch.arange(33.0) - 16).expand(500, 1, 33, 33)
    turned = Augmentation(rotate=10)(ramp, seeded())[:, 0]
    angle = torch.rad2deg(torch.asin((turned[:, 20, 16] - turned[:, 12, 16]) / 8))
    assert 9 < angle.abs().max() <= 10.001
    assert angle.min() < -9
    zoomed = Augmentation(zoom=0.25)(ramp, seeded())[:, 0]
    factor = (zoomed[:, 16, 20] - zoomed[:, 16, 12]) / 8
    assert 0.75 <= factor.min() < 0.76
    assert 0.99 < factor.max() <= 1
    upright = Augmentation(zoom=0.25)(ramp.transpose(2, 3), seeded())[:, 0]
    correlation = torch.corrcoef(torch.stack([factor, upright[:, 20, 16] - upright[:, 12, 16]]))
    assert correlation[0, 1].abs() < 5 / math.sqrt(500)  # height and width are independent


def test_reference_strengths_are_the_authors():
    x = torch.full((2000, 1, 8, 8), 0.5)
    added = Augmentation(brightness=POLICIES["reference"].brightness)(x, seeded()) - x
    assert -0.5 <= added.min() < -0.49
    assert 0.49 < added.max() <= 0.5
    x = pictures(1).expand(2000, -1, -1, -1)
    for strength, low, high, statistic in (
        ("contrast", 0.5, 1.5, lambda p: p.std((1, 2, 3))),
        ("saturation", 0.0, 2.0, lambda p: (p - p.mean(1, keepdim=True)).std((1, 2, 3))),
    ):
        policy = Augmentation(**{strength: getattr(POLICIES["reference"], strength)})
        factor = statistic(policy(x, seeded())) / statistic(x)
        assert low - 1e-4 <= factor.min() < low + 0.01
        assert high - 0.01 < factor.max() <= high + 1e-4


@pytest.mark.parametrize("side", [8, 9])
def test_cutout_hides_a_square_around_any_place_of_the_picture(side):
    x = torch.ones(3000, 1, side, side)
    hidden = 1 - Augmentation(cutout=0.5, cutout_fill="zero")(x, seeded())[:, 0]
    length = int(side * 0.5 + 0.5)
    assert hidden.sum((1, 2)).max() == length**2
    assert hidden.sum((1, 2)).min() > 0
    assert bool((hidden.mean(0) > 0).all())
    # A rectangle: the outer product of its rows and its columns.
    outer = hidden.amax(2)[:, :, None] * hidden.amax(1)[:, None]
    assert torch.equal(hidden, outer)
    mean = hidden.mean(0)
    torch.testing.assert_close(mean, mean.flip(0, 1), atol=0.06, rtol=0)


def test_what_is_hidden_is_filled_with_the_mean_of_the_picture_or_with_zero():
    x = pictures(50, 3)
    hidden = Augmentation(cutout=0.5, cutout_fill="zero")(x, seeded()) == 0
    filled = Augmentation(cutout=0.5)(x, seeded())
    means = x.mean((2, 3), keepdim=True).expand_as(x)
    assert torch.equal(filled, torch.where(hidden, means, x))
    assert POLICIES["reference"].cutout_fill == "zero"  # as in the authors' code


@pytest.mark.parametrize("policy", ["crop", "flip-crop"])
def test_the_default_policies_scale_with_the_contrast_of_the_pictures(policy):
    x = pictures(50, 3, dtype=torch.float64)
    faint = POLICIES[policy](0.1 * x + 0.4, seeded())
    torch.testing.assert_close(faint, 0.1 * POLICIES[policy](x, seeded()) + 0.4)


def test_gradient_reaches_the_pictures_through_a_whole_policy():
    x = pictures(3, 3, 5, 6, torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: POLICIES["reference"](x, seeded(), 0.7), x)


def test_result_is_float32_under_autocast_and_for_bfloat16():
    x, policy = pictures(), POLICIES["reference"]
    expected = policy(x, seeded())
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(policy(x, seeded()), expected)
    assert policy(x.bfloat16(), seeded()).dtype == torch.float32


def test_digits_stay_recognisable_to_their_neighbours():
    """Mildly augmented digits are mostly nearest to their own class; strongly augmented less."""
    images, y = load_digits(return_X_y=True)
    x = torch.tensor(images / 16, dtype=torch.float32).view(-1, 1, 8, 8)

    def accuracy(name):
        changed = POLICIES[name](x[:600], seeded()).flatten(1)
        nearest = torch.cdist(changed, x[600:].flatten(1)).argmin(1)
        return (y[600:][nearest] == y[:600]).mean()

    assert accuracy("digits") > 0.85 > accuracy("reference")


@pytest.mark.parametrize(
    "wrong",
    [
        {"zoom": 1.0},
        {"translate": -0.1},
        {"cutout": 1.5},
        {"rotate": math.nan},
        {"cutout_fill": "grey"},
    ],
)
def test_impossible_strengths_are_rejected(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        Augmentation(**wrong)


def test_wrong_shape_is_named():
    with pytest.raises(InputError, match=r"Augmentation: .*\(5, 3\)"):
        POLICIES["crop"](torch.rand(5, 3), seeded())


# ---------------------------------------------------------------- adaptive probability


def test_adaptive_probability_follows_the_sequence_computed_by_hand():
    adaptive = AdaptiveProbability()
    all_positive, half, zero = torch.ones(4), torch.tensor([1.0, -3, 2, -0.1]), torch.zeros(4)
    found = []
    for scores in (half, all_positive, all_positive, half, zero, all_positive):
        adaptive.update(scores)
        found.append(adaptive.probability.item())
    # 0.5 - 0.85 at 0 is clipped; then 2 · 0.15, - 0.35 (clipped), a score of 0 counts one half.
    assert found == pytest.approx([0, 1.5e-4, 3e-4, 0, 0, 1.5e-4], abs=1e-9)


def test_adaptive_probability_is_at_most_one_and_is_saved():
    adaptive = AdaptiveProbability()
    adaptive.load_state_dict({"probability": torch.tensor(0.9999)})
    adaptive.update(torch.ones(3))
    assert adaptive.state_dict()["probability"].item() == 1.0


def test_adaptive_probability_feeds_a_policy():
    adaptive, x = AdaptiveProbability(), pictures(200)
    assert torch.equal(POLICIES["crop"](x, seeded(), adaptive.probability), x)
    adaptive.probability.fill_(1.0)
    assert not torch.equal(POLICIES["crop"](x, seeded(), adaptive.probability), x)
