from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp, kstest

from osrae.methods import mc_ccr_spheres
from osrae.methods.mc_ccr_spheres import CCRSettings, allocate, draw_inside, grow, sphere_radii

from .mc_ccr_cases import NORMS, distances, plain_radius, plain_translations


def points(seed, m, n, d=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, d)), rng.normal(size=(n, d))


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
@pytest.mark.parametrize("original", [False, True])
@pytest.mark.parametrize("size", [1.0, 1e25])
def test_rows_out_of_reach_change_nothing(norm, original, size):
    # Two pairs of clouds far apart, a centre without opponents, opponents without a centre.
    centres, opponents = points(7, 20, 30)
    centres[10:] += 100
    opponents[15:] += 100
    centres[-1], opponents[-2:] = -300, 300
    settings = CCRSettings(energy=1.5 * size, norm=norm, original=original)
    spheres = grow(centres * size, opponents * size, settings, np.random.default_rng(0))
    near = distances(centres, opponents, norm)
    radii = [plain_radius(row, 1.5, original) for row in near]
    moves = plain_translations(centres, opponents, radii, norm)
    assert 0 < spheres.inside.sum() < 28
    np.testing.assert_allclose(spheres.radii / size, radii, rtol=1e-9)
    np.testing.assert_allclose(spheres.translations / size, moves, rtol=1e-9, atol=1e-9)


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


@pytest.mark.parametrize("norm", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("levels", [0, 5, 30])
def test_spheres_of_rows_with_categories_are_filled(levels, norm):
    """The length of what is added is uniform up to the radius, whatever the categories."""
    rng = np.random.default_rng(0)
    centres = np.hstack([rng.normal(size=(4000, 2)), np.eye(max(1, levels))[[0] * 4000]])
    settings = CCRSettings(norm=norm, n_moving=2)
    drawn = draw_inside(centres, np.full(4000, 3.0), settings, rng)
    np.testing.assert_array_equal(drawn[:, 2:], centres[:, 2:])
    lengths = np.linalg.norm((drawn - centres)[:, :2], ord=norm, axis=1) / 3
    assert kstest(lengths, "uniform").pvalue > 0.01


@pytest.mark.parametrize("norm", [1.0, 2.0, 3.0])
def test_pushed_rows_with_other_categories_end_on_the_surface(norm):
    """Their categories stay, so their numbers go further; one of equal numbers goes anywhere."""
    rng = np.random.default_rng(1)
    centre = np.array([[0.0, 0.0, 1.0, 0.0]])
    opponents = np.hstack([rng.normal(size=(20, 2)) / 2, np.tile([0.0, 1.0], (20, 1))])
    opponents[0, :2] = 0
    settings = CCRSettings(energy=60.0, norm=norm, n_moving=2)
    spheres = grow(centre, opponents, settings, rng)
    assert spheres.inside.all()
    np.testing.assert_array_equal(spheres.translations[:, 2:], 0)
    ends = opponents + spheres.translations - centre
    np.testing.assert_allclose(np.linalg.norm(ends, ord=norm, axis=1), spheres.radii[0], rtol=1e-6)
    turned = (opponents[1:, :2] * spheres.translations[1:, :2]).sum(1)
    lengths = np.linalg.norm(opponents[1:, :2], axis=1)
    lengths *= np.linalg.norm(spheres.translations[1:, :2], axis=1)
    np.testing.assert_allclose(turned, lengths, rtol=1e-5)  # along the ray


def test_rows_of_categories_alone_stay_where_they_are():
    rows = np.eye(3)[[0, 1, 2, 0]]
    settings = CCRSettings(energy=5.0, n_moving=0)
    rng = np.random.default_rng(2)
    np.testing.assert_array_equal(draw_inside(rows, np.ones(4), settings, rng), rows)
    assert not grow(rows[:1], rows[1:], settings, rng).translations.any()
