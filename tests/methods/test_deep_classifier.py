from __future__ import annotations

import copy
import dataclasses
import pickle

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.metrics import balanced_accuracy_score, recall_score
from torch.nn import functional as F

from osrae.data.description import ImageDescription, TableDescription
from osrae.data.samples import Samples
from osrae.errors import InputError
from osrae.methods.deep_classifier import PRESETS, DeepClassifier, PlainClassifier, PlainSettings
from osrae.methods.losses import (
    LOSSES,
    beta_share,
    effective_number_weights,
    inverse_frequency_weights,
    ldam_margins,
    mix,
    remix_share,
)
from osrae.methods.presets import PRESETS as RAE_PRESETS
from osrae.networks import build_encoder
from osrae.training.augmentation import POLICIES
from osrae.training.batches import Source, TrainingData

COUNTS = torch.tensor([20, 4, 60])
PICTURES, TABLE = ImageDescription(8, 8, 1), TableDescription(3, (2, 4))
FAST = {"device": "cpu", "random_state": 0, "precision": "float32"}
SMALL = PlainSettings(encoder="residual", latent_dim=6, batch_size=16)

IRIS, SPECIES = load_iris(return_X_y=True)
IMAGES, DIGITS = load_digits(return_X_y=True)
IMAGES = (IMAGES.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)


def make(settings=SMALL, description=PICTURES, **changes) -> PlainClassifier:
    torch.manual_seed(0)
    method = PlainClassifier(description, COUNTS, dataclasses.replace(settings, **changes))
    method.prepare(data(description))
    return method.train()


def data(description=PICTURES) -> TrainingData:
    y = torch.arange(3, dtype=torch.int32).repeat_interleave(COUNTS)  # as estimators give it
    y = y[torch.randperm(len(y), generator=torch.Generator().manual_seed(5))]
    x = torch.rand(len(y), *description.shape, generator=torch.Generator().manual_seed(6))
    return TrainingData(Samples(x), y)


def source_at(step: int, max_steps: int = 100, description=PICTURES) -> Source:
    source = Source(data(description), 3, max_steps, seed=1, device=torch.device("cpu"))
    source.begin(step)
    return source


def weights(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in module.named_parameters()}


# ---------------------------------------------------------------- one step


def forward(method: PlainClassifier, x: torch.Tensor) -> torch.Tensor:
    """The logits in training, in float64."""
    exact = copy.deepcopy(method).double().train()
    return exact.networks["classifier"](exact.networks["encoder"](x.double())).detach()


def expected_loss(name: str, logits: torch.Tensor, y: torch.Tensor, step: int) -> float:
    """The loss that belongs to step ``step`` of 100, from its definition, in float64."""
    rows, y, counts = torch.arange(len(y)), y.long(), COUNTS.double()
    class_weights = torch.ones(3, dtype=torch.float64)
    if name == "weighted":
        class_weights = inverse_frequency_weights(COUNTS)
    if name == "class_balanced" or (name == "ldam" and step >= 80):
        class_weights = effective_number_weights(COUNTS)
    if name == "ldam":
        logits[rows, y] -= 30 * ldam_margins(counts)[y]
    if name in ("logit_adjustment", "balanced_softmax"):
        logits = logits + (counts / counts.sum()).log()
    log_p = logits.log_softmax(1)[rows, y]
    losses = -log_p * ((1 - log_p.exp()) ** 2 if name == "focal" else 1)
    total = (class_weights[y] * losses).sum()
    return float(total / (class_weights[y].sum() if name == "ldam" else len(y)))


@pytest.mark.parametrize("step", [79, 80])
@pytest.mark.parametrize("name", LOSSES)
def test_the_loss_of_a_step_and_deferred_weights_from_80_percent_on(name, step):
    method, source = make(loss=name), source_at(step)
    x, y = source.take(source.epoch_rows(16, step * 16))
    expected = expected_loss(name, forward(method, x), y, step)
    losses = method.training_step(source)
    assert losses.keys() == {"classifier"}
    assert losses["classifier"].item() == pytest.approx(expected, rel=1e-4)


def test_deferred_weights_change_the_loss_of_these_batches():
    method, source = make(loss="ldam"), source_at(80)
    x, y = source.take(source.epoch_rows(16, 80 * 16))
    early = expected_loss("ldam", forward(method, x), y, 79)
    assert abs(early - method.training_step(source)["classifier"].item()) > 1e-2


