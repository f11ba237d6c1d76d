import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from osrae import DeepClassifier, GAMOClassifier, RAEClassifier, SMOTEFamily, TwoStageClassifier
from osrae.benchmark.cells import Cell
from osrae.benchmark.models import check_method, make_model, networks
from osrae.errors import InputError


def test_a_classifier_gets_preset_settings_and_seed():
    model = make_model(
        Cell(data="digits", method="rae", preset="paper", seed=3, settings={"mixing": [0.3, 0.7]})
    )
    assert isinstance(model, RAEClassifier)
    assert (model.preset, model.random_state, model.mixing) == ("paper", 3, (0.3, 0.7))


def test_every_method_keeps_its_last_weights_on_published_test_parts():
    for method in ("rae", "gamo", "plain"):
        assert make_model(Cell(data="digits", method=method)).validation_fraction == 0
    asked = make_model(Cell(data="digits", method="rae", settings={"validation_fraction": 0.2}))
    assert asked.validation_fraction == 0.2


def test_cross_validation_measures_what_a_user_gets():
    cell = Cell(data="keel/vehicle", method="gamo", fold=0, folds=5)
    assert make_model(cell).validation_fraction == GAMOClassifier().validation_fraction > 0


def test_a_sampler_gets_a_classifier_behind_it():
    model = make_model(
        Cell(data="digits", method="smote", settings={"n_neighbors": 3, "classifier.max_steps": 7})
    )
    assert isinstance(model, TwoStageClassifier)
    assert isinstance(model.sampler, SMOTEFamily)
    assert isinstance(model.classifier, DeepClassifier)
    assert model.classifier.preset == "two-stage"
    assert (model.sampler.n_neighbors, model.classifier.max_steps) == (3, 7)


def test_a_classifier_of_choice_goes_behind_a_sampler():
    model = make_model(Cell(data="optdigits", method="smote+weighted-gradient-boosting"))
    assert isinstance(model.classifier, HistGradientBoostingClassifier)
    assert model.classifier.class_weight == "balanced"


@pytest.mark.parametrize("name", ["random_state", "sampler", "callbacks", "checkpoint_dir"])
def test_what_a_cell_decides_itself_is_no_setting(name):
    with pytest.raises(InputError, match=f"no setting {name}"):
        make_model(Cell(data="digits", method="rae", settings={name: 1}))


def test_a_plus_needs_a_classifier_behind_it():
    with pytest.raises(InputError, match=r"smote\+: name a classifier"):
        make_model(Cell(data="digits", method="smote+"))


def test_the_network_that_a_two_stage_method_ends_in_can_be_shortened():
    model = make_model(Cell(data="digits", method="two-stage"))
    assert isinstance(networks(model)["classifier"], DeepClassifier)


def test_presets_for_another_kind_of_data_are_refused():
    cell = Cell(data="optdigits", method="plain", preset="strong")
    with pytest.raises(InputError, match="no preset 'strong' for tables; there are default, two-"):
        check_method(cell, "tables")
    check_method(cell, "pictures")
