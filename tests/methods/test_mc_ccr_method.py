from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from osrae.errors import InputError
from osrae.methods import mc_ccr_method
from osrae.methods.mc_ccr_method import resample
from osrae.methods.mc_ccr_spheres import CCRSettings, grow

from .mc_ccr_cases import NORMS, distances, plain_radius, plain_translations, three_classes


def plain_complete(rows, codes, settings):
    """Clean class by class against all others, drawing nothing: positions and radii."""
    where, radii = rows.copy(), np.full(len(rows), np.nan)
    sizes = np.bincount(codes)
    for code in sorted(range(len(sizes)), key=lambda c: -sizes[c])[1:]:
        own, other = codes == code, codes != code
        near = distances(where[own], where[other], settings.norm)
        radii[own] = [plain_radius(row, settings.energy) for row in near]
        where[other] += plain_translations(where[own], where[other], radii[own], settings.norm)
    return where, radii


def test_duplicates_give_finite_results_whatever_the_energy():
    rows = np.repeat(np.random.default_rng(0).normal(size=(4, 2)), 5, axis=0).astype(np.float32)
    codes = np.tile([0, 0, 0, 1, 2], 4)
    for energy, unit in itertools.product([0.0, 1e-9, 1.0, 1e4], ["absolute", "nn"]):
        settings = CCRSettings(energy, unit)
        result = resample(rows, codes, np.array([0, 8, 8]), settings, np.random.default_rng(0))
        assert np.isfinite(result.translations).all()
        assert np.isfinite(result.new_rows).all()


def missing(codes):
    counts = np.bincount(codes)
    return counts.max() - counts


@pytest.mark.parametrize("selection", ["proportional", "random"])
@pytest.mark.parametrize("decomposition", ["sampling", "complete"])
@pytest.mark.parametrize("unit", ["absolute", "nn"])
def test_all_classes_become_as_large_as_the_largest(selection, decomposition, unit):
    rows, codes = three_classes()
    settings = CCRSettings(1.0, unit, selection=selection, decomposition=decomposition)
    result = resample(rows, codes, missing(codes), settings, np.random.default_rng(0))
    np.testing.assert_array_equal(np.bincount(result.new_codes), missing(codes))
    assert (np.diff(result.new_codes) >= 0).all()
    assert result.kept.all()
    np.testing.assert_array_equal(codes[result.seeds], result.new_codes)
    np.testing.assert_array_equal(np.isnan(result.radii), codes == 1)


@pytest.mark.parametrize("norm", NORMS)
def test_new_rows_lie_in_the_spheres_of_their_seeds(norm):
    rows, codes = three_classes()
    settings = CCRSettings(2.0, norm=norm, cleaning="ignore")
    result = resample(rows, codes, 5 * missing(codes), settings, np.random.default_rng(0))
    lengths = [
        np.linalg.norm(new - rows[seed], ord=norm)
        for new, seed in zip(result.new_rows, result.seeds, strict=True)
    ]
    assert (lengths <= result.radii[result.seeds] * (1 + 1e-9)).all()
    for code in (0, 2):
        own = codes == code
        counts = np.bincount(result.seeds, minlength=len(rows))[own]
        order = np.argsort(result.radii[own])
        assert (np.diff(counts[order]) <= 0).all()