@pytest.mark.parametrize("description", [PICTURES, TABLE])
@pytest.mark.parametrize("name", ["cross_entropy", "ldam"])
def test_a_step_moves_every_weight_of_encoder_and_head(name, description):
    encoder = "residual" if description is PICTURES else "mlp"
    method = make(loss=name, description=description, encoder=encoder, weight_decay=0.0)
    before = weights(method.networks)
    method.training_step(source_at(3, description=description))
    still = {n for n, now in weights(method.networks).items() if torch.equal(now, before[n])}
    # A batch normalisation subtracts the bias of the linear layer before it: no gradient.
    assert all(name.endswith("0.bias") for name in still), still


@pytest.mark.parametrize("decoupled", [True, False])
def test_the_step_is_torchs_adam_or_adamw(decoupled):
    method = make(
        weight_decay=0.1, decoupled_decay=decoupled, learning_rate=1e-3, weight_averaging=0.0
    )
    twin = copy.deepcopy(method.networks).train()
    adam = torch.optim.AdamW if decoupled else torch.optim.Adam
    # In the middle of the run half of a cosine from 1 to 0, after 5 % of warm-up.
    factor = 0.5 * (1 + np.cos(np.pi * (0.5 - 0.05) / 0.95))
    optimizer = adam(twin.parameters(), lr=1e-3 * factor, weight_decay=0.1)
    for step in (50, 50):
        source = source_at(step)
        x, y = source.take(source.epoch_rows(16, step * 16))
        optimizer.zero_grad()
        F.cross_entropy(twin["classifier"](twin["encoder"](x)), y.long()).backward()
        optimizer.step()
        method.training_step(source)
    for name, weight in weights(method.networks).items():
        torch.testing.assert_close(weight, twin.get_parameter(name), rtol=1e-3, atol=2e-5)


def test_the_two_stage_rate_falls_as_a_cosine_from_the_first_step_on():
    method = make(PRESETS["two-stage"]["pictures"], encoder="residual", batch_size=8)
    for step, factor in ((0, 1.0), (50, 0.5), (75, 0.5 * (1 + np.cos(0.75 * np.pi)))):
        method.training_step(source_at(step))
        assert method.optimizers["classifier"].rate_factor == pytest.approx(factor)


def test_results_come_from_the_averages():
    method = make(weight_averaging=0.9)
    start = weights(method.networks)
    method.training_step(source_at(3))
    # The decay grows from 0.1 as (1 + step) / (10 + step).
    for name, now in weights(method.networks).items():
        average = method.averaged.get_parameter(name)
        torch.testing.assert_close(average, 4 / 13 * start[name] + 9 / 13 * now)
    x = torch.rand(4, 1, 8, 8)
    method.eval()
    own = method.averaged["classifier"](method.averaged["encoder"](x))
    torch.testing.assert_close(method.logits(x), own - (COUNTS / COUNTS.sum()).log())
    assert "averaged" not in {name.split(".")[0] for name in make(weight_averaging=0).state_dict()}


def test_pictures_are_augmented_before_they_are_mixed():
    method = make(augmentation="digits", mixup="mixup")
    replay, seen = source_at(5), []
    x, _ = replay.take(replay.epoch_rows(16, 80))
    augmented = POLICIES["digits"](x, replay.generator)
    share = beta_share(1.0, replay.generator)
    partner = torch.randperm(16, generator=replay.generator)
    method.networks["encoder"].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    method.training_step(source_at(5))
    torch.testing.assert_close(seen, [share * augmented + (1 - share) * augmented[partner]])


@pytest.mark.parametrize(("channels", "policy"), [(1, "digits"), (3, "flip-crop")])
def test_automatic_augmentation_goes_by_the_kind_of_pictures(channels, policy):
    settings = DeepClassifier()._settings(ImageDescription(8, 8, channels), 100)
    assert settings.augmentation == policy
    assert DeepClassifier()._settings(TABLE, 100).augmentation == "none"


# ---------------------------------------------------------------- sampling


def drawn_rows(sampling: str, steps: range, max_steps: int = 1000) -> torch.Tensor:
    method = make(sampling=sampling)
    source = source_at(0, max_steps)
    rows = []
    for step in steps:
        source.begin(step)
        rows.append(method._rows(source))
    return torch.cat(rows)


