import re
import warnings
from dataclasses import replace
from time import monotonic

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold

import osrae
from osrae.benchmark import comparing
from osrae.benchmark.advice import advise
from osrae.benchmark.candidates import ALWAYS, candidates
from osrae.benchmark.comparison import MethodResult
from osrae.errors import DataWarning, InputError

PLAIN = set(ALWAYS["tables"])


@pytest.fixture(scope="module")
def wine() -> tuple[pd.DataFrame, pd.Series]:
    """A data frame with text labels: 59, 40 and 12 rows."""
    data = load_wine(as_frame=True)
    rows = np.r_[0:59, 59:99, 130:142]
    names = np.array(["first", "second", "rare"])
    return data.data.iloc[rows], pd.Series(names[data.target.iloc[rows]])


@pytest.fixture(scope="module")
def found(wine):
    return osrae.compare(
        *wine, methods=["smote+logistic-regression", "rae"], budget=3.0, random_state=1
    )


def test_plain_models_and_what_was_chosen_are_measured_on_the_same_folds(found, wine):
    names = {result.candidate.name for result in found.results}
    assert names == PLAIN | {"smote+logistic-regression", "rae"}
    tested = [[fold.test.tolist() for fold in result.folds] for result in found.measured]
    assert all(rows == tested[0] for rows in tested)
    assert len(tested[0]) == found.n_folds * found.n_repeats
    first = np.concatenate(tested[0][: found.n_folds])
    assert sorted(first) == list(range(len(wine[1])))


def test_scores_are_those_of_the_model_trained_by_hand(found, wine):
    X, y = wine
    codes = np.unique(y, return_inverse=True)[1]
    splits = StratifiedKFold(5, shuffle=True, random_state=1).split(codes, codes)
    scores = []
    for train, test in splits:
        mean, sd = X.iloc[train].mean(), X.iloc[train].std(ddof=0)
        model = LogisticRegression(max_iter=1000).fit((X.iloc[train] - mean) / sd, y.iloc[train])
        predicted = model.predict((X.iloc[test] - mean) / sd)
        scores.append(balanced_accuracy_score(y.iloc[test], predicted))
    ours = found.result("logistic-regression").acsa[:5]
    assert ours == pytest.approx(np.array(scores), abs=0.03)


def test_a_budget_that_is_too_short_leaves_methods_out_and_says_so(wine):
    found = osrae.compare(*wine, methods=["rae", "deepsmote"], budget=0.01)
    assert {r.candidate.name for r in found.measured} == PLAIN
    assert {r.candidate.name for r in found.left_out} == {"rae", "deepsmote"}
    assert all(re.fullmatch(r"needs about \d+ (s|min)", r.left_out) for r in found.left_out)
    assert found.n_repeats == 1


def test_training_is_shortened_to_the_time_there_is(wine, monkeypatch):
    # However busy the machine is, every method is given four seconds.
    monkeypatch.setattr(comparing, "LEAST_SHARE", 0.001)
    monkeypatch.setattr(comparing, "_SHORT", np.inf)
    monkeypatch.setattr(comparing, "_SHORT_SHARE", np.inf)
    monkeypatch.setattr(comparing, "_in_turn", lambda runs, *_: ((r, 4.0, 4.0) for r in runs))
    found = osrae.compare(*wine, methods=["rae"], budget=0.01)
    result = found.result("rae")
    assert 0.001 <= result.shortened < 1


def test_names_of_methods_are_text(wine):
    with pytest.raises(InputError, match="5 is no name of a method"):
        osrae.compare(*wine, methods=[5])


def test_what_comes_next_gets_a_quarter_at_the_cost_of_those_after_it(wine, monkeypatch):
    monkeypatch.setattr(comparing, "_SHORT", np.inf)
    monkeypatch.setattr(comparing, "_SHORT_SHARE", np.inf)
    monkeypatch.setattr(comparing, "_MOST_REPEATS", 1)
    monkeypatch.setattr(comparing, "_in_turn", lambda runs, *_: ((r, 0.01, 600) for r in runs))
    found = osrae.compare(*wine, methods=["plain"], budget=0.01)
    assert found.result("plain").shortened == pytest.approx(0.25)


def test_what_comes_first_may_have_all_that_its_group_has_left():
    runs = [comparing._Run(MethodResult(c), None, 0.0, None) for c in candidates("tables")]
    given = {r.result.candidate.name: own for r, *own in comparing._in_turn(runs, monotonic(), 600)}
    assert given["logistic-regression"] == pytest.approx([200 / 6, 200], rel=0.01)
    assert given["rae"] == pytest.approx([400 / 5, 400], rel=0.01)
    share, most = given["focal"]
    assert share == most < 300


