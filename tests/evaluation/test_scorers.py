from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold, cross_val_score, cross_validate
from sklearn.preprocessing import label_binarize

from osrae.evaluation.scorers import SCORERS

X, y = load_iris(return_X_y=True)
ROWS = np.r_[0:50, 50:80, 100:112]
X, y = X[ROWS], y[ROWS]
FOLDS = StratifiedKFold(4, shuffle=True, random_state=0)


def test_all_scorers_in_one_cross_validation():
    result = cross_validate(LogisticRegression(max_iter=500), X, y, cv=FOLDS, scoring=SCORERS)
    for name in SCORERS:
        assert result[f"test_{name}"].shape == (4,)
        assert np.isfinite(result[f"test_{name}"]).all()


def test_acsa_is_balanced_accuracy():
    model = LogisticRegression(max_iter=500)
    ours = cross_val_score(model, X, y, cv=FOLDS, scoring=SCORERS["acsa"])
    theirs = cross_val_score(model, X, y, cv=FOLDS, scoring="balanced_accuracy")
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_mauprc_of_a_fold():
    train, test = next(FOLDS.split(X, y))
    model = LogisticRegression(max_iter=500).fit(X[train], y[train])
    expected = average_precision_score(
        label_binarize(y[test], classes=[0, 1, 2]), model.predict_proba(X[test]), average="macro"
    )
    assert SCORERS["mauprc_ova"](model, X[test], y[test]) == pytest.approx(expected)


def test_a_fold_without_the_rarest_class_is_scored():
    model = LogisticRegression(max_iter=500).fit(X, y)
    common = y < 2
    for name, scorer in SCORERS.items():
        assert np.isfinite(scorer(model, X[common], y[common])), name


def test_scorers_travel_to_other_processes():
    model = LogisticRegression(max_iter=500).fit(X, y)
    for scorer in SCORERS.values():
        assert pickle.loads(pickle.dumps(scorer))(model, X, y) == scorer(model, X, y)
