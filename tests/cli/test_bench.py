import json

from .shell import osrae, refused

COMMON = ("bench", "run", "--data", "keel/vehicle", "--folds", "2", "--threads", "1")


def test_a_grid_from_flags_runs_and_runs_no_cell_twice(tmp_path):
    where = ("--results", tmp_path / "r")
    first = osrae(*COMMON, "--method", "logistic-regression", *where)
    assert "2 cells done. Results:" in first.stdout
    assert "logistic-regression on keel/vehicle, seed 0, fold 1 of 2: ACSA " in first.stderr
    again = osrae(*COMMON, "--method", "logistic-regression", *where)
    assert "0 cells done, 2 were there." in again.stdout
    assert len(list((tmp_path / "r/keel-vehicle").glob("logistic-regression-*.json"))) == 2


def test_a_grid_from_a_file_is_narrowed_by_flags(tmp_path):
    grid = tmp_path / "grid.yaml"
    grid.write_text(
        "data: [keel/vehicle, digits]\n"
        "methods: [smote+gradient-boosting, {method: rae, label: short}]\n"
        "seeds: [0, 1]\n"
    )
    osrae("bench", "run", grid, "--data", "keel/vehicle", "--method", "short", "--seed", "1",
          "--set", "max_steps=5", "--results", tmp_path / "r", "--threads", "1",
          "--quiet")  # fmt: skip
    (file,) = (tmp_path / "r").rglob("*.json")
    cell = json.loads(file.read_text())["cell"]
    assert (cell["method"], cell["label"], cell["seed"]) == ("rae", "short", 1)
    assert cell["settings"] == {"max_steps": 5}


def test_a_failed_cell_is_said_with_its_error(tmp_path):
    done = osrae(*COMMON, "--method", "smote+plain", "--set", "classifier.encoder=conv",
                 "--results", tmp_path / "r", expect=1)  # fmt: skip
    assert "0 cells done, 2 failed." in done.stdout
    assert "(1 of 2 cells, 1 failed, about" in done.stderr  # no terminal, no bar
    assert "InputError: encoder='conv' is no encoder for tables" in done.stdout
    assert "--retry-failed" in done.stdout


def test_what_cannot_be_run_is_refused_at_once(tmp_path):
    where = ("--results", tmp_path / "r")
    assert "Name a grid, or give --data and --method" in refused("bench", "run", *where)
    assert "no method 'smoote'" in refused(*COMMON, "--method", "smoote", *where)
    assert "no grid 'papers'" in refused("bench", "run", "papers", *where)
    assert "--data digits: the grid paper has mnist, " in refused(
        "bench", "run", "paper", "--data", "mnist", "--data", "digits", *where
    )
    assert "--method smoote: the grid paper has rae, " in refused(
        "bench", "run", "paper", "--method", "smoote", *where
    )
    assert "--set depth: expected NAME=VALUE" in refused(
        *COMMON, "--method", "rae", "--set", "depth", *where
    )
    grid = tmp_path / "grid.yaml"
    grid.write_text("- data: [optdigits]\n  methods: [{method: rae, settings: 3}]\n")
    assert "settings=3: expected names" in refused(
        "bench", "run", grid, "--set", "epochs=2", *where
    )
    assert not (tmp_path / "r").exists()


def test_the_report_on_results(tmp_path):
    where = ("--results", tmp_path / "r")
    osrae(*COMMON, "--method", "logistic-regression", *where, "--quiet")
    page = tmp_path / "r.html"
    osrae("bench", "report", *where, "-o", page, "--title", "Mine")
    assert "<h1" in page.read_text()
    assert "Mine" in page.read_text()
    assert ".html" in refused("bench", "report", *where, "-o", tmp_path / "r.txt")
    assert "no folder" in refused("bench", "report", "--results", tmp_path / "no", "-o", page)


def test_a_renewed_cell_that_fails_keeps_its_earlier_result_and_says_why(tmp_path):
    where = ("--method", "smote+plain", "--results", tmp_path / "r", "--quiet")
    osrae(*COMMON, *where, "--set", "classifier.max_steps=5")
    (done, _) = (json.loads(path.read_text()) for path in (tmp_path / "r").rglob("*.json"))
    done["stages"][1]["settings"]["weight_decay"] = 99.0  # as an earlier preset had it
    failing = ("--set", "classifier.encoder=conv")
    osrae(*COMMON, *where, *failing, expect=1)
    for path in (tmp_path / "r").rglob("*.json"):
        content = json.loads(path.read_text())
        if content["status"] == "failed":  # as if it had been done
            earlier = {**done, "cell": content["cell"], "key": content["key"]}
            path.write_text(json.dumps(earlier))
    told = osrae(*COMMON, *where, *failing, "--renew", expect=1)
    assert "0 cells done, 2 failed" in told.stdout
    assert told.stdout.count("InputError: encoder='conv' is no encoder for tables") == 2
    assert "earlier results stay" in told.stdout
    assert "--retry-failed" not in told.stdout
    kept = [json.loads(path.read_text())["status"] for path in (tmp_path / "r").rglob("*.json")]
    assert kept == ["done"] * 4