def test_what_others_leave_of_their_time_goes_to_what_was_left_out(wine, monkeypatch):
    monkeypatch.setattr(comparing, "_in_turn", lambda runs, *_: ((r, 0.01, 0.01) for r in runs))
    monkeypatch.setattr(comparing, "_MOST_REPEATS", 1)
    said = []
    found = osrae.compare(*wine, methods=["plain"], budget=600, report=said.append)
    assert found.result("plain").shortened == 1
    assert said.count("Plain network, cross-entropy") == 2
    assert not found.enough


@pytest.mark.parametrize(("fold", "repeats", "budget"), [(1, 1, 0.01), (6, 2, 600)])
def test_a_method_that_fails_is_named_and_the_rest_is_compared(
    wine, monkeypatch, fold, repeats, budget
):
    real = comparing._Run._run

    def broken(self, train, test, number):
        if self.result.candidate.name == "gradient-boosting" and number == fold:
            raise RuntimeError("out of luck\n  again.")
        return real(self, train, test, number)

    monkeypatch.setattr(comparing._Run, "_run", broken)
    monkeypatch.setattr(comparing, "_MOST_REPEATS", repeats)
    found = osrae.compare(*wine, methods=[], budget=budget)
    (lost,) = found.left_out
    assert lost.candidate.name == "gradient-boosting"
    assert lost.left_out == "failed: RuntimeError: out of luck again"
    assert found.n_repeats == repeats
    assert {len(result.folds) for result in found.measured} == {5 * repeats}
    assert len(found.measured) == len(PLAIN) - 1


def test_if_all_fail_it_says_why(wine, monkeypatch):
    def broken(self, train, test, number):
        raise RuntimeError("out of luck")

    monkeypatch.setattr(comparing._Run, "_run", broken)
    said = r"6 failed\. Logistic regression failed: RuntimeError: out of luck\."
    with pytest.raises(InputError, match=said):
        osrae.compare(*wine, methods=[], budget=60)


def test_sparse_rows_are_compared(wine):
    X, y = wine
    found = osrae.compare(sparse.csr_matrix(X.to_numpy()), y, methods=[], budget=0.01)
    assert len(found.measured) >= 3


def test_ctrl_c_shows_what_had_run(wine, monkeypatch):
    real = comparing._Run._run

    def interrupted(self, train, test, number):
        if self.result.candidate.name == "gradient-boosting" and number == 2:
            raise KeyboardInterrupt
        return real(self, train, test, number)

    monkeypatch.setattr(comparing._Run, "_run", interrupted)
    found = osrae.compare(*wine, methods=["rae"], budget=60)
    assert found.interrupted
    assert {r.candidate.name for r in found.measured} == {
        name for name in PLAIN if name.endswith("logistic-regression")
    }
    assert {r.left_out for r in found.left_out} == {"stopped before it was measured"}


def test_ctrl_c_before_any_result_stops(wine, monkeypatch):
    def interrupted(self, train, test, number):
        raise KeyboardInterrupt

    monkeypatch.setattr(comparing._Run, "_run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        osrae.compare(*wine, methods=[], budget=60)


def test_pictures_are_compared_too():
    X, y = load_digits(n_class=3, return_X_y=True)
    X = (X.reshape(-1, 8, 8) * 15).astype(np.uint8)
    rows = np.concatenate(
        [np.flatnonzero(y == label)[:n] for label, n in ((0, 40), (1, 25), (2, 10))]
    )
    found = osrae.compare(X[rows], y[rows], methods=["random"], budget=6.0)
    assert set(ALWAYS["pictures"]) <= {r.candidate.name for r in found.measured}
    assert 0 < found.result("plain").shortened < 1
    assert found.result("weighted-gradient-boosting").acsa.mean() > 0.7


def test_small_classes_decide_how_many_folds_there_are(wine):
    X, y = wine
    rows = np.r_[0:99, 99:102]
    found = osrae.compare(X.iloc[rows], y.iloc[rows], methods=[], budget=0.01)
    assert found.n_folds == 3


def test_a_class_of_one_row_is_trained_on_and_never_tested(wine):
    X, y = wine
    rows = np.r_[0:99, 99]
    with pytest.warns(DataWarning, match="never tested: rare"):
        found = osrae.compare(X.iloc[rows], y.iloc[rows], methods=[], budget=0.01)
    tested = np.concatenate([f.test for f in found.measured[0].folds[:5]])
    assert sorted(tested) == list(range(99))
    assert np.isnan(found.result("logistic-regression").recalls).sum() == 1


def test_many_classes_of_one_row_are_counted():
    y = np.array(["a", "a", "b", "b", *(f"c{number:02d}" for number in range(30))])
    classes, codes = np.unique(y, return_inverse=True)
    with pytest.warns(DataWarning, match=r"never tested: c00, .*, c09 and 20 more\."):
        assert comparing._fold_number(classes, codes) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"budget": 0}, "budget=0"),
        ({"rope": -0.1}, "rope=-0.1"),
        ({"methods": ["smoote"]}, "no method 'smoote'"),
        ({"methods": "rae"}, "expected a list of names"),
        ({"random_state": -1}, "random_state=-1"),
        ({"random_state": "0"}, "a RandomState or None"),
        ({"methods": ["rae-samplr+plain"]}, "no method 'rae-samplr'"),
    ],
)
def test_what_cannot_be_compared_is_refused_at_once(wine, change, said):
    with pytest.raises(InputError, match=said):
        osrae.compare(*wine, **change)


