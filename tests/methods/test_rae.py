from __future__ import annotations

import copy
import dataclasses

import pytest
import torch
from torch.nn import functional as F

import osrae.methods.rae as rae_module
from osrae.methods.presets import PRESETS, RAESettings, preset_settings
from osrae.methods.rae import RAE
from osrae.methods.rae_losses import gradient_penalty
from osrae.networks.layers import set_generator
from osrae.training.batches import Batch
from osrae.training.optimisation import move

from .deep_cases import data_of, moved, weights
from .rae_cases import KINDS, OWNERS, PICTURES, TABLE, VARIANTS, Drawn, draws, make, step

# ---------------------------------------------------------------- which loss moves which network


@pytest.mark.parametrize(("preset", "kind"), VARIANTS)
def test_every_loss_moves_its_own_network_and_no_other(preset, kind, monkeypatch):
    description = KINDS[kind]
    settings = preset_settings(PRESETS, preset, description, {"critic_steps": 1, "mixing": "mixer"})
    seen = set()
    for at in {phase: at for at, phase in enumerate(settings.schedule)}.values():
        names = step(make(description, settings), description, at)
        for name in names:
            method = make(description, settings)
            before = weights(method)
            monkeypatch.setattr(
                rae_module, "move", lambda opts, losses, n=name: move(opts, {n: losses[n]})
            )
            step(method, description, at)
            monkeypatch.undo()
            assert moved(before, weights(method)) == {OWNERS[name]}, (at, name)
            seen.add(name)
    assert seen >= {"encoder", "classifier", "mixer", "decoder", "critic"}


@pytest.mark.parametrize(
    ("switches", "still"),
    [
        ({"linear_classifier": False}, {"encoder", "classifier", "mixer", "decoder", "critic"}),
        ({"oversampling": False}, {"encoder", "classifier", "decoder", "critic"}),
        ({"decoder": False}, {"encoder", "classifier", "mixer"}),
        ({"mixing": "uniform"}, {"encoder", "classifier", "decoder", "critic"}),
        ({"decoder": False, "linear_classifier": False}, {"classifier", "mixer"}),
    ],
)
def test_the_switches_of_table_4_take_their_networks_away(switches, still):
    method = make(PICTURES, dataclasses.replace(RAESettings(), **switches))
    before = weights(method)
    losses = step(method, PICTURES)
    assert set(losses) == still
    assert moved(before, weights(method)) == still


def test_without_linear_classifier_the_labels_do_not_reach_the_encoder():
    settings = dataclasses.replace(RAESettings(), linear_classifier=False)
    method = make(PICTURES, settings)
    losses = step(method, PICTURES)
    assert losses["encoder"].item() < 0.01  # λ_mae · mean |x - D(E(x))|, and nothing else
    assert losses["classifier"].item() > 1


def test_critic_steps_move_the_critic_alone_and_use_further_batches():
    settings = dataclasses.replace(RAESettings(), critic_steps=3)
    method, drawn = make(PICTURES, settings), []
    draw, noise = draws(PICTURES)
    set_generator(method, noise)
    method.training_step(Drawn(lambda: drawn.append(1) or draw()))
    assert len(drawn) == 3
    optimizer_steps = {
        name: int(optimizer.steps[0])
        for name, optimizer in method.optimizers.items()
        if optimizer.steps[0]
    }
    assert optimizer_steps == {
        "encoder": 1, "classifier": 1, "mixer": 1, "decoder": 1, "critic": 3,
    }  # fmt: skip


# ---------------------------------------------------------------- against a plain float64 version


def plain_losses(method: RAE, batch: Batch, alpha: torch.Tensor) -> dict[str, torch.Tensor]:
    """Eq. 1 and 3 to 7 written out sample by sample, in evaluation mode (no dropout)."""
    nets, n = method.networks, batch.x.shape[1]
    rows = {"clf": [], "mae": [], "mixer": [], "score": []}
    for i in range(n):
        label = F.one_hot(batch.y[i : i + 1], 3).double()
        z = [nets["encoder"](batch.x[j, i : i + 1]) for j in range(2)]
        mixed = alpha[i, 0] * z[0] + alpha[i, 1] * z[1]
        logits = [nets["classifier"](vector)[0] for vector in (*z, mixed)]
        rows["clf"].append(-sum(lo.log_softmax(0)[batch.y[i]] for lo in logits))
        decoded = [nets["decoder"](vector, label) for vector in (*z, mixed)]
        rows["mae"] += [(decoded[j] - batch.x[j, i : i + 1]).abs().mean() for j in range(2)]
        rows["score"] += [nets["critic"](x, None).squeeze() for x in decoded]
        rows["mixer"].append(logits[2].log_softmax(0))
    mean = {name: torch.stack(values).mean(0) for name, values in rows.items() if name != "mixer"}
    return {
        "classifier": mean["clf"],
        "encoder": 5 * mean["clf"] + 0.01 * mean["mae"],
        "decoder": -mean["score"],
    }


