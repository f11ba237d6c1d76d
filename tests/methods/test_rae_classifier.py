from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
import torch
from imblearn.pipeline import make_pipeline
from sklearn import config_context
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import StandardScaler

from osrae import InputError, RAEClassifier
from osrae.methods import bank
from osrae.training import splitting

from .deep_cases import StopAt
from .rae_classifier_cases import FAST, IRIS, SPECIES, pictures


@pytest.fixture(scope="module")
def iris_model():
    return RAEClassifier(**{**FAST, "max_steps": 300}).fit(IRIS, SPECIES)


@pytest.fixture(scope="module")
def picture_model():
    X, y = pictures(300)
    return RAEClassifier(**{**FAST, "max_steps": 150}).fit(X, y)


def test_it_separates_iris_on_rows_it_has_not_seen():
    odd = np.arange(150) % 2 == 1
    model = RAEClassifier(**{**FAST, "max_steps": 300}).fit(IRIS[~odd], SPECIES[~odd])
    assert balanced_accuracy_score(SPECIES[odd], model.predict(IRIS[odd])) > 0.9


def test_it_recognises_digits_as_pictures_and_as_flat_rows_alike():
    X, y = pictures(500)
    model = RAEClassifier(**{**FAST, "max_steps": 100}).fit(X[:300], y[:300])
    assert balanced_accuracy_score(y[300:], model.predict(X[300:])) > 0.9
    flat = RAEClassifier(**{**FAST, "max_steps": 100}, image_shape=(8, 8))
    flat.fit(X[:300].reshape(300, 64), y[:300])
    np.testing.assert_array_equal(
        flat.predict_proba(X[300:].reshape(-1, 64)), model.predict_proba(X[300:])
    )


