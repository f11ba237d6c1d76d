"""scikit-learn's and imbalanced-learn's own checks, on both estimators."""

from __future__ import annotations

import pytest
from imblearn.utils.estimator_checks import parametrize_with_checks as imblearn_checks
from sklearn.utils.estimator_checks import parametrize_with_checks as sklearn_checks

from osrae import RAEClassifier, RAEOversampler

#: Short training on the CPU; the seed because the suites compare two runs.
FAST = {"max_steps": 40, "batch_size": 32, "device": "cpu", "random_state": 0}


def estimators():
    return [RAEClassifier(**FAST, learning_rate=5e-3), RAEOversampler(**FAST)]


pytestmark = pytest.mark.filterwarnings("ignore")


@sklearn_checks(estimators())
def test_scikit_learn(estimator, check):
    check(estimator)


@imblearn_checks(estimators())
def test_imbalanced_learn(estimator, check):
    check(estimator)