def test_instance_sampling_takes_every_row_once_in_an_epoch():
    rows = drawn_rows("instance", range(63))  # 63 · 16 = 12 epochs of 84
    for epoch in rows.split(84):
        assert epoch.sort().values.tolist() == list(range(84))


@pytest.mark.parametrize(
    ("sampling", "first", "share"),
    [
        ("balanced", 0, [1 / 3, 1 / 3, 1 / 3]),
        ("square_root", 0, (COUNTS.double().sqrt() / COUNTS.double().sqrt().sum()).tolist()),
        ("deferred", 800, [1 / 3, 1 / 3, 1 / 3]),
    ],
)
def test_classes_are_drawn_with_their_probabilities_and_members_alike(sampling, first, share):
    rows = drawn_rows(sampling, range(first, first + 200))
    y = data().y
    observed = torch.bincount(y[rows].long(), minlength=3).numpy()
    assert chisquare(observed, np.array(share) * len(rows)).pvalue > 1e-3
    members = [int((rows == row).sum()) for row in (y == 0).nonzero().flatten()]
    assert chisquare(members).pvalue > 1e-3


def test_deferred_sampling_is_instance_sampling_before_80_percent():
    same = torch.equal(
        drawn_rows("deferred", range(780, 800)), drawn_rows("instance", range(780, 800))
    )
    assert same
    assert not torch.equal(
        drawn_rows("deferred", range(800, 801)), drawn_rows("instance", range(800, 801))
    )


# ---------------------------------------------------------------- mixtures


@pytest.mark.parametrize("mixup", ["mixup", "remix"])
@pytest.mark.parametrize("name", LOSSES)
def test_a_step_on_mixtures_shares_the_loss_between_two_labels(name, mixup):
    method = make(loss=name, mixup=mixup, mixup_alpha=0.7, sampling="balanced")
    replay = source_at(90)
    x, y = replay.take(method._rows(replay))
    y = y.long()
    share = beta_share(0.7, replay.generator)
    partner = torch.randperm(16, generator=replay.generator)
    logits = forward(method, mix(x, partner, share))
    own = share.expand(16)
    if mixup == "remix":
        own = remix_share(share, COUNTS[y], COUNTS[y[partner]])
        assert ((own == 0) | (own == 1)).any()
    per_label = [
        torch.tensor(
            [
                LOSSES[name].of_samples(logits[i : i + 1], label[i : i + 1], COUNTS).item()
                for i in range(16)
            ],
            dtype=torch.float64,
        )
        for label in (y, y[partner])
    ]
    w = LOSSES[name].weights_at(0.9, COUNTS)
    w_own, w_other = own * w[y], (1 - own) * w[y[partner]]
    expected = (w_own * per_label[0] + w_other * per_label[1]).sum()
    expected /= (w_own + w_other).sum() if name == "ldam" else 16
    value = method.training_step(source_at(90))["classifier"].item()
    assert value == pytest.approx(expected.item(), rel=1e-4)


def test_mixup_of_the_loss_is_the_loss_against_mixed_labels():
    method = make(mixup="mixup")
    replay = source_at(10)
    x, y = replay.take(replay.epoch_rows(16, 160))
    mixed, labels, shares = method._mixed(x, y.long(), replay.generator)
    soft = (F.one_hot(labels, 3) * shares[..., None]).sum(0)
    expected = F.cross_entropy(forward(method, mixed), soft.double())
    value = method.training_step(source_at(10))["classifier"].item()
    assert value == pytest.approx(expected.item(), rel=1e-4)


# ---------------------------------------------------------------- priors


@pytest.mark.parametrize(
    ("loss", "sampling", "expected"),
    [
        ("cross_entropy", "instance", COUNTS.double()),
        ("cross_entropy", "balanced", torch.ones(3)),
        ("cross_entropy", "deferred", torch.ones(3)),
        ("cross_entropy", "square_root", COUNTS.double().sqrt()),
        ("weighted", "instance", torch.ones(3)),
        ("logit_adjustment", "instance", torch.ones(3)),
        ("balanced_softmax", "instance", torch.ones(3)),
        ("class_balanced", "instance", COUNTS * effective_number_weights(COUNTS)),
        ("ldam", "instance", COUNTS * effective_number_weights(COUNTS)),
        ("logit_adjustment", "balanced", 1 / COUNTS.double()),
    ],
)
def test_priors_that_training_implied_are_taken_off_the_logits(loss, sampling, expected):
    method = make(loss=loss, sampling=sampling).eval()
    priors = (expected / expected.sum()).double()
    torch.testing.assert_close(method.learned_priors(), priors)
    x = torch.rand(4, 1, 8, 8)
    own = method.averaged["classifier"](method.averaged["encoder"](x))
    torch.testing.assert_close(method.logits(x), own - priors.log().float())


