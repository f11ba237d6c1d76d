from __future__ import annotations

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.spatial.distance import cdist
from scipy.stats import ks_2samp, kstest

from osrae.errors import DataWarning, InputError
from osrae.methods import mc_ccr_method, mc_ccr_spheres, registry
from osrae.methods.mc_ccr import MCCCR
from osrae.methods.mc_ccr_method import resample
from osrae.methods.mc_ccr_spheres import CCRSettings, allocate, draw_inside, grow, sphere_radii
from osrae.methods.registry import MethodEntry

NORMS = [1.0, 2.0, 3.0, np.inf]


def distances(a, b, norm):
    return np.array([[np.linalg.norm(x - z, ord=norm) for z in b] for x in a])


def points(seed, m, n, d=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, d)), rng.normal(size=(n, d))


# ---------------------------------------------------------------- plain versions, by loops


def plain_radius(row, energy, original=False):
    """Expand from opponent to opponent, and pay each stretch by the opponents already inside."""
    radius, left, inside = 0.0, energy, 0
    for d in sorted(row):
        price = (d - radius) * (inside + 1)
        if price >= left:
            return radius + left / (inside + 1)
        radius, left, inside = d, left - price, inside + 1
    return radius + left / (inside if original and inside else inside + 1)


def plain_translations(centres, opponents, radii, norm):
    moves = np.zeros_like(opponents)
    for x, r in zip(centres, radii, strict=True):
        for j, z in enumerate(opponents):
            d = np.linalg.norm(z - x, ord=norm)
            if d < r:
                moves[j] += (r - d) / d * (z - x)
    return moves


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


# ---------------------------------------------------------------- radii


@pytest.mark.parametrize("energy", [1e-3, 0.25, 1.0, 7.0, 300.0])
@pytest.mark.parametrize("n", [1, 2, 40])
def test_spheres_spend_all_their_energy(n, energy):
    near = np.random.default_rng(0).exponential(size=(30, n))
    radii = sphere_radii(near, energy)
    spent = radii + np.maximum(0, radii[:, None] - near).sum(axis=1)
    np.testing.assert_allclose(spent, energy, rtol=1e-9)


@given(
    st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0, 3.0]) | st.floats(0, 10), min_size=1, max_size=9),
    st.floats(0, 100),
    st.booleans(),
)
def test_radii_equal_a_loop(row, energy, original):
    found = sphere_radii(np.array([row]), energy, original)
    np.testing.assert_allclose(found, plain_radius(row, energy, original), rtol=1e-9, atol=1e-12)


def test_radii_equal_the_closed_form():
    near = np.sort(np.random.default_rng(1).exponential(size=(50, 20)), axis=1)
    bounds = (2.0 + np.c_[np.zeros(50), near.cumsum(axis=1)]) / np.arange(1, 22)
    first = (bounds <= np.c_[near, np.full(50, np.inf)]).argmax(axis=1)
    shuffled = np.random.default_rng(2).permuted(near, axis=1)
    np.testing.assert_allclose(sphere_radii(shuffled, 2.0), bounds[np.arange(50), first])


def test_the_last_energy_in_the_authors_code_is_cheaper():
    near = np.array([[1.0, 2.0]])
    # 3 of 10 are spent when the second is reached; 7 are left, at a price of 3, or theirs of 2.
    np.testing.assert_allclose(sphere_radii(near, 10.0), 2 + 7 / 3)
    np.testing.assert_allclose(sphere_radii(near, 10.0, original=True), 2 + 7 / 2)
    # Nothing changes as long as one is outside, or there is none.
    np.testing.assert_allclose(sphere_radii(near, 2.5, original=True), 1.75)
    np.testing.assert_allclose(sphere_radii(np.empty((1, 0)), 2.5, original=True), 2.5)


# ---------------------------------------------------------------- cleaning


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("energy", [0.8, 3.0, 200.0])
def test_one_centre_pushes_opponents_to_its_surface(norm, energy):
    centre, opponents = points(0, 1, 40)
    settings = CCRSettings(energy=energy, norm=norm)
    spheres = grow(centre, opponents, settings, np.random.default_rng(0))
    before = distances(centre, opponents, norm)[0]
    after = distances(centre, opponents + spheres.translations, norm)[0]
    inside = before < spheres.radii[0]
    assert inside.any()
    np.testing.assert_array_equal(spheres.inside, inside)
    np.testing.assert_allclose(after[inside], spheres.radii[0], rtol=1e-9)
    np.testing.assert_array_equal(spheres.translations[~inside], 0)
    rays = np.sum(spheres.translations[inside] * (opponents - centre)[inside], axis=1)
    assert (rays > 0).all()


