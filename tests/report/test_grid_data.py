import numpy as np
import pytest

from osrae.benchmark.cells import Cell
from osrae.benchmark.measured import read_results
from osrae.benchmark.outcomes import Outcome
from osrae.benchmark.results import Results
from osrae.benchmark.running import run_cell
from osrae.report.grid_data import data_set_section
from osrae.report.page import DataTable, Figure, Gallery, Matrix, Strips

from ..benchmark.result_cases import _npz


@pytest.fixture(scope="module")
def groups(tmp_path_factory):
    """The method, and SMOTE before a network, on small pictures; one seed."""
    results = Results(tmp_path_factory.mktemp("results"))
    for method, settings in (("rae", {"max_steps": 12}), ("smote", {"classifier.max_steps": 4})):
        cell = Cell(data="digits", method=method, label=method, settings=settings)
        content, arrays = run_cell(cell)
        results.write(Outcome({"status": "done", **content}, _npz(arrays)))
    store = read_results([results.folder])
    found = {title: store.groups("digits", title)[0] for title in store.titles("digits")}
    return dict(sorted(found.items(), key=lambda item: -item[1].scores("acsa")[0]))


@pytest.fixture(scope="module")
def section(groups):
    return data_set_section("digits", groups)


def of(section, kind):
    return [item for item in section.items if isinstance(item, kind)]


def test_the_confusions_are_those_of_the_best_method(groups, section):
    (matrix,) = of(section, Matrix)
    title, group = next(iter(groups.items()))
    assert matrix.caption == f"What {title} takes each class for"
    recalls = {
        row["class"]: row["recall"]
        for row in group.whole[0].content["tests"][group.whole[0].content["main_test"]]["classes"]
    }
    for place, label in enumerate(matrix.labels):
        row = matrix.values[place]
        assert row[place] / sum(row) == pytest.approx(recalls[label])


def test_pictures_of_the_rarest_classes_stand_beside_real_ones(groups, section):
    strips = of(section, Strips)
    classes = groups["rae"].whole[0].content["classes"]
    rarest = sorted(classes, key=lambda row: row["training"])[:2]
    assert [strip.title for strip in strips] == [
        f"{row['class']} · {row['training']} training samples" for row in rarest
    ]
    assert all({one.label for one in strip.strips} == {"rae", "smote"} for strip in strips)


def test_latent_space_calibration_and_curves_are_shown(section):
    captions = [figure.caption for figure in of(section, Figure)]
    assert any(caption.startswith("Latent space of rae") for caption in captions)
    assert any(caption.startswith("Probabilities of ") for caption in captions)
    (gallery,) = of(section, Gallery)
    assert gallery.figures


def test_settings_of_every_stage_are_there(section):
    table = next(t for t in of(section, DataTable) if t.caption.startswith("Settings"))
    assert {(row[0], row[1]) for row in table.rows} == {
        ("rae", "RAEClassifier"), ("smote", "SMOTEFamily"), ("smote", "DeepClassifier"),
    }  # fmt: skip
    told = next(row[2] for row in table.rows if row[0] == "rae")
    assert "max_steps = 12" in told
    assert "None" not in told


def test_results_without_arrays_have_numbers_only(groups, tmp_path):
    result = groups["smote"].whole[0]
    Results(tmp_path).write(Outcome(result.content))
    store = read_results([tmp_path])
    bare = {"smote": store.groups("digits", "smote")[0]}
    section = data_set_section("digits", bare)
    assert not of(section, (Matrix, Figure, Strips))
    assert np.ndim(section.items[0].rows) == 2