def own_logits(model: DeepClassifier, X: np.ndarray) -> np.ndarray:
    """What the trained network computes of rows of a table."""
    method, x = model.method_, torch.from_numpy(model.codec_.rows(X)[torch.arange(len(X))].numpy())
    with torch.inference_mode():
        z = method.averaged["encoder"](x.to(method.dtype))
        return method.averaged["classifier"](z).double().numpy()


RARE = np.concatenate([np.arange(50), np.arange(50, 60), np.arange(100, 150)])


@pytest.fixture(scope="module")
def iris_model():
    model = DeepClassifier(**FAST, max_steps=100, validation_fraction=0.2)
    return model.fit(IRIS[RARE], SPECIES[RARE])


def with_priors(model: DeepClassifier, priors) -> DeepClassifier:
    changed = copy.copy(model)
    return changed.set_params(priors=priors)


def test_learned_priors_keep_the_networks_own_decisions(iris_model):
    own = own_logits(iris_model, IRIS)
    assert iris_model.temperature_ != 1
    np.testing.assert_array_equal(iris_model.predict(IRIS), own.argmax(1))
    scores = iris_model.decision_function(IRIS) * iris_model.temperature_
    np.testing.assert_allclose(scores - scores[:, :1], own - own[:, :1], atol=1e-6)


def test_other_priors_follow_from_bayes_rule(iris_model):
    counts = iris_model.method_.class_counts.numpy()
    own, t = own_logits(iris_model, IRIS), iris_model.temperature_
    stated = np.array([0.7, 0.2, 0.1])
    for priors, frequencies in (
        ("balanced", np.ones(3) / 3),
        ("train", iris_model.class_counts_ / iris_model.class_counts_.sum()),
        (stated, stated),
    ):
        odds = frequencies * np.exp((own - np.log(counts / counts.sum())) / t)
        expected = odds / odds.sum(1, keepdims=True)
        proba = with_priors(iris_model, priors).predict_proba(IRIS)
        np.testing.assert_allclose(proba, expected, atol=1e-6)


def test_priors_of_the_data_are_those_that_plain_training_learns():
    model = DeepClassifier(**FAST, max_steps=20, validation_fraction=0).fit(
        IRIS[RARE], SPECIES[RARE]
    )
    train = with_priors(model, "train").predict_proba(IRIS)
    np.testing.assert_allclose(train, model.predict_proba(IRIS), atol=1e-9)


def test_two_classes_have_one_score():
    model = DeepClassifier(**FAST, max_steps=20).fit(IRIS[:100], SPECIES[:100])
    own = own_logits(model, IRIS)
    np.testing.assert_allclose(
        model.decision_function(IRIS) * model.temperature_, own[:, 1] - own[:, 0], atol=1e-6
    )


# ---------------------------------------------------------------- presets


@pytest.mark.parametrize("kind", ["pictures", "tables"])
def test_the_default_has_the_encoder_and_the_budget_of_the_method(kind):
    plain, rae = PRESETS["default"][kind], RAE_PRESETS["default"][kind]
    for name in (
        "encoder",
        "learning_rate",
        "weight_decay",
        "weight_averaging",
        "augmentation",
        "epochs",
        "least_steps",
        "max_steps",
    ):
        assert getattr(plain, name) == getattr(rae, name), name
    assert plain.batch_size == rae.batch_size * rae.mixture_size  # samples in a step
    for n in (100, 10_280, 60_000):
        assert plain.resolve_steps(n) == rae.resolve_steps(n)


def test_the_default_encoder_is_the_methods():
    description = ImageDescription(32, 32, 3)
    method = PlainClassifier(
        description,
        COUNTS,
        dataclasses.replace(PRESETS["default"]["pictures"], augmentation="none"),
    )
    same = build_encoder("residual", description, 256)
    shapes = {name: value.shape for name, value in same.state_dict().items()}
    encoder = method.networks["encoder"]
    assert {name: value.shape for name, value in encoder.state_dict().items()} == shapes
    assert method.networks["classifier"].weight.shape == (3, 256)


def n_parameters(method: PlainClassifier) -> int:
    return sum(weight.numel() for weight in method.networks.parameters())