@pytest.mark.parametrize("norm", NORMS)
def test_disjoint_spheres_are_left_free_of_opponents(norm):
    around, rng = np.array([[0.0, 0, 0], [50, 0, 0], [0, 50, 0]]), np.random.default_rng(0)
    opponents = np.concatenate([x + rng.normal(size=(15, 3)) for x in around])
    spheres = grow(around, opponents, CCRSettings(energy=4.0, norm=norm), rng)
    before = distances(around, opponents, norm)
    after = distances(around, opponents + spheres.translations, norm)
    assert (before < spheres.radii[:, None]).sum() > 5
    assert (after >= spheres.radii[:, None] - 1e-9).all()
    inside = (before < spheres.radii[:, None]).any(axis=0)
    surface = np.abs(after - spheres.radii[:, None]).min(axis=0)
    np.testing.assert_allclose(surface[inside], 0, atol=1e-9)
    np.testing.assert_array_equal(spheres.translations[~inside], 0)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("energy", [0.5, 2.0, 1e4])
@pytest.mark.parametrize("original", [False, True])
def test_shifts_out_of_overlapping_spheres_add_up(norm, energy, original):
    centres, opponents = points(3, 20, 30, d=4)
    settings = CCRSettings(energy=energy, norm=norm, original=original)
    spheres = grow(centres, opponents, settings, np.random.default_rng(0))
    near = distances(centres, opponents, norm)
    radii = [plain_radius(row, energy, original) for row in near]
    moves = plain_translations(centres, opponents, radii, norm)
    np.testing.assert_allclose(spheres.radii, radii, rtol=1e-9)
    np.testing.assert_allclose(spheres.translations, moves, rtol=1e-9, atol=1e-9)


def test_blocks_and_the_origin_change_nothing(monkeypatch):
    centres, opponents = points(4, 25, 30)
    opponents[:3] = centres[[0, 9, 20]]
    whole = grow(centres, opponents, CCRSettings(energy=3.0), np.random.default_rng(0))
    monkeypatch.setattr(mc_ccr_spheres, "_BLOCK_BYTES", 8 * 30 * 2)
    for shift in (0.0, 1000.0):
        parts = grow(
            centres + shift, opponents + shift, CCRSettings(energy=3.0), np.random.default_rng(0)
        )
        np.testing.assert_allclose(parts.radii, whole.radii, rtol=1e-9)
        np.testing.assert_array_equal(parts.inside, whole.inside)
        np.testing.assert_allclose(parts.translations, whole.translations, atol=1e-7)


@pytest.mark.parametrize("norm", NORMS)
def test_a_duplicate_of_another_class_is_pushed_to_the_surface(norm):
    centre, opponents = points(5, 1, 6)
    opponents[2] = centre[0]
    spheres = grow(centre, opponents, CCRSettings(energy=1.5, norm=norm), np.random.default_rng(0))
    after = distances(centre, opponents + spheres.translations, norm)[0]
    assert spheres.inside[2]
    np.testing.assert_allclose(after[spheres.inside], spheres.radii[0], rtol=1e-9)
    again = grow(centre, opponents, CCRSettings(energy=1.5, norm=norm), np.random.default_rng(1))
    assert np.abs(again.translations[2] - spheres.translations[2]).max() > 1e-3


def test_duplicates_give_finite_results_whatever_the_energy():
    rows = np.repeat(np.random.default_rng(0).normal(size=(4, 2)), 5, axis=0).astype(np.float32)
    codes = np.tile([0, 0, 0, 1, 2], 4)
    for energy, unit in itertools.product([0.0, 1e-9, 1.0, 1e4], ["absolute", "nn"]):
        settings = CCRSettings(energy, unit)
        result = resample(rows, codes, np.array([0, 8, 8]), settings, np.random.default_rng(0))
        assert np.isfinite(result.translations).all()
        assert np.isfinite(result.new_rows).all()


def test_energy_in_units_of_the_nearest_opponent():
    centres, opponents = points(6, 15, 40)
    unit = np.median(distances(centres, opponents, 1).min(axis=1))
    rng = np.random.default_rng(0)
    relative = grow(centres, opponents, CCRSettings(2.0, "nn"), rng)
    absolute = grow(centres, opponents, CCRSettings(2.0 * unit), rng)
    scaled = grow(7 * centres, 7 * opponents, CCRSettings(2.0, "nn"), rng)
    np.testing.assert_allclose(relative.radii, absolute.radii)
    np.testing.assert_allclose(scaled.radii, 7 * relative.radii)
    # Centres that coincide with an opponent say nothing of the distance to others.
    doubled = np.concatenate([centres, np.repeat(opponents[:1], 20, axis=0)])
    coinciding = grow(doubled, opponents, CCRSettings(2.0, "nn"), rng)
    np.testing.assert_allclose(coinciding.radii[:15], relative.radii)