def test_pictures_of_little_contrast_are_learned():
    images, y = pictures(537)
    faint = (120 + images // 13).astype(np.uint8)  # 120 to 139 of 255
    model = RAEClassifier(**FAST).fit(faint[:400], y[:400])
    assert model.score(faint[400:], y[400:]) > 0.9


def test_colour_pictures_of_odd_size_and_torch_tensors():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    X = rng.random((40, 11, 9, 3), dtype=np.float32) * 0.4
    X[y == 1, :, :, 0] += 0.5
    model = RAEClassifier(**FAST, encoder="conv").fit(torch.from_numpy(X), torch.from_numpy(y))
    assert (model.predict(X) == y).mean() > 0.9
    assert model.sample(2, 1).shape == (2, 11, 9, 3)


@pytest.mark.parametrize("encoder", ["conv", "residual", "resnet18"])
def test_encoder_variants_train(encoder):
    X, y = pictures(60)
    model = RAEClassifier(**{**FAST, "max_steps": 3}, encoder=encoder).fit(X, y)
    assert model.transform(X[:5]).shape == (5, 64)


@pytest.mark.parametrize("preset", ["paper", "reference", "default"])
@pytest.mark.parametrize("kind", ["pictures", "table"])
def test_presets_train_on_both_kinds(preset, kind):
    X, y = pictures(60) if kind == "pictures" else (IRIS, SPECIES)
    model = RAEClassifier(**{**FAST, "max_steps": 6}, preset=preset).fit(X, y)
    assert np.isfinite(model.predict_proba(X)).all()
    names = set().union(*model.history_)
    assert names >= {"encoder", "classifier", "decoder", "critic"}
    assert ("mixer" in names) == (preset != "default")


# ---------------------------------------------------------------- probabilities

RARE = np.r_[0:50, 50:60, 100:150]


def test_stated_priors_move_probabilities_by_bayes_rule(iris_model):
    balanced = iris_model.predict_proba(IRIS)
    priors = np.array([0.7, 0.2, 0.1])
    expected = balanced * priors
    expected /= expected.sum(1, keepdims=True)
    stated = clone(iris_model).set_params(priors=priors)
    vars(stated).update({k: v for k, v in vars(iris_model).items() if k.endswith("_")})
    np.testing.assert_allclose(stated.predict_proba(IRIS), expected, atol=1e-9)


def test_instance_sampling_answers_to_the_training_frequencies():
    model = RAEClassifier(**FAST, class_sampling="instance", priors="train")
    model.fit(IRIS[RARE], SPECIES[RARE])
    logits = model.decision_function(IRIS)
    counts = model.class_counts_
    model.priors = "balanced"
    shift = model.decision_function(IRIS) - logits
    expected = np.log(1 / 3) - np.log(counts / counts.sum())
    np.testing.assert_allclose(shift, np.broadcast_to(expected, shift.shape), atol=1e-9)


@pytest.mark.parametrize("held", [0, 0.2])
def test_deferred_sampling_is_as_if_there_were_none_before_it_sets_in(held, tmp_path):
    settings = {**FAST, "validation_fraction": held, "max_steps": 50, "ensemble_size": 1}
    stop = {"callbacks": [StopAt(35)]}  # the last step before 0.7 of the run
    plain, deferred = (
        RAEClassifier(**settings, **stop, class_sampling=sampling).fit(IRIS[RARE], SPECIES[RARE])
        for sampling in ("instance", "deferred")
    )
    expected = plain.predict_proba(IRIS)
    np.testing.assert_array_equal(deferred.predict_proba(IRIS), expected)
    scores = [[row["validation_acsa"] for row in model.history_] for model in (plain, deferred)]
    assert scores[0] == scores[1]
    copied = pickle.loads(pickle.dumps(deferred))
    np.testing.assert_array_equal(copied.predict_proba(IRIS), expected)
    deferred.save(tmp_path / "model")
    again = RAEClassifier.load(tmp_path / "model", device="cpu")
    np.testing.assert_array_equal(again.predict_proba(IRIS), expected)


def test_a_run_past_the_deferral_has_learned_that_classes_are_alike(tmp_path):
    settings = {**FAST, "validation_fraction": 0, "ensemble_size": 1, "class_sampling": "deferred"}
    model = RAEClassifier(**settings).fit(IRIS[RARE], SPECIES[RARE])
    z = torch.randn(4, 8, dtype=model.method_.dtype)
    with torch.inference_mode():
        own = model.method_.final("classifier")(z)
        torch.testing.assert_close(model.method_.classify(z), own - math.log(1 / 3))


def test_priors_of_the_training_data_count_the_rows_held_back(monkeypatch):
    monkeypatch.setattr(splitting, "_MOST_PER_CLASS", 5)
    rare = np.r_[0:50, 50:90, 100:110]
    settings = {**FAST, "max_steps": 2, "validation_fraction": 0.5, "priors": "train"}
    settings |= {"class_sampling": "instance", "ensemble_size": 1}
    model = RAEClassifier(**settings).fit(IRIS[rare], SPECIES[rare])
    assert model.class_counts_.tolist() == [50, 40, 10]
    assert model.method_.class_counts.tolist() == [45, 35, 5]
    # Scores for the stated frequencies less those for equally common classes.
    logits = model.decision_function(IRIS)
    model.priors = "balanced"
    shift = logits - model.decision_function(IRIS)
    expected = np.log([50 / 100, 40 / 100, 10 / 100]) - np.log(1 / 3)
    np.testing.assert_allclose(shift, np.broadcast_to(expected, shift.shape), atol=1e-9)


def test_mistyped_priors_are_refused_at_prediction(iris_model):
    model = clone(iris_model)
    vars(model).update({k: v for k, v in vars(iris_model).items() if k.endswith("_")})
    model.priors = "uniform"
    with pytest.raises(InputError, match="balanced"):
        model.predict(IRIS)


def test_temperature_comes_from_the_rows_held_back():
    model = RAEClassifier(**FAST, validation_fraction=0.2, ensemble_size=1).fit(IRIS, SPECIES)
    held = model.validation_indices_
    assert len(held) == 30
    model.priors = "balanced"

    def objective(temperature):
        model.temperature_ = temperature
        likelihood = model.predict_proba(IRIS[held])[np.arange(30), SPECIES[held]]
        return np.log(temperature) ** 2 / (2 * 30) - np.log(likelihood).mean()

    fitted = model.temperature_
    assert objective(fitted) < min(objective(0.8 * fitted), objective(1.25 * fitted))


# ---------------------------------------------------------------- latent space and samples


def test_transform_then_linear_classifier_is_the_prediction(iris_model):
    z = torch.from_numpy(iris_model.transform(IRIS))
    with torch.inference_mode():
        predicted = iris_model.method_.classify(z).argmax(1).numpy()
    np.testing.assert_array_equal(predicted, iris_model.predict(IRIS))


@pytest.mark.parametrize("priors", ["balanced", "train", [0.2, 0.3, 0.5]])
def test_coef_and_intercept_are_what_predicts(priors):
    model = RAEClassifier(**{**FAST, "max_steps": 30}).fit(IRIS[:120], SPECIES[:120])
    model.set_params(priors=priors)
    scores = model.transform(IRIS) @ model.coef_.T + model.intercept_
    np.testing.assert_allclose(scores, model.decision_function(IRIS), atol=1e-5)


def test_there_is_no_linear_classifier_before_fitting():
    assert not hasattr(RAEClassifier(), "coef_")
    assert not hasattr(RAEClassifier(), "intercept_")


def test_latent_samples_are_the_mixtures_they_say_they_are(iris_model):
    Z, weights, parents = iris_model.sample_latent(6, 2, random_state=0)
    assert set(SPECIES[parents.ravel()]) == {2}
    assert (weights >= 0).all()
    mixed = np.einsum("nt,ntm->nm", weights, iris_model.transform(IRIS)[parents])
    np.testing.assert_allclose(Z, mixed, atol=1e-5)
    np.testing.assert_array_equal(Z, iris_model.sample_latent(6, 2, random_state=0)[0])
    with pytest.raises(InputError, match="no class"):
        iris_model.sample_latent(6, "rose")


def test_samples_are_recognised_as_their_class(picture_model):
    for label in range(3):
        made = picture_model.sample(20, label, random_state=0)
        assert made.shape == (20, 8, 8)
        assert made.dtype == np.uint8
        assert (picture_model.predict(made) == label).mean() > 0.8
        assert len(np.unique(made, axis=0)) > 10


def test_inverse_transform_comes_back_to_the_pictures(picture_model):
    X, y = pictures(50)
    back = picture_model.inverse_transform(picture_model.transform(X), y)
    assert back.shape == X.shape
    error = np.abs(back.astype(float) - X).mean()
    shuffled = np.abs(back[::-1].astype(float) - X).mean()
    assert error < 0.8 * shuffled


def test_inverse_transform_decodes_block_by_block(picture_model, monkeypatch):
    X, _ = pictures(20)
    Z = picture_model.transform(X)
    whole = picture_model.inverse_transform(Z)
    sizes, decode = [], picture_model.method_.decode

    def watched(z, y):
        sizes.append(len(z))
        return decode(z, y)

    monkeypatch.setattr(bank, "EVALUATION_ROWS", 7)
    monkeypatch.setattr(picture_model.method_, "decode", watched)
    back = picture_model.inverse_transform(Z)
    assert sizes == [7, 7, 6]
    assert np.abs(back.astype(int) - whole).max() <= 1
    assert picture_model.inverse_transform(Z[:0]).shape == (0, 8, 8)


def test_inverse_transform_refuses_what_are_no_latent_vectors_and_their_classes(iris_model):
    Z = iris_model.transform(IRIS[:4])
    with pytest.raises(InputError, match=r"latent vectors are \(n, 32\)"):
        iris_model.inverse_transform(Z[:, :5])
    for y in ([0, 1, 2], [0] * 5):
        with pytest.raises(InputError, match=f"y holds {len(y)} labels, and Z 4 latent vectors"):
            iris_model.inverse_transform(Z, y)
    with pytest.raises(InputError, match="no class"):
        iris_model.inverse_transform(Z, [0, 1, 2, 3])
    for value in (np.nan, np.inf, 1e300):
        wrong = Z.astype(float)
        wrong[2, 3] = value
        with pytest.raises(InputError, match="Z holds values that are missing, or infinite"):
            iris_model.inverse_transform(wrong)


def test_asking_for_samples_of_a_class_that_is_not_there(iris_model):
    with pytest.raises(InputError, match="no class"):
        iris_model.sample(1, "daisy")
    with pytest.raises(InputError, match="at least 1"):
        iris_model.sample(0, 1)


def test_the_plain_baseline_samples_too():
    model = RAEClassifier(**FAST, preset="paper", oversampling=False).fit(IRIS, SPECIES)
    assert model.sample(3, 1).shape == (3, 4)


def test_without_a_decoder_there_is_nothing_to_sample_with():
    model = RAEClassifier(**FAST, decoder=False).fit(IRIS, SPECIES)
    assert "decoder" not in model.method_.networks
    with pytest.raises(InputError, match="decoder=False"):
        model.sample(1, 0)
    with pytest.raises(InputError, match="decoder=False"):
        model.inverse_transform(model.transform(IRIS))


@pytest.mark.parametrize("preset", ["paper", "reference", "default"])
@pytest.mark.parametrize(
    "switch",
    [{"decoder": False}, {"linear_classifier": False}, {"oversampling": False},
     {"mixing": "uniform"}, {"decoder": False, "oversampling": False}],
)  # fmt: skip
def test_every_switch_of_table_4_works_under_every_preset(preset, switch):
    model = RAEClassifier(**FAST, preset=preset, **switch).fit(IRIS, SPECIES)
    assert model.n_steps_ == FAST["max_steps"]
    assert np.isfinite(model.predict_proba(IRIS)).all()


# ---------------------------------------------------------------- scikit-learn's machinery


def test_grid_search_and_pipelines():
    candidates = [{"mixture_size": [3]}, {"mixing": ["uniform"]}]
    search = GridSearchCV(RAEClassifier(**FAST), candidates, cv=2).fit(IRIS, SPECIES)
    assert search.best_score_ > 0.8
    pipeline = make_pipeline(StandardScaler(), RAEClassifier(**FAST))
    assert cross_val_score(pipeline, IRIS, SPECIES, cv=2).mean() > 0.8


def test_set_output_names_latent_columns(iris_model):
    model = clone(iris_model).set_params(max_steps=5).set_output(transform="pandas")
    latent = model.fit(IRIS, SPECIES).transform(IRIS)
    assert list(latent.columns) == [f"raeclassifier{i}" for i in range(4 * 8)]


def test_metadata_routing_works_around_it():
    with config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=True),
                                 RAEClassifier(**FAST))  # fmt: skip
        pipeline.fit(IRIS, SPECIES, sample_weight=np.ones(150))
        assert pipeline.predict(IRIS).shape == (150,)