def test_two_stage_networks_have_their_published_sizes():
    ten = torch.full((10,), 5)
    settings = PRESETS["two-stage"]
    pictures = PlainClassifier(ImageDescription(32, 32, 3), ten, settings["pictures"])
    # ResNet-18: stem 1,728 + 128, stages 147,968, 525,568, 2,099,712, 8,393,728, FC_10 5,130.
    assert n_parameters(pictures) == 11_173_962
    for d in (64, 617):
        table = PlainClassifier(TableDescription(d), ten, settings["tables"])
        trunk = (d * 512 + 512 + 2 * 512) + (512 * 256 + 256 + 2 * 256)
        assert n_parameters(table) == trunk + 256 * 10 + 10


def test_two_stage_is_the_specified_recipe():
    for settings in PRESETS["two-stage"].values():
        assert (settings.loss, settings.sampling, settings.mixup) == (
            "cross_entropy",
            "instance",
            None,
        )
        assert (settings.learning_rate, settings.weight_decay) == (1e-3, 5e-4)
        assert not settings.decoupled_decay
        assert (settings.warmup, settings.weight_averaging) == (0, 0)
        assert settings.augmentation == "none"
        assert settings.resolve_steps(1280) == 50 * 10


# ---------------------------------------------------------------- on data


def imbalanced_digits():
    """Digits 0 (rare), 1 and 2; the rest to test on."""
    places = [np.flatnonzero(digit == DIGITS) for digit in range(3)]
    train = np.concatenate([places[0][:6], places[1][:100], places[2][:100]])
    test = np.concatenate([place[100:] for place in places])
    return IMAGES[train], DIGITS[train], IMAGES[test], DIGITS[test]


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_learns_digits(loss):
    X, y, X_test, y_test = imbalanced_digits()
    model = DeepClassifier(
        **FAST, loss=loss, encoder="residual", batch_size=32, max_steps=40, validation_fraction=0
    )
    model.fit(X, y)
    assert balanced_accuracy_score(y_test, model.predict(X_test)) > 0.6
    assert model.score(X_test, y_test) > 0.6


@pytest.mark.parametrize("mixup", ["mixup", "remix"])
@pytest.mark.parametrize("sampling", ["instance", "deferred"])
def test_mixtures_learn_digits(mixup, sampling):
    X, y, X_test, y_test = imbalanced_digits()
    model = DeepClassifier(
        **FAST, mixup=mixup, sampling=sampling, batch_size=32, max_steps=40, validation_fraction=0
    )
    assert balanced_accuracy_score(y_test, model.fit(X, y).predict(X_test)) > 0.6


@pytest.mark.parametrize("loss", ["cross_entropy", "ldam"])
def test_half_precision_learns_digits(loss):
    X, y, X_test, y_test = imbalanced_digits()
    model = DeepClassifier(
        **{**FAST, "precision": "bfloat16"}, loss=loss, batch_size=32, max_steps=40
    )
    model.fit(X, y)
    assert all(weight.dtype == torch.float32 for weight in model.method_.parameters())
    assert balanced_accuracy_score(y_test, model.predict(X_test)) > 0.6


def overlapping(n: tuple[int, int], seed: int):
    """Two Gaussians whose means are two standard deviations apart."""
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], n)
    X = rng.normal(size=(len(y), 4))
    X[:, 0] += 2 * y
    return X, y


@pytest.fixture(scope="module")
def plain_recall():
    return {steps: minority_recall(max_steps=steps) for steps in (60, 600)}


def minority_recall(**parameters) -> float:
    model = DeepClassifier(**FAST, batch_size=64, validation_fraction=0, **parameters)
    model.fit(*overlapping((30, 600), seed=0))  # class 0 is the rare one
    X, y = overlapping((500, 500), seed=1)
    return recall_score(y, model.predict(X), pos_label=0)


@pytest.mark.parametrize(
    "parameters",
    [
        {"loss": "weighted"},
        {"loss": "class_balanced"},
        {"loss": "logit_adjustment"},
        {"loss": "balanced_softmax"},
        {"sampling": "balanced"},
        {"sampling": "square_root"},
        {"priors": "balanced"},
    ],
    ids=str,
)
def test_every_correction_finds_more_of_the_rare_class(parameters, plain_recall):
    assert minority_recall(**parameters, max_steps=60) > plain_recall[60] + 0.05