def test_energy_that_reaches_nobody_is_said():
    rows, codes = three_classes()
    with pytest.warns(DataWarning, match=r"energy=1e-06 \(absolute\) reaches no row"):
        MCCCR(energy=1e-6, energy_unit="absolute", random_state=0).fit_resample(rows, codes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MCCCR(random_state=0).fit_resample(rows, codes)


# ---------------------------------------------------------------- new points


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=30), st.integers(0, 500))
def test_shares_are_exact_and_the_smaller_radius_never_gets_fewer(radii, n_new):
    radii = np.array(radii)
    counts = allocate(radii, n_new, np.random.default_rng(0))
    assert counts.sum() == n_new
    shares = n_new * (1 / radii) / (1 / radii).sum()
    assert (np.abs(counts - shares) < 1 + 1e-9).all()
    for i, j in itertools.permutations(range(len(radii)), 2):
        if radii[i] < radii[j] * (1 - 1e-9):
            assert counts[i] >= counts[j]


def test_the_authors_code_rounds_each_share_by_itself():
    radii = np.array([1.0, 2.0, 2.0, 4.0])  # weights 4 : 2 : 2 : 1 of 11: 4.89, 2.44, 2.44, 1.22
    rng = np.random.default_rng(0)
    assert allocate(radii, 11, rng, original=True).tolist() == [5, 2, 2, 1]
    fixed = allocate(radii, 11, rng).tolist()
    assert fixed in ([5, 3, 2, 1], [5, 2, 3, 1])


def test_equal_shares_are_rounded_up_in_random_order():
    found = [allocate(np.ones(4), 1, np.random.default_rng(s)).argmax() for s in range(400)]
    assert np.bincount(found, minlength=4).min() > 60  # 100 expected, deviation 8.7


@pytest.mark.parametrize("norm", NORMS)
def test_lengths_and_directions_of_new_points(norm):
    d, n = 3, 4000
    rng = np.random.default_rng(0)
    centres, radii = rng.normal(size=(n, d)), rng.exponential(size=n)
    for ball, law in {"radius": lambda u: u, "volume": lambda u: u**d}.items():
        settings = CCRSettings(norm=norm, ball=ball)
        away = draw_inside(centres, radii, settings, np.random.default_rng(1)) - centres
        lengths = np.array([np.linalg.norm(row, ord=norm) for row in away])
        assert (lengths <= radii * (1 + 1e-9)).all()
        assert kstest(law(lengths / radii), "uniform").pvalue > 1e-3
        cube = np.random.default_rng(2).uniform(-1, 1, (n, d))
        expected = [row / np.linalg.norm(row, ord=norm) for row in cube]
        for place in range(d):
            unit = away[:, place] / lengths
            assert ks_2samp(unit, np.array(expected)[:, place]).pvalue > 1e-3


def test_blocks_of_new_points_are_one_after_the_other(monkeypatch):
    rng = np.random.default_rng(0)
    centres, radii = rng.normal(size=(50, 3)), np.full(50, 1e-6)
    monkeypatch.setattr(mc_ccr_spheres, "_BLOCK_BYTES", 8 * 3 * 7)
    drawn = draw_inside(centres, radii, CCRSettings(), rng)
    np.testing.assert_allclose(drawn, centres, atol=2e-6)
    assert (drawn != centres).any(axis=1).all()


# ---------------------------------------------------------------- classes by size


def three_classes(seed=0, sizes=(9, 30, 17), d=3):
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    return rng.normal(size=(len(codes), d)) + 0.5 * codes[:, None], codes


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


# ---------------------------------------------------------------- the estimator


def frame(seed=0):
    rows, codes = three_classes(seed)
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rows, columns=["a", "b", "c"])
    X["kind"] = pd.Categorical(rng.choice(["red", "green", "blue"], len(X)))
    X["whole"] = rng.integers(0, 9, len(X))
    X.loc[::7, "b"] = np.nan
    return X, np.array(["few", "most", "some"])[codes]


