from __future__ import annotations

import dataclasses
import inspect
import re

import pytest
from sklearn.base import is_classifier

from osrae import InputError, methods
from osrae.methods import registry
from osrae.methods.base import Estimator
from osrae.methods.parameter_docs import described_parameters


@pytest.fixture
def scratch(monkeypatch):
    """A registry whose changes end with the test."""
    monkeypatch.setattr(registry, "_METHODS", dict(registry._METHODS))


def test_every_system_of_the_paper_is_there():
    names = {entry.name for entry in methods.available()}
    assert {
        "rae", "deepsmote", "gamo", "gamo2pix", "bagan", "dgc", "smote", "amdo", "mc-ccr", "mc-rbo",
    } <= names  # fmt: skip
    for kind in ("classifier", "sampler"):
        chosen = methods.available(kind=kind)
        assert chosen
        assert all(entry.kind == kind for entry in chosen)
    on_pictures = {entry.name for entry in methods.available(data="pictures")}
    assert names - on_pictures == {
        "gradient-boosting", "weighted-gradient-boosting", "corrected-gradient-boosting",
        "random-forest", "balanced-random-forest", "logistic-regression",
        "weighted-logistic-regression", "corrected-logistic-regression",
    }  # fmt: skip


@pytest.mark.parametrize("entry", methods.available(), ids=lambda entry: entry.name)
def test_an_entry_says_what_its_estimator_is(entry):
    estimator = entry.estimator()
    assert is_classifier(estimator) == (entry.kind == "classifier")
    assert hasattr(estimator, "fit_resample") == (entry.kind == "sampler")
    assert entry.defaults == estimator.get_params(deep=False) or entry.name in _MADE_AFRESH
    assert entry.title
    assert entry.paper
    assert entry.estimator(random_state=7).random_state == 7


#: Entries whose parameters hold estimators, which are not equal to one another.
_MADE_AFRESH = {entry.name for entry in methods.available(data="tables")} - {
    entry.name for entry in methods.available(data="pictures")
}


@pytest.mark.parametrize("cls", registry.estimators().values(), ids=lambda cls: cls.__name__)
def test_every_parameter_and_fitted_attribute_is_documented(cls):
    assert issubclass(cls, Estimator)
    doc = inspect.getdoc(cls)
    assert "{shared" not in doc
    documented = {
        name.strip()
        for names in re.findall(r"^(\w+(?:, \w+)*) : ", doc, re.MULTILINE)
        for name in names.split(",")
    }
    assert set(cls().get_params(deep=False)) <= documented
    assert {"classes_", "class_counts_", "seed_"} <= documented
    defaults = dict(re.findall(r"^(\w+) : .*default=(.+)$", doc, re.MULTILINE))
    for name, value in cls().get_params(deep=False).items():
        assert name not in defaults or str(value) in defaults[name].replace('"', ""), name


@pytest.mark.parametrize("entry", methods.available(kind="sampler"), ids=lambda entry: entry.name)
def test_samplers_say_whether_they_change_rows(entry):
    assert entry.factory.cleans == (entry.name == "mc-ccr")
    assert "cleans : bool" in entry.factory.__doc__


@pytest.mark.parametrize("cls", registry.estimators().values(), ids=lambda cls: cls.__name__)
def test_what_parameters_mean_can_be_read_from_the_docstring(cls):
    described = described_parameters(cls)
    assert set(cls().get_params(deep=False)) == set(described)
    for name, (kind, meaning) in described.items():
        assert kind, name
        assert "default=" not in kind
        assert meaning.endswith(".") or (name, meaning) == ("preset", ""), name


def test_the_first_sentence_of_a_parameter():
    class Documented:
        """Title.

        Parameters
        ----------
        a, b : {"x, y", "z"}, default="z"
            Of two lines, see
            Eq. 1. Second sentence.
        c : int

        Notes
        -----
        d : none
        """

    both = ('{"x, y", "z"}', "Of two lines, see Eq. 1.")
    assert described_parameters(Documented)["a"] == both
    assert described_parameters(Documented)["b"] == both
    assert described_parameters(Documented)["c"] == ("int", "")
    assert "d" not in described_parameters(Documented)


def test_parameters_of_an_entry_are_its_defaults():
    assert methods.get("focal").estimator().loss == "focal"
    assert methods.get("focal").estimator(loss="ldam").loss == "ldam"
    assert methods.get("focal").defaults["loss"] == "focal"
    assert methods.get("dgc").defaults["n_codes"] is None
    by_data = [methods.get("dgc").defaults_for(data) for data in ("pictures", "tables")]
    assert [values["n_codes"] for values in by_data] == [10, 10]
    assert [values["mmd_weight"] for values in by_data] == [0.01, 1.0]
    smote = methods.get("smote")
    assert smote.defaults_for("tables") == smote.defaults


def test_unknown_and_taken_names(scratch):
    with pytest.raises(InputError, match=r"no method 'smoke'; there are rae, gamo"):
        methods.get("smoke")
    entry = methods.get("smote")
    assert methods.register(entry) is entry  # twice the same is no mistake
    with pytest.raises(InputError, match="'smote' already"):
        methods.register(dataclasses.replace(entry, title="Another"))


def test_a_registered_method_is_one_like_all_others(scratch):
    class Mine(Estimator):
        pass

    entry = dataclasses.replace(methods.get("rae"), name="mine", home=Mine)
    methods.register(entry)
    assert methods.get("mine") is entry
    assert entry.factory is Mine
    assert methods.available()[-1] is entry
    assert registry.estimators()["Mine"] is Mine


def test_a_method_that_cannot_be_imported_takes_no_other_models_along(scratch):
    entry = dataclasses.replace(methods.get("rae"), name="mine", home="no_such_package:Mine")
    methods.register(entry)
    assert registry.estimator_named("RAEClassifier") is methods.get("rae").factory
    assert registry.estimator_named("gradient_boosting") is None  # makes models of another class
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        registry.estimator_named("Mine")


@pytest.mark.parametrize("asked", [{"kind": "samplers"}, {"data": "images"}])
def test_kinds_that_there_are_not(asked):
    with pytest.raises(InputError, match=r"expected '\w+' or '\w+'"):
        methods.available(**asked)


def test_a_class_of_the_name_of_another(scratch):
    """Models are files that name their class."""
    namesake = type("SMOTEFamily", (Estimator,), {})
    entry = dataclasses.replace(methods.get("smote"), name="mine", home=namesake)
    with pytest.raises(InputError, match=r"class SMOTEFamily already.*'smote'"):
        methods.register(entry)
    same = dataclasses.replace(entry, home=methods.get("smote").factory)
    assert methods.register(same) is same
