"""scikit-learn's and imbalanced-learn's own checks, on every estimator."""

from __future__ import annotations

import pytest
from imblearn.utils.estimator_checks import parametrize_with_checks as imblearn_checks
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks as sklearn_checks

from osrae import (
    AMDO,
    BAGAN,
    GAMO2PIX,
    MCCCR,
    MCRBO,
    DeepClassifier,
    DeepSMOTE,
    DGCClassifier,
    GAMOClassifier,
    RAEClassifier,
    RAEOversampler,
    SMOTEFamily,
    TwoStageClassifier,
)
from osrae.methods import registry

#: Short training on the CPU; the seed because the suites compare two runs.
FAST = {"max_steps": 40, "batch_size": 32, "device": "cpu", "random_state": 0}


def estimators():
    return [
        RAEClassifier(**FAST, learning_rate=5e-3),
        RAEOversampler(**FAST),
        DeepClassifier(**FAST, learning_rate=5e-3),
        GAMOClassifier(**FAST | {"max_steps": 200}, learning_rate=5e-3),
        DGCClassifier(**FAST | {"max_steps": 60}, learning_rate=1e-3, n_codes=2),
        DeepSMOTE(**FAST),
        BAGAN(**FAST),
        GAMO2PIX(**FAST),
        AMDO(random_state=0),
        MCCCR(random_state=0),
        MCRBO(random_state=0),
        SMOTEFamily(random_state=0),
        TwoStageClassifier(sampler=SMOTEFamily(), classifier=LogisticRegression(), random_state=0),
    ]


def test_no_class_of_the_registry_is_left_out():
    assert set(registry.estimators().values()) <= {type(estimator) for estimator in estimators()}


pytestmark = pytest.mark.filterwarnings("ignore")


@sklearn_checks(estimators())
def test_scikit_learn(estimator, check):
    check(estimator)


@imblearn_checks(estimators())
def test_imbalanced_learn(estimator, check):
    check(estimator)