@pytest.mark.parametrize("kind", list(KINDS))
def test_losses_and_gradients_agree_with_a_plain_float64_version(kind, monkeypatch):
    description = KINDS[kind]
    settings = dataclasses.replace(RAESettings(), mixing=(0.3, 0.7))
    method = make(description, settings).double().eval()
    draw, _ = draws(description)
    batch = draw()
    batch = dataclasses.replace(batch, x=batch.x.double())
    taken = {}
    monkeypatch.setattr(rae_module, "move", lambda optimizers, losses: taken.update(losses))
    method.training_step(Drawn(lambda: batch))
    expected = plain_losses(
        method, batch, torch.tensor([[0.3, 0.7]], dtype=torch.float64).expand(8, 2)
    )
    for name, value in expected.items():
        torch.testing.assert_close(taken[name], value, rtol=1e-9, atol=1e-11)
        own = list(method.networks[name].parameters())
        ours = torch.autograd.grad(taken[name], own, retain_graph=True)
        theirs = torch.autograd.grad(value, own, retain_graph=True)
        for mine, reference in zip(ours, theirs, strict=True):
            torch.testing.assert_close(mine, reference, rtol=1e-7, atol=1e-10)


#: Seeds of weights by which no unit lies so near to its kink that float32 sees it on the other
#: side, where it is not 0 (with which one of 65,536 is at 9e-9, and -7e-9 in float32).
KINK_FREE = {("default", "tables"): 1, ("strong", "tables"): 1}


def step_losses(kind: str, preset: str, precision: torch.dtype, monkeypatch) -> tuple[RAE, dict]:
    """Losses of one joint step; every random number is the same in every precision."""
    exact = precision == torch.float64
    # Further critic steps come after draws that take more of the generator in float64.
    overrides = {"schedule": ("joint",), "augmentation": "none", "critic_steps": 1}
    settings = preset_settings(PRESETS, preset, KINDS[kind], overrides)
    method = make(KINDS[kind], settings, seed=KINK_FREE.get((preset, kind), 0))
    method = method.double() if exact else method
    method.precision = torch.float32 if exact else precision
    generator = torch.Generator().manual_seed(5)
    noise = torch.randn(64, method.latent_dim, generator=generator, dtype=torch.float64)
    position = torch.rand(128, generator=generator, dtype=torch.float64)

    def coefficients(z, label, _):
        if "mixer" in method.networks:
            networks = method.networks
            return networks["mixer"](z.transpose(0, 1), label, noise[: len(label)].to(z)).to(z)
        first = position[: len(label)].to(z)
        return torch.stack([first, 1 - first], dim=1)

    def penalty(score, real, decoded, _):
        return gradient_penalty(score, real, decoded, position[: len(decoded)].to(decoded))

    draw, dropout = draws(KINDS[kind], n=32)
    batch = draw()
    batch = dataclasses.replace(batch, x=batch.x.double() if exact else batch.x)
    set_generator(method, dropout)
    taken = {}
    monkeypatch.setattr(method, "mixing_coefficients", coefficients)
    monkeypatch.setattr(rae_module, "gradient_penalty", penalty)
    monkeypatch.setattr(rae_module, "move", lambda optimizers, losses: taken.update(losses))
    method.training_step(Drawn(lambda: batch))
    return method, taken


class Maxima:
    """Takes the maxima of a pass in a later one from the same pixels.

    The gradient jumps where another pixel becomes the greatest, which rounding may decide; bounds
    on its error are for one choice of pixels.
    """

    def __init__(self):
        self.chosen, self.next = [], None

    def __call__(self, x, size):
        if self.next is None:
            pooled, places = F.max_pool2d_with_indices(x, size)
            self.chosen.append(places)
            return pooled
        places = next(self.next)
        return x.flatten(2).gather(2, places.flatten(2)).view(places.shape)

    def again(self):
        self.next = iter(self.chosen)