@pytest.mark.parametrize("cleaning", ["translate", "remove", "ignore"])
def test_resampled_tables_hold_the_moved_rows_then_new_ones(cleaning):
    rows, codes = three_classes()
    sampler = MCCCR(energy=0.6, cleaning=cleaning, random_state=0)
    X, y = sampler.fit_resample(rows, codes)
    kept, old = sampler.kept_indices_, ~sampler.synthetic_mask_
    np.testing.assert_array_equal(y[old], codes[kept])
    assert old[: len(kept)].all()
    assert not old[len(kept) :].any()
    moves = sampler.translations_[kept] * rows.std(axis=0)
    expected = np.clip(rows[kept] + moves, rows.min(axis=0), rows.max(axis=0))
    still = ~sampler.translations_[kept].any(axis=1)
    np.testing.assert_array_equal(X[old][still], rows[kept][still])
    np.testing.assert_allclose(X[old], expected, atol=1e-5)
    assert still.all() == (cleaning != "translate")
    assert (len(kept) < len(rows)) == (cleaning == "remove")
    labels, new = np.unique(y[~old], return_counts=True)
    added = {label: count for label, count in sampler.sampling_strategy_.items() if count}
    assert added == dict(zip(labels.tolist(), new.tolist(), strict=True))
    if cleaning != "remove":
        np.testing.assert_array_equal(np.bincount(y), 30)


def test_the_authors_preset_rounds_and_says_how_many_rows_were_added():
    rows, codes = three_classes(sizes=(29, 30, 17))
    sampler = MCCCR(preset="original", random_state=0)
    X, y = sampler.fit_resample(rows, codes)
    # One new row among 29 seeds: no share is a half.
    assert sampler.sampling_strategy_[0] == 0
    assert len(X) == len(y) == len(rows) + sampler.sampling_strategy_[2]


@pytest.mark.parametrize("cleaning", ["translate", "remove"])
def test_frames_keep_their_columns_and_types(cleaning):
    X, y = frame()
    sampler = MCCCR(energy=2.0, cleaning=cleaning, random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    assert len(X_new) == len(y_new) == len(sampler.synthetic_mask_)
    assert X_new.dtypes.equals(X.dtypes)
    assert X_new.index.equals(pd.RangeIndex(len(X_new)))
    still = np.flatnonzero(~sampler.translations_[sampler.kept_indices_].any(axis=1))
    expected = X.iloc[sampler.kept_indices_[still]].reset_index(drop=True)
    pd.testing.assert_frame_equal(X_new.iloc[still].reset_index(drop=True), expected)


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_array, np.ndarray.tolist])
def test_other_containers_come_back(kind):
    rows, codes = three_classes()
    expected, _ = MCCCR(energy=2.0, random_state=0).fit_resample(rows, codes)
    found, _ = MCCCR(energy=2.0, random_state=0).fit_resample(kind(rows), codes)
    assert type(found) is type(kind(rows))
    found = found.toarray() if sparse.issparse(found) else np.array(found)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(8, 9), (9, 8, 3)])
def test_pictures_stay_pictures(shape):
    rng = np.random.default_rng(0)
    codes = np.repeat([1, 0, 2], [12, 6, 4])
    X = rng.integers(0, 256, (22, *shape), dtype=np.uint8)
    sampler = MCCCR(random_state=0, energy=30.0)
    X_new, y_new = sampler.fit_resample(X, codes)
    assert X_new.dtype == np.uint8
    assert X_new.shape == (36, *shape)
    np.testing.assert_array_equal(np.bincount(y_new), 12)
    assert sampler.translations_.any()
    flat = (X / 255.0).astype(np.float32)
    flat = flat.reshape(22, -1) if len(shape) == 2 else flat.transpose(0, 3, 1, 2).reshape(22, -1)
    moved = (flat + sampler.translations_).clip(0, 1)
    found = X_new[:22] if len(shape) == 2 else X_new[:22].transpose(0, 3, 1, 2)
    np.testing.assert_allclose(found.reshape(22, -1), 255 * moved, atol=0.51)


def test_default_energies():
    pictures = np.random.default_rng(0).random((20, 8, 8)).astype(np.float32)
    rows, codes = three_classes()
    y = np.repeat([0, 1], [14, 6])
    for X, labels, preset, expected in [
        (pictures, y, "default", (1.0, "nn")),
        (pictures, y, "original", (0.25, "absolute")),
        (rows, codes, "default", (1.0, "nn")),
        (rows, codes, "original", (0.25, "absolute")),
    ]:
        plain = MCCCR(preset=preset, random_state=0)
        stated = MCCCR(preset=preset, energy=expected[0], energy_unit=expected[1], random_state=0)
        np.testing.assert_array_equal(
            plain.fit_resample(X, labels)[0], stated.fit_resample(X, labels)[0]
        )
    # A unit without an energy takes the energy of that unit.
    by_unit = MCCCR(energy_unit="nn", random_state=0).fit_resample(rows, codes)[0]
    stated = MCCCR(energy_unit="nn", energy=1.0, random_state=0).fit_resample(rows, codes)[0]
    np.testing.assert_array_equal(by_unit, stated)


