from __future__ import annotations

import copy
import dataclasses

import pytest
import torch
from scipy.stats import chisquare

import osrae.methods.gamo_method as gamo_module
from osrae.data.description import ImageDescription, TableDescription
from osrae.data.samples import Samples
from osrae.methods.gamo_method import GAMO, classification_loss, discrimination_loss, gaps, n_fakes
from osrae.methods.gamo_settings import PRESETS
from osrae.networks.layers import set_generator
from osrae.training.batches import Source, TrainingData
from osrae.training.optimisation import move

PICTURES = ImageDescription(8, 8, 1)
TABLE = TableDescription(3, (2, 4))
KINDS = {"pictures": PICTURES, "tables": TABLE}
COUNTS = (6, 16, 9)  # the largest class is in the middle
MNIST = torch.tensor([4000, 2000, 1000, 750, 500, 350, 200, 100, 60, 40])


def dataset(description, counts=COUNTS) -> TrainingData:
    generator = torch.Generator().manual_seed(1)
    y = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    y = y[torch.randperm(len(y), generator=generator)]
    x = torch.rand(len(y), *description.shape, generator=generator)
    if description == TABLE:
        for block in (x[:, 3:5], x[:, 5:]):
            block.copy_((block == block.amax(1, keepdim=True)).float())
    return TrainingData(Samples(x), y)


def make(kind, preset="default", counts=COUNTS, seed=0, **overrides) -> tuple[GAMO, Source]:
    settings = dataclasses.replace(PRESETS[preset][kind], **{"batch_size": 8, **overrides})
    torch.manual_seed(seed)
    method = GAMO(KINDS[kind], torch.tensor(counts), settings).train()
    data = dataset(KINDS[kind], counts)
    method.prepare(data)
    source = Source(data, len(counts), 100, 5, torch.device("cpu"))
    set_generator(method, source.generator)
    return method, source


def step(method: GAMO, source: Source, at: int) -> dict[str, torch.Tensor]:
    source.begin(at)
    return method.training_step(source)


def game_step(method: GAMO) -> int:
    """The first step of the game."""
    return 4 if method.settings.update_features == "frozen_head" else 0


def state(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def changed(before: dict, after: dict) -> set[str]:
    """Networks of which some weight or statistic is not what it was, and buffers."""
    return {
        name.split(".")[1] if name.startswith("networks.") else name
        for name, value in before.items()
        if not torch.equal(value, after[name])
    }


# ---------------------------------------------------------------- losses, by hand


def test_losses_are_least_squares_over_classes_and_rows():
    p = torch.tensor([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]])
    label = torch.tensor([[1.0, 0, 0], [0, 1.0, 0]])
    assert classification_loss(p, label).item() == pytest.approx((0.25 + 2 / 16) / 6)
    score, target = torch.tensor([0.5, 1.0]), torch.tensor([1.0, 0.9])
    assert discrimination_loss(score, target).item() == pytest.approx((0.25 + 0.01) / 2)
    assert discrimination_loss(score, 1.0).item() == pytest.approx(0.125)


