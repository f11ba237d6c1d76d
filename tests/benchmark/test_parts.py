import numpy as np
import pytest

from osrae.benchmark.cells import Cell
from osrae.benchmark.parts import load_parts
from osrae.datasets import load_split
from osrae.errors import InputError


def test_pictures_have_two_test_parts_and_tables_one():
    pictures = load_parts(Cell(data="digits", method="rae", seed=3))
    assert list(pictures.tests) == ["balanced", "imbalanced"]
    assert pictures.main_test == "balanced"
    assert pictures.pictures
    split = load_split("digits", seed=3)
    assert np.array_equal(pictures.X, split.X_train)
    assert np.array_equal(pictures.tests["imbalanced"][1], split.y_test_imbalanced)
    table = load_parts(Cell(data="keel/vehicle", method="rae"))
    assert list(table.tests) == ["test"]
    assert not table.pictures
    assert len(table.y) + len(table.tests["test"][1]) == 846


def test_rows_of_classes_that_folds_cannot_test_are_left_out():
    parts = load_parts(Cell(data="keel/ecoli", method="rae", fold=0, folds=5))
    counts = np.unique(parts.y, return_counts=True)[1]
    assert counts.tolist() == [114, 62, 28, 16, 4, 41]  # two of the eight classes have two rows
    assert parts.note == "without imL, imS: of a class with fewer than 5 rows no fold can be made"


def test_folds_are_stratified_and_cover_every_row_once():
    parts = [load_parts(Cell(data="keel/vehicle", method="rae", fold=k, folds=3)) for k in range(3)]
    tested = np.concatenate([part.tests["test"][1] for part in parts])
    assert len(tested) == 846
    counts = [np.unique(part.tests["test"][1], return_counts=True)[1] for part in parts]
    assert np.ptp(counts, axis=0).max() <= 1
    other = load_parts(Cell(data="keel/vehicle", method="rae", seed=1, fold=0, folds=3))
    assert not np.array_equal(other.y, parts[0].y)


def test_too_many_folds_for_every_class_are_refused():
    with pytest.raises(InputError, match="use fewer folds"):
        load_parts(Cell(data="keel/vehicle", method="rae", fold=0, folds=500))


def test_how_the_data_differ_from_their_release_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("osrae.benchmark.parts.load_split", lambda *_: load_split("digits"))
    assert load_parts(Cell(data="digits", method="rae")).note is None
    (tmp_path / "cifar10-jpeg.tar").touch()
    note = load_parts(Cell(data="cifar10", method="rae"), tmp_path).note
    assert note.startswith("re-encoded as JPEG")