def test_further_samples_lie_in_spheres_of_the_class():
    rows, codes = three_classes()
    sampler = MCCCR(energy=1.0, energy_unit="absolute", random_state=0)
    sampler.fit_resample(rows, codes)
    scale = rows.std(axis=0)
    for label in (0, 1, 2):
        drawn = sampler.sample(40, label, random_state=1)
        assert drawn.shape == (40, 3)
        own = codes == label
        near = cdist(drawn / scale, rows[own] / scale, "cityblock")
        reach = sampler.radii_[own] if label != 1 else np.full(own.sum(), 1.0)
        # Clipping to the range of the data only brings points nearer to rows inside that range.
        assert (near <= reach + 1e-5).any(axis=1).all()
        np.testing.assert_array_equal(drawn, sampler.sample(40, label, random_state=1))
        assert not np.array_equal(drawn, sampler.sample(40, label, random_state=2))


def test_further_samples_prefer_small_spheres():
    rows, codes = three_classes(sizes=(9, 30, 17))
    sampler = MCCCR(energy=1e-4, random_state=0)
    sampler.fit_resample(rows, codes)
    own = np.flatnonzero(codes == 0)
    sampler.radii_[own] = np.where(np.arange(9) < 3, 1e-5, 3e-5)
    drawn = sampler.sample(3000, 0, random_state=0)
    seeds = cdist(drawn, rows[own]).argmin(axis=1)
    # Weights 3 : 1 on 3 : 6 seeds, so 3 of 5 come from the small ones (deviation 0.009).
    assert abs((seeds < 3).mean() - 0.6) < 0.04


def test_removed_rows_of_the_largest_class_are_no_seeds():
    rows, codes = three_classes(sizes=(9, 60, 17))
    sampler = MCCCR(energy=1.0, cleaning="remove", random_state=0)
    sampler.fit_resample(rows, codes)
    gone = np.setdiff1d(np.arange(len(rows)), sampler.kept_indices_)
    assert len(gone)
    sampler.energy = 1e-6  # spheres so small that seeds can be told apart
    drawn = sampler.sample(500, 1, random_state=0)
    seeds = cdist(drawn, rows).argmin(axis=1)
    assert (codes[seeds] == 1).all()
    assert not set(seeds) & set(gone)


def test_a_saved_sampler_makes_the_same_samples(tmp_path, monkeypatch):
    entry = MethodEntry(
        name="saved", title="", kind="sampler", data=("tables",), paper="",
        home="osrae.methods.mc_ccr:MCCCR",
    )  # fmt: skip
    monkeypatch.setitem(registry._METHODS, "saved", entry)
    rows, codes = three_classes(sizes=(9, 60, 17))
    sampler = MCCCR(energy=1.0, cleaning="remove", random_state=0)
    sampler.fit_resample(rows, codes)
    sampler.save(tmp_path / "model")
    loaded = MCCCR.load(tmp_path / "model", device="cpu")
    for label in (0, 1):
        np.testing.assert_array_equal(
            loaded.sample(5, label, random_state=0), sampler.sample(5, label, random_state=0)
        )


@pytest.mark.parametrize("cleaning", ["translate", "remove", "ignore"])
def test_the_rows_of_the_result_that_were_moved_are_marked(cleaning):
    rows, codes = three_classes(sizes=(9, 60, 17))
    sampler = MCCCR(energy=1.0, cleaning=cleaning, random_state=0)
    X, _ = sampler.fit_resample(rows, codes)
    kept = sampler.kept_indices_
    differ = np.zeros(len(X), dtype=bool)
    differ[: len(kept)] = (X[: len(kept)] != rows[kept]).any(axis=1)
    np.testing.assert_array_equal(sampler.moved_mask_, differ)
    assert differ.any() == (cleaning == "translate")
    assert (len(kept) < len(rows)) == (cleaning == "remove")


@pytest.mark.parametrize(
    ("name", "value"),
    [("energy", -1.0), ("norm", 0.5), ("cleaning", "push"), ("energy_unit", "knn"), ("ball", "p")],
)
def test_parameters_are_checked(name, value):
    with pytest.raises(ValueError, match=name):
        MCCCR(**{name: value}).fit_resample(*three_classes())


def test_the_infinite_norm_is_a_norm():
    rows, codes = three_classes()
    X, y = MCCCR(norm=np.inf, random_state=0).fit_resample(rows, codes)
    assert len(X) == len(y) == 90