def gradient_of(method: RAE, losses: dict, name: str) -> torch.Tensor:
    own = list(method.networks[OWNERS[name]].parameters())
    parts = torch.autograd.grad(losses[name], own, retain_graph=True)
    return torch.cat([part.flatten().double() for part in parts])


@pytest.mark.parametrize(("preset", "kind"), VARIANTS)
@pytest.mark.parametrize(
    ("precision", "of_losses", "of_gradients", "of_critic"),
    [(torch.float32, 1e-5, 1e-5, 1e-5), (torch.bfloat16, 0.01, 0.25, 0.05)],
    ids=["float32", "bfloat16"],
)
def test_losses_and_gradients_of_every_network_are_close_to_float64(
    kind, preset, precision, of_losses, of_gradients, of_critic, monkeypatch
):
    """The double backward of the critic's gradient penalty, too; dropout and all."""
    maxima = Maxima()
    monkeypatch.setattr("osrae.networks.pooled.F.max_pool2d", maxima)
    plain, exact = step_losses(kind, preset, torch.float64, monkeypatch)
    maxima.again()
    method, losses = step_losses(kind, preset, precision, monkeypatch)
    assert set(losses) == set(exact) >= {"encoder", "classifier", "decoder", "critic"}
    for name, loss in losses.items():
        torch.testing.assert_close(loss.double(), exact[name], rtol=of_losses, atol=of_losses)
        wanted, found = gradient_of(plain, exact, name), gradient_of(method, losses, name)
        tolerance = of_critic if name == "critic" else of_gradients
        assert (found - wanted).norm() < tolerance * wanted.norm(), name


# ---------------------------------------------------------------- mixtures


@pytest.mark.parametrize("t", [2, 3, 4])
@pytest.mark.parametrize("mixing", ["mixer", "uniform", 2.0])
def test_mixing_coefficients_lie_on_the_simplex(t, mixing):
    settings = dataclasses.replace(RAESettings(), mixture_size=t, mixing=mixing)
    method = make(TABLE, settings)
    generator = torch.Generator().manual_seed(0)
    z, label = torch.randn(t, 50, 8), F.one_hot(torch.arange(50) % 3, 3).float()
    alpha = method.mixing_coefficients(z, label, generator)
    assert alpha.shape == (50, t)
    assert (alpha >= 0).all()
    torch.testing.assert_close(alpha.sum(1), torch.ones(50))
    assert len(alpha.detach().unique(dim=0)) > 40


def test_beta_coefficients_have_the_moments_of_their_distribution():
    settings = dataclasses.replace(RAESettings(), mixing=2.0)
    method = make(TABLE, settings)
    z, label = torch.zeros(2, 40_000, 8), torch.zeros(40_000, 3)
    alpha = method.mixing_coefficients(z, label, torch.Generator().manual_seed(0))[:, 0]
    assert alpha.mean().item() == pytest.approx(0.5, abs=0.005)
    assert alpha.var().item() == pytest.approx(1 / 20, abs=0.002)  # ab / ((a+b)²(a+b+1))


def test_rotations_mix_every_member_once_in_every_place():
    settings = dataclasses.replace(
        RAESettings(), mixture_size=3, mixing=(1.0, 0.0, 0.0), rotate=True
    )
    method = make(TABLE, settings)
    z = torch.randn(3, 5, 8)
    mixed = method._mixtures(z, torch.zeros(5, 3), torch.Generator())
    torch.testing.assert_close(mixed, z.flatten(0, 1))


def test_wrong_labels_are_never_the_right_ones_and_reach_every_other_class():
    method = make(TABLE, RAESettings())
    draw, _ = draws(TABLE, n=3000)
    batch = draw()
    wrong = method._wrong_labels(batch, 1)
    assert (wrong != batch.y).all()
    for label in range(3):
        share = torch.bincount(wrong[batch.y == label], minlength=3) / 1000
        assert share[label] == 0
        assert ((share > 0.45) | (share == 0)).all()


def test_logits_are_for_equally_common_classes():
    """Bayes' rule: what was learned at frequencies p loses log p."""
    counts = torch.tensor([60, 30, 10])
    z = torch.randn(5, 8)
    for sampling, expected in (("balanced", torch.ones(3) / 3), ("instance", counts / 100)):
        settings = dataclasses.replace(RAESettings(), class_sampling=sampling)
        method = RAE(TABLE, counts, settings)
        learned = method.networks["classifier"](z)
        torch.testing.assert_close(method.classify(z), learned - expected.log())


