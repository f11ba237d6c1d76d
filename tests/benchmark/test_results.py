import io
import json
from pathlib import Path

import numpy as np
import pytest

from osrae.benchmark.cells import Cell
from osrae.benchmark.outcomes import Outcome
from osrae.benchmark.results import Result, Results
from osrae.errors import InputError

CELL = Cell(data="keel/vehicle", method="smote+gradient-boosting", fold=1, folds=3)


def outcome(cell=CELL, acsa=0.5) -> Outcome:
    file = io.BytesIO()
    np.savez_compressed(file, **{"test/true": np.array(["a", "b"])})
    tests = {"test": {"summary": {"acsa": acsa}}}
    content = {"status": "done", "cell": cell.to_dict(), "main_test": "test", "tests": tests}
    return Outcome(content, file.getvalue())


def failed(cell=CELL) -> Outcome:
    error = {"type": "ValueError", "message": "no", "traceback": ""}
    return Outcome({"status": "failed", "cell": cell.to_dict(), "error": error})


def test_a_result_is_read_as_it_was_written(tmp_path):
    results = Results(tmp_path / "new")
    assert results.get(CELL) is None
    assert list(results) == []
    written = results.write(outcome())
    read = results.get(CELL)
    assert read == written
    assert read.cell == CELL
    assert read.score() == 0.5
    assert read.score("f1") is None
    assert read.score("acsa", "balanced") is None
    assert read.arrays()["test/true"].tolist() == ["a", "b"]
    assert read.path == tmp_path / f"new/keel-vehicle/smote+gradient-boosting-{CELL.key}.json"


def test_a_failed_cell_is_a_result_without_scores(tmp_path):
    result = Results(tmp_path).write(failed())
    assert not result.done
    assert result.score() is None
    assert result.arrays() == {}


def test_a_new_result_replaces_the_old_one(tmp_path):
    results = Results(tmp_path)
    results.write(failed())
    results.write(outcome(acsa=0.7))
    assert [result.score() for result in results] == [0.7]


def test_all_results_are_read(tmp_path):
    results = Results(tmp_path)
    cells = [Cell(data=data, method="rae", seed=seed) for data in ("b", "a") for seed in (0, 1)]
    for cell in cells:
        results.write(outcome(cell))
    assert {r.cell.key for r in results} == {cell.key for cell in cells}


def test_nothing_half_written_is_left_or_read(tmp_path, monkeypatch):
    results = Results(tmp_path)
    results.write(outcome(acsa=0.5))
    monkeypatch.setattr(json, "dumps", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        results.write(outcome(acsa=0.9))
    monkeypatch.undo()
    assert [result.score() for result in results] == [0.5]
    assert len(list(tmp_path.rglob("*"))) == 3  # the folder, JSON and arrays


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no result of osrae bench"),
        ("{}", "no result of osrae bench"),
        ('{"cell": {"data": "a", "method": "b"}, "format_version": 1}', "no result of osrae bench"),
        (
            '{"cell": {"data": "a", "method": "b"}, "format_version": 1, "status": "half"}',
            "no result of osrae bench",
        ),
        ('{"cell": {"data": "a", "method": "b"}, "format_version": 99}', "format version 99"),
    ],
)
def test_files_that_are_no_results_are_named(tmp_path, text, said):
    (tmp_path / "digits").mkdir()
    (tmp_path / "digits/notes.json").write_text(text)
    with pytest.raises(InputError, match=f"notes.json .*{said}"):
        list(Results(tmp_path))


def test_a_place_that_cannot_be_written_to_is_an_error_that_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="no folder"):
        Results(tmp_path / "file").write(outcome())


def test_a_failure_does_not_replace_what_was_measured(tmp_path):
    results = Results(tmp_path)
    before = results.write(outcome(acsa=0.7))
    assert not results.write(failed()).done
    assert results.get(CELL) == before
    assert before.arrays()


def test_seeds_of_inner_estimators_do_not_tell_results_apart():
    def came_to(seed: int, depth: int) -> str:
        inner = f"Tree(max_depth={depth}, random_state={seed})"
        stage = {"settings": {"estimator": inner, "random_state": seed}}
        return Result(CELL, {"status": "done", "stages": [stage]}, Path()).came_to

    assert came_to(938284375, 3) == came_to(17, 3)
    assert came_to(17, 3) != came_to(17, 4)