def test_ignore_moves_and_removes_nothing():
    rows, codes = three_classes()
    settings = CCRSettings(50.0, cleaning="ignore")
    result = resample(rows, codes, missing(codes), settings, np.random.default_rng(0))
    np.testing.assert_array_equal(result.translations, 0)
    assert result.kept.all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_without_energy_new_rows_are_duplicates(dtype):
    rows, codes = three_classes()
    rows = rows.astype(dtype)
    settings = CCRSettings(0.0)
    with np.errstate(all="raise"):
        result = resample(rows, codes, missing(codes), settings, np.random.default_rng(0))
    np.testing.assert_array_equal(result.radii[codes != 1], 0)
    np.testing.assert_array_equal(result.new_rows, rows[result.seeds])
    np.testing.assert_array_equal(result.translations, 0)
    assert result.new_rows.dtype == dtype
    counts = np.bincount(result.seeds, minlength=len(rows))[codes == 0]
    assert set(counts) <= {21 // 9, 21 // 9 + 1}


@pytest.mark.parametrize("names", list(itertools.permutations(range(3))))
def test_classes_have_their_turn_by_size_whatever_their_numbers(names):
    rows, codes = three_classes()
    codes = np.array(names)[codes]
    settings = CCRSettings(3.0, decomposition="complete")
    result = resample(rows, codes, np.zeros(3, dtype=int), settings, np.random.default_rng(0))
    where, radii = plain_complete(rows, codes, settings)
    np.testing.assert_allclose(result.radii, radii, rtol=1e-9)
    np.testing.assert_allclose(rows + result.translations, where, atol=1e-9)
    assert np.abs(result.translations).max() > 0.1


def test_of_equal_classes_the_last_has_its_turn_first_as_with_the_authors():
    rows = np.array([[0.0, 0], [0, 1], [0, 2], [1.0, 0], [1, 1], [1, 2]])
    codes = np.array([0, 0, 0, 1, 1, 1])
    settings = CCRSettings(3.0, decomposition="complete")
    result = resample(rows, codes, np.zeros(2, dtype=int), settings, np.random.default_rng(0))
    assert np.isnan(result.radii).tolist() == [False] * 3 + [True] * 3  # the first turn moves none


def watched(monkeypatch):
    turns = []

    def spy(centres, opponents, *rest):
        turns.append((centres, opponents))
        return grow(centres, opponents, *rest)

    monkeypatch.setattr(mc_ccr_method, "grow", spy)
    return turns


def test_each_class_meets_samples_of_the_larger_ones(monkeypatch):
    rows, codes = three_classes()  # by size: 1 (30), 2 (17), 0 (9)
    turns = watched(monkeypatch)
    settings = CCRSettings(3.0, cleaning="ignore")
    result = resample(rows, codes, missing(codes), settings, np.random.default_rng(0))
    (second, against_second), (third, against_third) = turns
    np.testing.assert_array_equal(second, rows[codes == 2])
    np.testing.assert_array_equal(third, rows[codes == 0])
    assert {*map(tuple, against_second)} == {*map(tuple, rows[codes == 1])}
    assert len(against_third) == 2 * (30 // 2)
    largest, middle = against_third[:15], against_third[15:]
    assert len({*map(tuple, largest)} & {*map(tuple, rows[codes == 1])}) == 15
    filled = np.concatenate([rows[codes == 2], result.new_rows[result.new_codes == 2]])
    assert len({*map(tuple, middle)} & {*map(tuple, filled)}) == 15


def test_moved_points_keep_their_places_for_the_next_turn(monkeypatch):
    rows, codes = three_classes()
    turns = watched(monkeypatch)
    result = resample(rows, codes, missing(codes), CCRSettings(3.0), np.random.default_rng(0))
    (centres, opponents), (_, later) = turns
    first = grow(centres, opponents, CCRSettings(3.0), np.random.default_rng(0))
    moved = {*map(tuple, opponents + first.translations)}
    assert len({*map(tuple, later)} & moved) == 15
    assert (first.translations != 0).any()
    # The smallest class is nobody's opponent.
    np.testing.assert_array_equal(result.translations[codes == 0], 0)


def test_fewer_rows_than_classes_leave_one_opponent_of_each(monkeypatch):
    rows, codes = (
        np.random.default_rng(0).normal(size=(11, 2)),
        np.repeat(range(5), [3, 2, 2, 2, 2]),
    )
    turns = watched(monkeypatch)
    resample(rows, codes, missing(codes), CCRSettings(), np.random.default_rng(0))
    assert [len(opponents) for _, opponents in turns] == [3, 2, 3, 4]


@pytest.mark.parametrize("decomposition", ["sampling", "complete"])
def test_removal_takes_what_is_inside(decomposition, monkeypatch):
    rows, codes = three_classes(sizes=(9, 60, 17))
    turns = watched(monkeypatch)
    settings = CCRSettings(1.0, cleaning="remove", decomposition=decomposition)
    result = resample(rows, codes, missing(codes), settings, np.random.default_rng(0))
    inside = set()
    for centres, opponents in turns:
        near = cdist(centres, opponents, "cityblock")
        reach = np.array([plain_radius(row, 1.0) for row in near])
        inside |= {*map(tuple, opponents[(near < reach[:, None]).any(axis=0)])}
    gone = {*map(tuple, rows)} & inside
    assert gone
    assert {*map(tuple, rows[~result.kept])} == gone
    assert not {*map(tuple, result.new_rows)} & inside
    np.testing.assert_array_equal(result.translations, 0)
    # The class that came last was filled up, whatever it had lost.
    assert (codes[result.kept] == 0).sum() + (result.new_codes == 0).sum() == 60


def test_removal_of_a_whole_class_is_refused():
    rows, codes = three_classes()
    settings = CCRSettings(1e6, cleaning="remove")
    with pytest.raises(InputError, match="takes away every row of a class of 30"):
        resample(rows, codes, missing(codes), settings, np.random.default_rng(0))


def test_the_largest_class_grows_spheres_only_on_demand_and_moves_nobody():
    rows, codes = three_classes()
    only = np.array([0, 12, 0])
    result = resample(rows, codes, only, CCRSettings(3.0), np.random.default_rng(0))
    own = codes == 1
    np.testing.assert_array_equal(np.bincount(result.new_codes, minlength=3), only)
    assert np.isfinite(result.radii[own]).all()
    near = distances(rows[own], rows[~own], 1)
    # 15 opponents of each other class, all 9 of the smallest: a subset, so spheres are no smaller.
    least = np.array([plain_radius(row, 3.0) for row in near])
    assert (result.radii[own] >= least - 1e-9).all()
    np.testing.assert_array_equal(result.translations[codes == 0], 0)


def test_single_precision_agrees_with_double():
    rows, codes = three_classes()
    settings = CCRSettings(2.0, decomposition="complete")
    double = resample(rows, codes, np.zeros(3, int), settings, np.random.default_rng(0))
    single = resample(
        rows.astype(np.float32), codes, np.zeros(3, int), settings, np.random.default_rng(0)
    )
    assert single.translations.dtype == np.float32
    np.testing.assert_allclose(single.radii, double.radii, rtol=1e-4)
    np.testing.assert_allclose(single.translations, double.translations, atol=1e-3)