def plain_mse(p: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean of squares, entry by entry."""
    rows = zip(p, target, strict=True)
    terms = [(a - b) ** 2 for row, wanted in rows for a, b in zip(row, wanted, strict=True)]
    return torch.stack(terms).sum() / len(terms)


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("precision", [torch.float64, torch.float32])
def test_joint_losses_and_gradients_agree_with_a_plain_float64_version(
    kind, precision, monkeypatch
):
    method, source = make(kind, update_features="joint")
    exact = copy.deepcopy(method).double().eval()
    method = method.to(precision).eval()  # the same statistics and no dropout
    source.begin(0)
    x, y = source.take(source.epoch_rows(8, 0))
    label = torch.eye(3)[y].double()
    draws = torch.Generator().manual_seed(3)
    m = method.points.shape[1]
    fakes = torch.rand(5, m, generator=draws, dtype=torch.float64)
    fake_label = torch.eye(3)[torch.tensor([0, 0, 2, 2, 2])].double()
    z = torch.randn(6, 100, generator=draws, dtype=torch.float64)
    hull = torch.rand(len(method.points), m, generator=draws, dtype=torch.float64)
    u = torch.rand(13, generator=draws, dtype=torch.float64)
    for each in (method, exact):
        each.points.copy_(hull)
    taken, uniforms = {}, [u[:8], u[8:]]
    monkeypatch.setattr(
        method, "_fakes", lambda *_: (fakes.to(precision), fake_label.to(precision))
    )
    monkeypatch.setattr(method, "_noise", lambda *_: z.to(precision))
    monkeypatch.setattr(
        gamo_module.torch, "rand", lambda *_, dtype, **__: uniforms.pop(0).to(dtype)
    )
    monkeypatch.setattr(gamo_module, "move", lambda _, losses: taken.update(losses))
    method._joint_step(x.to(precision), label.to(precision), source.generator)
    monkeypatch.undo()

    nets = exact.networks
    f = nets["features"](x.double()) if kind == "pictures" else x.double()
    p = [nets["classifier"](row[None]).exp()[0] for row in torch.cat([f, fakes])]
    p = torch.stack([row / row.sum() for row in p])
    classifier = plain_mse(p, torch.cat([label, fake_label]))
    scores = [
        1 / (1 + (-nets["discriminator"](row[None], of[None])).exp())
        for row, of in zip(
            torch.cat([f.detach(), fakes]), torch.cat([label, fake_label]), strict=True
        )
    ]
    real = sum((s - (1 - 0.1 * v)) ** 2 for s, v in zip(scores[:8], u[:8], strict=True)) / 8
    fake = sum((s - 0.1 * v) ** 2 for s, v in zip(scores[8:], u[8:], strict=True)) / 5
    made, opposite, of_class = [], [], {0: hull[:6], 2: hull[-9:]}
    for code, row in zip([0, 0, 0, 2, 2, 2], z, strict=True):
        own = torch.eye(3, dtype=torch.float64)[code]
        t = nets["generator"].shared(torch.cat([row, own])[None])
        a = nets["generator"].heads[str(code)](t)[0].exp()
        made.append((a / a.sum()) @ of_class[code])
        opposite.append(own)
    made, own = torch.stack(made), torch.stack(opposite)
    against = plain_mse(nets["classifier"](made).softmax(1), 1 - own)
    genuine = (nets["discriminator"](made, own).sigmoid() - 1).square().mean()
    expected = {
        "classifier": classifier,
        "discriminator": (real + fake)[0],
        "generator": against + genuine,
    }
    tolerance = 1e-9 if precision == torch.float64 else 2e-4
    assert set(taken) == set(expected)
    for name, value in expected.items():
        torch.testing.assert_close(taken[name].double(), value, rtol=tolerance, atol=tolerance)
        owners = ["features", name] if name == "classifier" and kind == "pictures" else [name]
        for owner in owners:
            ours, theirs = (
                torch.autograd.grad(loss, list(each.networks[owner].parameters()),
                                    retain_graph=True)
                for loss, each in ((taken[name], method), (value, exact))
            )  # fmt: skip
            ours, theirs = (
                torch.cat([g.flatten().double() for g in part]) for part in (ours, theirs)
            )
            assert (ours - theirs).norm() <= tolerance * theirs.norm(), (name, owner)


# ---------------------------------------------------------------- who is moved by what


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("preset", list(PRESETS))
def test_every_loss_moves_its_own_network_and_no_other(preset, kind, monkeypatch):
    method, source = make(kind, preset)
    alone = method.settings.update_features == "frozen_head"
    seen = set()
    for name in method.optimizers:
        method, source = make(kind, preset)
        before = state(method)
        monkeypatch.setattr(
            gamo_module,
            "move",
            lambda optimizers, losses, n=name: move(
                optimizers, {key: loss for key, loss in losses.items() if key == n}
            ),
        )
        step(method, source, 0 if name == "features" else game_step(method))
        monkeypatch.undo()
        weights = {key for key, _ in method.named_parameters()}
        moved = changed(
            {k: v for k, v in before.items() if k in weights},
            {k: v for k, v in state(method).items() if k in weights},
        )
        player = name.split("_")[0]
        together = {"features"} if kind == "pictures" and not alone else set()
        assert moved == {player} | (together if player == "classifier" else set()), name
        seen |= moved
    assert seen == set(method.networks)


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("preset", list(PRESETS))
def test_moves_of_the_generator_leave_everything_else_bit_identical(preset, kind):
    method, source = make(kind, preset, update="per_class")
    step(method, source, game_step(method))  # every optimizer has moments
    before, generator = state(method), torch.Generator().manual_seed(0)
    moments = {name: o.state_dict() for name, o in method.optimizers.items()}
    moments = {n: {k: v.clone() for k, v in part.items()} for n, part in moments.items()}
    method._move_head(0, generator)
    assert changed(before, state(method)) == {"generator"}
    head = {f"networks.generator.heads.2.{part}" for part in ("weight", "bias")}
    assert not any(
        name in head for name in before if not torch.equal(before[name], state(method)[name])
    )
    stirred = {
        name
        for name, optimizer in method.optimizers.items()
        if any(not torch.equal(v, moments[name][k]) for k, v in optimizer.state_dict().items())
    }
    assert stirred == {"generator_classifier_0", "generator_discriminator_0"}


@pytest.mark.parametrize("kind", list(KINDS))
def test_showing_fakes_and_moving_m_and_dis_leaves_the_generator_and_its_statistics(kind):
    method, source = make(kind, "original")
    method._remember(source.data, source.index)
    before, generator = state(method), torch.Generator().manual_seed(0)
    fakes, label = method._fakes(8, generator)
    assert not fakes.requires_grad
    method._moved({"classifier": classification_loss(method._classify(fakes), label)})
    assert changed(before, state(method)) == {"classifier"}
    method._moved({"discriminator": method._discriminator_loss(fakes, label, False, generator)})
    assert changed(before, state(method)) == {"classifier", "discriminator"}


def test_final_features_leave_the_statistics_of_f():
    method, source = make("pictures")
    before = state(method)
    method._remember(source.data, source.index)
    assert changed(before, state(method)) == {"points"}
    assert method.networks["features"].training


def test_updates_of_each_step():
    """Joint: one of each. The authors: 4 of M and Dis, and 2 for each minority class."""
    updates = {}
    for preset in PRESETS:
        method, source = make("tables", preset)
        step(method, source, 0)
        updates[preset] = {name: int(o.steps[0]) for name, o in method.optimizers.items()}
    assert updates["default"] == {"classifier": 1, "discriminator": 1, "generator": 1}
    heads = {f"generator_{p}_{c}": 1 for c in (0, 2) for p in ("classifier", "discriminator")}
    assert updates["original"] == {"classifier": 2, "discriminator": 2} | heads


def test_the_generator_learns_from_q_noises_of_each_class(monkeypatch):
    seen = []
    for preset, batch_size in (("default", 8), ("original", 8), ("default", 2)):
        method, source = make("tables", preset, batch_size=batch_size)
        made = method._made
        monkeypatch.setattr(
            method, "_made",
            lambda groups, z, m=method, f=made: (
                seen.append(groups) if m.networks["generator"].training else None, f(groups, z)
            )[1],
        )  # fmt: skip
        step(method, source, 0)
    # ceil(8 / 3) = 3 of every class at once; 3 of one class twice; 2 at the least.
    assert seen == [{0: 3, 2: 3}, {0: 3}, {0: 3}, {2: 3}, {2: 3}, {0: 2, 2: 2}]


# ---------------------------------------------------------------- how many fakes, and of what


def test_heads_exist_for_the_minority_alone():
    method, _ = make("tables", counts=(5, 9, 1, 9, 8))
    assert method.minority == (0, 2, 4)
    heads = method.networks["generator"].heads
    assert {code: head.out_features for code, head in heads.items()} == {"0": 5, "2": 1, "4": 8}


def test_classes_of_fakes_are_drawn_by_their_gaps():
    method, _ = make("tables", counts=(10, 40, 25, 39))
    _, label = method._fakes(200_000, torch.Generator().manual_seed(0))
    counts = label.sum(0)
    assert counts[1] == 0
    expected = torch.tensor([30.0, 15.0, 1.0]) / 46 * counts.sum()
    assert chisquare(counts[[0, 2, 3]].numpy(), expected.numpy()).pvalue > 0.01


def test_effective_class_sizes_are_those_of_the_article_or_balanced():
    """Section 3.6 of the specification: n_c + N g_c / Σ g with B fakes for a batch of B."""
    n, share = int(MNIST.sum()), gaps(MNIST) / gaps(MNIST).sum()
    batches = [32] * 281 + [8]
    sizes = {}
    for mode in ("batch", "balance"):
        fakes = sum(n_fakes(size, MNIST, mode) for size in batches)
        sizes[mode] = MNIST + fakes * share
    expected = [4000, 2581, 1871, 1694, 1516, 1410, 1303, 1232, 1204, 1190]
    assert sum(n_fakes(size, MNIST, "batch") for size in batches) == n
    torch.testing.assert_close(sizes["batch"], torch.tensor(expected).double(), rtol=0, atol=1.0)
    torch.testing.assert_close(
        sizes["balance"], torch.full((10,), 4000.0).double(), rtol=5e-3, atol=0
    )
    assert n_fakes(32, torch.tensor([100, 99]), "balance") == 1


def test_m_sees_all_classes_alike_when_fakes_balance(monkeypatch):
    method, source = make("tables", counts=(10, 40, 10), batch_size=30)
    targets = []
    monkeypatch.setattr(
        gamo_module,
        "classification_loss",
        lambda p, target: targets.append(target) or classification_loss(p, target),
    )
    for at in range(60):
        step(method, source, at)
    shown = torch.cat([target for target in targets if len(target) == 30 + 30])
    # 40 of 120 each, 1,200 expected; the fakes' classes are random: sd √(60 · 30 · ½ · ½) = 21.
    assert shown.sum(0).tolist() == pytest.approx([1200] * 3, abs=70)
    assert len(shown) == 60 * 60


# ---------------------------------------------------------------- course of a run


@pytest.mark.parametrize("preset", list(PRESETS))
def test_players_meet_each_other_as_they_were_moved_in_half_precision_too(preset, monkeypatch):
    method, source = make("pictures", preset, update_features="joint", learning_rate=0.05)
    method.precision = torch.bfloat16
    source.begin(0)
    probe = method._final_features(source.take(source.epoch_rows(8, 0))[0])
    seen, moved = [], method._moved

    def recorded(losses):
        before = method._classify(probe)
        result = moved(losses)
        if "classifier" in losses:
            seen.append((before, method._classify(probe)))
        return result

    monkeypatch.setattr(method, "_moved", recorded)
    before = {name: p.clone() for name, p in method.networks["features"].named_parameters()}
    method.training_step(source)
    assert len(seen) == (1 if preset == "default" else 2)
    assert all(not torch.equal(*pair) for pair in seen)
    after = dict(method.networks["features"].named_parameters())
    still = [name for name, value in before.items() if torch.equal(value, after[name])]
    # A bias in front of batch normalisation has no effect.
    assert [name for name in still if not name.endswith("bias")] == []


# ---------------------------------------------------------------- results


def test_generated_rows_lie_in_the_hull_in_the_order_of_the_codes():
    method, source = make("tables")
    for at in range(30):
        step(method, source, at)
    codes = torch.tensor([2, 0, 1, 2, 0, 0, 1])
    made = method.eval().generate(codes, torch.Generator().manual_seed(0))
    for code, row in zip(codes.tolist(), made, strict=True):
        own = method.points_of(code)
        assert (row >= own.amin(0) - 1e-6).all()
        assert (row <= own.amax(0) + 1e-6).all()
        # One-hot blocks become shares.
        torch.testing.assert_close(
            torch.stack([row[3:5].sum(), row[5:].sum()]), torch.ones(2), rtol=0, atol=1e-6
        )
        if code == 1:
            assert (own == row).all(1).any()
    again = method.generate(codes, torch.Generator().manual_seed(0))
    assert torch.equal(made, again)


def test_without_a_minority_m_learns_alone():
    for preset in PRESETS:
        method, source = make("tables", preset, counts=(7, 7))
        assert set(step(method, source, 0)) == {"classifier"}
        assert "generator" not in method.networks


def test_conclude_brings_the_hull_to_the_final_features():
    method, source = make("pictures")
    for at in range(3):
        step(method, source, at)
    method.eval()
    with torch.inference_mode():
        method.conclude(source.data)
        x = source.data.x.take(source.index.rows(2), source.device)
        torch.testing.assert_close(method.points_of(2), method.networks["features"](x))
        expected = method.networks["classifier"](method.networks["features"](x))
        torch.testing.assert_close(method.logits(x), expected)