@pytest.mark.parametrize("parameters", [{"loss": "ldam"}, {"sampling": "deferred"}], ids=str)
def test_deferred_corrections_do_so_in_longer_runs(parameters, plain_recall):
    # Their last fifth comes at low learning rates and begins with other statistics of the batches.
    assert minority_recall(**parameters, max_steps=600) > plain_recall[600] + 0.05


def test_latent_vectors_are_what_the_head_sees(iris_model):
    Z = iris_model.transform(IRIS)
    assert Z.shape == (150, 8)
    head = iris_model.method_.averaged["classifier"]
    logits = Z.astype(np.float64) @ head.weight.detach().double().numpy().T
    logits += head.bias.detach().double().numpy()
    np.testing.assert_allclose(logits, own_logits(iris_model, IRIS), atol=1e-4)
    assert len(iris_model.get_feature_names_out()) == 8


@pytest.mark.parametrize(("encoder", "latent"), [("conv", 5), ("residual", 5), ("resnet18", 5)])
def test_encoders_train_on_colour_pictures_of_odd_size(encoder, latent):
    X = np.random.default_rng(0).random((12, 11, 9, 3), dtype=np.float32)
    y = np.arange(12) % 2
    model = DeepClassifier(**FAST, encoder=encoder, latent_dim=latent, max_steps=2, batch_size=4)
    assert model.fit(X, y).transform(X).shape == (12, latent)


def test_two_stage_trains_on_both_kinds():
    model = DeepClassifier(**FAST, preset="two-stage", max_steps=2, batch_size=8)
    assert model.fit(IMAGES[:24], DIGITS[:24] % 2).transform(IMAGES[:3]).shape == (3, 512)
    assert model.fit(IRIS, SPECIES).transform(IRIS[:3]).shape == (3, 256)


def test_the_seed_decides_everything():
    parameters = {**FAST, "loss": "ldam", "mixup": "remix", "sampling": "deferred", "max_steps": 12}
    first, second = (DeepClassifier(**parameters).fit(IRIS, SPECIES) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(IRIS), second.predict_proba(IRIS))
    other = DeepClassifier(**{**parameters, "random_state": 1}).fit(IRIS, SPECIES)
    assert not np.array_equal(first.predict_proba(IRIS), other.predict_proba(IRIS))


def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path):
    from osrae.training.callbacks import Callback

    class Stop(Callback):
        def on_step(self, state):
            state.stop = state.stop or state.step == 7

    parameters = {**FAST, "mixup": "mixup", "sampling": "deferred", "loss": "ldam", "max_steps": 20}
    whole = DeepClassifier(**parameters).fit(IRIS, SPECIES)
    there = {"checkpoint_dir": tmp_path / "run", "resume": True}
    stopped = DeepClassifier(**parameters, **there, callbacks=[Stop()]).fit(IRIS, SPECIES)
    assert stopped.n_steps_ == 7
    resumed = DeepClassifier(**parameters, **there).fit(IRIS, SPECIES)
    assert resumed.n_steps_ == 20
    for name, value in whole.method_.state_dict().items():
        assert torch.equal(value, resumed.method_.state_dict()[name]), name


def test_models_survive_clone_and_pickle(iris_model):
    assert clone(iris_model).get_params() == iris_model.get_params()
    copied = pickle.loads(pickle.dumps(iris_model))
    np.testing.assert_allclose(copied.predict_proba(IRIS), iris_model.predict_proba(IRIS))


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "parameters",
    [
        {"loss": "hinge"},
        {"sampling": "uniform"},
        {"mixup": "cutmix"},
        {"mixup_alpha": 0.0},
        {"preset": "paper"},
        {"priors": "learnt"},
        {"latent_dim": 0},
    ],
    ids=str,
)
def test_unknown_values_are_refused_before_training(parameters):
    (name,) = parameters
    with pytest.raises(ValueError, match=name):
        DeepClassifier(**FAST, **parameters).fit(IRIS, SPECIES)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"augmentation": "digits"}, "for pictures"),
        ({"augmentation": "crops"}, "flip-crop"),
        ({"encoder": "residual"}, "mlp"),
        ({"priors": [0.5, 0.2, 0.2]}, "sum to 1"),
    ],
    ids=str,
)
def test_what_does_not_fit_the_data_is_refused(parameters, message):
    with pytest.raises(InputError, match=message):
        DeepClassifier(**FAST, **parameters).fit(IRIS, SPECIES)
