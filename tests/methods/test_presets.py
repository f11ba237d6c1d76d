from __future__ import annotations

import dataclasses
import inspect

import numpy as np
import pytest

from osrae import InputError, RAEClassifier
from osrae.methods.deep_classifier import DeepClassifier
from osrae.methods.parameter_docs import described_parameters
from osrae.methods.plain_settings import PlainSettings
from osrae.methods.presets import PRESETS, RAESettings, preset_settings
from osrae.methods.settings import EncoderSettings, Settings

from .rae_cases import TABLE
from .rae_classifier_cases import FAST, IRIS, SPECIES


@pytest.mark.parametrize("settings", [RAESettings, PlainSettings, EncoderSettings, Settings])
def test_every_setting_is_documented_where_it_is_declared(settings):
    own, described = inspect.get_annotations(settings), set(described_parameters(settings))
    known = {field.name for base in settings.__mro__[1:-1] for field in dataclasses.fields(base)}
    assert own.keys() - known <= described <= own.keys()


@pytest.mark.parametrize(
    "mixing",
    [
        ["a", "b"],
        ["0.5", "0.5"],
        [[0.5], [0.5]],
        np.array([[0.5], [0.5]]),
        [None, 1.0],
        [float("nan"), 0.5],
        [1.5, -0.5],
        [1.0],
        [],
    ],
    ids=str,
)
def test_mixing_coefficients_that_are_none_are_refused(mixing):
    with pytest.raises(InputError, match="must be mixture_size=2 numbers"):
        preset_settings(PRESETS, "default", TABLE, {"mixing": mixing})


@pytest.mark.parametrize("estimator", [RAEClassifier, DeepClassifier])
def test_what_is_said_to_be_used_in_place_of_cutmix_on_tables_can_be_used(estimator):
    with pytest.raises(InputError, match=r"leave mixup out, or use DeepClassifier\(mixup='mixup'"):
        estimator(**FAST, mixup="cutmix").fit(IRIS, SPECIES)
    short = {**FAST, "max_steps": 2}
    estimator(**short).fit(IRIS, SPECIES)
    DeepClassifier(**short, mixup="mixup").fit(IRIS, SPECIES)