def test_data_that_cannot_be_compared_on(wine):
    X, y = wine
    with pytest.raises(InputError, match="110 labels"):
        osrae.compare(X, y[:-1])
    broken = X.copy()
    broken.iloc[70, 2] = np.inf
    with pytest.raises(InputError, match="infinity in row 70"):
        osrae.compare(broken, y)
    with pytest.raises(InputError, match="X has 1 dimensions"):
        osrae.compare(np.zeros(len(y)), y)
    with pytest.raises(InputError, match="Only 1 of 2 classes have two rows"):
        osrae.compare(X.iloc[:60], y.iloc[:60])


def test_all_methods_for_a_kind_of_data_are_candidates():
    tables = [c.name for c in candidates("tables")]
    assert tables[: len(PLAIN)] == list(ALWAYS["tables"])
    assert {"rae", "gamo", "dgc", "deepsmote", "bagan", "amdo", "mc-ccr", "mc-rbo"} <= set(tables)
    assert len(tables) == len(set(tables))
    pictures = {c.name for c in candidates("pictures")}
    assert "balanced-random-forest" not in pictures
    assert {"rae", "remix", "gamo2pix"} <= pictures


def test_a_method_for_tables_is_no_candidate_for_pictures():
    with pytest.raises(InputError, match="balanced-random-forest is for tables"):
        candidates("pictures", ["balanced-random-forest"])


def test_methods_that_hardly_trained_are_not_advised(found):
    best = found.measured[0]
    hardly = replace(best, shortened=0.01)
    rest = tuple(r for r in found.results if r is not best)
    assert replace(found, results=(best, *rest)).comparable[0] is best
    told = replace(found, results=(hardly, *rest))
    assert hardly in told.measured
    assert hardly not in told.comparable
    text = advise(told).text
    assert advise(told).method != best.candidate.name
    assert "1 was hardly trained and does not count" in text


def test_a_cut_is_told_of_few_rows_too(found):
    rarest = replace(found, counts=np.array([59, 71, 9]))
    cut = tuple(replace(r, shortened=0.3) for r in found.results)
    text = advise(replace(rarest, results=cut)).text
    assert "its training was cut to 30 %" in text
    assert "collect more of them first" in text


def test_a_warning_of_several_methods_is_told_once(wine, monkeypatch):
    X, y = wine
    fit = LogisticRegression.fit

    def complaining(self, *arguments, **named):
        warnings.warn("of a library", RuntimeWarning, stacklevel=2)
        return fit(self, *arguments, **named)

    monkeypatch.setattr(LogisticRegression, "fit", complaining)
    monkeypatch.setattr(comparing, "_MOST_REPEATS", 1)
    with pytest.warns(RuntimeWarning) as told:
        osrae.compare(X, y, methods=["random-forest"], budget=20.0)
    (text,) = [str(one.message) for one in told if "of a library" in str(one.message)]
    assert text.startswith("Logistic regression; Logistic regression, class weights; ")


@pytest.mark.parametrize(
    ("seconds", "said"), [(89, "89 s"), (90, "2 min"), (5340, "89 min"), (35_220, "9.8 h")]
)
def test_times_are_told_in_a_unit_of_their_size(seconds, said):
    assert comparing._told(seconds) == said


@pytest.mark.parametrize(
    "wrong", [{"budget": "10m"}, {"budget": 0}, {"budget": True}, {"rope": 1.0}]
)
def test_numbers_that_are_none(wine, wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        osrae.compare(*wine, **wrong)


def test_methods_without_networks_come_before_those_with_them():
    ranked = [c for c in candidates("tables") if c.rank == 2]
    networks = [c.trains_networks for c in ranked]
    assert networks == sorted(networks)
    assert "random-forest" in [c.name for c in ranked[: networks.index(True)]]
    assert "deepsmote" in [c.name for c in ranked[networks.index(True) :]]


def test_seeds_of_every_kind():
    assert comparing._seed(np.int64(3)) == 3
    first, second = (comparing._seed(np.random.RandomState(7)) for _ in range(2))
    assert first == second
    assert comparing._seed(None) != comparing._seed(None)


def test_labels_of_mixed_types_are_compared(wine):
    X, y = wine
    labels = np.array([1 if label == y.iloc[0] else str(label) for label in y], dtype=object)
    found = osrae.compare(X, labels, methods=["smote+gradient-boosting"], budget=20.0)
    assert not found.left_out