def test_pickles_are_small_and_predict_alike(iris_model):
    blob = pickle.dumps(iris_model)
    np.testing.assert_array_equal(
        pickle.loads(blob).predict_proba(IRIS), iris_model.predict_proba(IRIS)
    )


def test_same_seed_same_model_other_seed_other_model():
    first, second, third = (
        RAEClassifier(**{**FAST, "random_state": seed}).fit(IRIS, SPECIES).predict_proba(IRIS)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert np.abs(first - third).max() > 1e-6


def test_warm_start_goes_on_from_the_weights():
    model = RAEClassifier(**{**FAST, "max_steps": 40}, warm_start=True, validation_fraction=0)
    first = model.fit(IRIS, SPECIES).history_[-1]["encoder"]
    second = model.fit(IRIS, SPECIES).history_[0]["encoder"]
    cold = clone(model).fit(IRIS, SPECIES).history_[0]["encoder"]
    assert second < 1.2 * first < cold
    assert model.set_params(max_steps=7).fit(IRIS, SPECIES).n_steps_ == 7
    with pytest.raises(InputError, match="warm_start"):
        model.set_params(latent_dim=3).fit(IRIS, SPECIES)
    with pytest.raises(InputError, match="warm_start"):
        model.fit(IRIS[:100], SPECIES[:100])