@pytest.mark.parametrize(
    ("augmentation", "asked", "same"),
    [("flip-crop", True, True), ("flip-crop", False, False), ("digits", True, False)],
)
def test_pictures_are_classified_with_their_mirror_images_where_training_mirrors_them(
    augmentation, asked, same
):
    changes = {"augmentation": augmentation, "classify_mirrored": asked, "encoder": "pooled"}
    method = make(PICTURES, dataclasses.replace(RAESettings(), **changes)).eval()
    x = torch.rand(4, *PICTURES.shape)
    with torch.no_grad():
        logits, mirrored = method.logits(x), method.logits(x.flip(3))
        both = (method.classify(method.encode(x)) + method.classify(method.encode(x.flip(3)))) / 2
    assert torch.allclose(logits, mirrored, atol=1e-5) is same
    assert torch.allclose(logits, both, atol=1e-5) is same


def test_class_probabilities_by_schedule():
    counts = torch.tensor([30, 10])
    expected = {"balanced": ([1, 1], [1, 1]), "instance": ([30, 10], [30, 10]),
                "deferred": ([30, 10], [1, 1])}  # fmt: skip
    for sampling, (early, late) in expected.items():
        method = make(TABLE, dataclasses.replace(RAESettings(), class_sampling=sampling))
        assert method.class_probabilities(counts, 0.1).tolist() == early
        assert method.class_probabilities(counts, 0.9).tolist() == late


# ---------------------------------------------------------------- statistics and averages


def test_decoded_samples_do_not_move_the_encoders_running_statistics():
    settings = dataclasses.replace(RAESettings(), decoder_class_weight=1.0, schedule=("classify",))
    method = make(PICTURES, settings)
    without = copy.deepcopy(method)
    without.settings = dataclasses.replace(settings, decoder_class_weight=0.0)
    without.prepare(data_of(PICTURES))
    step(method, PICTURES)
    step(without, PICTURES)
    ours, theirs = method.networks["encoder"], without.networks["encoder"]
    buffers = zip(ours.named_buffers(), theirs.buffers(), strict=True)
    for (name, buffer), reference in buffers:
        assert torch.equal(buffer, reference), name
        if name.endswith("running_mean"):
            assert buffer.abs().sum() > 0


def test_results_come_from_the_averages_where_they_are_kept():
    method = make(PICTURES, dataclasses.replace(RAESettings(), weight_averaging=0.99))
    assert method.final("encoder") is method.averaged["encoder"]
    plain = make(PICTURES, RAESettings())
    assert plain.final("encoder") is plain.networks["encoder"]
    before = weights(method)
    step(method, PICTURES)
    live, average = method.networks["encoder"], method.averaged["encoder"]
    pairs = list(zip(live.parameters(), average.parameters(), before["encoder"], strict=True))
    # First update: effective decay (1 + 0) / (10 + 0) = 0.1.
    for weight, averaged, old in pairs:
        torch.testing.assert_close(averaged, 0.1 * old + 0.9 * weight.detach())


@pytest.mark.parametrize("everywhere", [True, False])
@pytest.mark.parametrize(
    ("phase", "decodes"), [("joint", True), ("reconstruct", True), ("latent", False)]
)
def test_what_is_decoded_can_be_left_as_it_is(phase, decodes, everywhere):
    settings = dataclasses.replace(
        RAESettings(), schedule=(phase,), augmentation="crop", augment_decoded=everywhere
    )
    method = make(PICTURES, settings)
    shown = []

    def augment(x, generator, probability):
        shown.append(x)
        return x

    method.augment = augment
    step(method, PICTURES)
    # The encoder's pictures; where a critic is, what it is shown for them and for the decoder.
    everything = 3 if phase == "joint" else 1
    assert len(shown) == (everything if everywhere or not decodes else 0)


def test_adaptive_augmentation_follows_the_critic_in_the_reference_preset():
    settings = preset_settings(PRESETS, "reference", PICTURES, {"critic_steps": 1})
    method = make(PICTURES, settings)
    step(method, PICTURES, at=0)
    # One update from 0: towards 1 if the critic scored over 85 % of real pictures above zero.
    assert 0 <= float(method.adaptive.probability) <= 0.15 / 1000 + 1e-9
