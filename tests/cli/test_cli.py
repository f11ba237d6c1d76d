"""The commands from end to end, as processes, on small real data."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from osrae import RAEClassifier, load
from osrae.cli import main

from .shell import FAST, iris_frame, osrae, refused


def test_help_names_every_command():
    text = osrae("--help").stdout
    for command in ("fit", "predict", "resample", "info", "demo"):
        assert command in text
    assert "--baseline" in osrae("fit", "--help").stdout


def test_help_and_the_list_of_methods_import_nothing_heavy():
    heavy = ("torch", "sklearn", "pandas", "matplotlib")
    code = (
        "import osrae.cli.app, osrae.cli.methods, sys; osrae.cli.methods._all(); "
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---------------------------------------------------------------- tables


def test_fit_scores_every_class_on_held_out_data_and_against_the_baseline(iris, tmp_path):
    text = osrae(
        "fit", iris, "--target", "species", "-o", tmp_path / "model", "--baseline", *FAST
    ).stdout
    assert "without oversampling" in text
    for name, training, held_out in (
        ("setosa", 40, 10),
        ("versicolor", 24, 6),
        ("virginica", 10, 2),
    ):
        row = next(line for line in text.splitlines() if name in line)
        assert f" {training} " in row
        assert f" {held_out} " in row
    assert "ACSA" in text
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    names = {path.suffix for path in (tmp_path / "model").iterdir()}
    assert names == {".safetensors", ".json"}


def test_predict_writes_the_rows_with_predictions(iris, iris_model, tmp_path):
    said = osrae("predict", iris_model, iris, "-o", tmp_path / "made.csv").stdout
    made = pd.read_csv(tmp_path / "made.csv")
    frame = pd.read_csv(iris)
    pd.testing.assert_frame_equal(made[list(frame.columns)], frame)
    probabilities = made[[f"probability {name}" for name in ("setosa", "versicolor", "virginica")]]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    expected = load(iris_model).predict(frame.drop(columns="species"))
    assert list(made["prediction"]) == list(expected)
    assert "against the column species: ACSA" in said

    frame.drop(columns="species").to_parquet(tmp_path / "new.parquet")
    osrae("predict", iris_model, tmp_path / "new.parquet", "-o", tmp_path / "new-made.parquet",
          "--priors", "train")  # fmt: skip
    again = pd.read_parquet(tmp_path / "new-made.parquet")
    assert not np.allclose(again["probability setosa"], made["probability setosa"])


def test_resample_marks_new_rows(iris, tmp_path):
    said = osrae("resample", iris, "--target", "species", "-o", tmp_path / "more.csv", *FAST).stdout
    more, frame = pd.read_csv(tmp_path / "more.csv"), pd.read_csv(iris)
    pd.testing.assert_frame_equal(more.loc[~more["synthetic"], frame.columns], frame)
    assert more["species"].value_counts().to_dict() == {
        "setosa": 50, "versicolor": 50, "virginica": 50
    }  # fmt: skip
    assert set(more["site"]) == {"north", "south"}
    assert "virginica" in said
    assert [path.name for path in tmp_path.iterdir()] == ["more.csv"]  # no checkpoint stays

    osrae("resample", iris, "--target", "species", "-o", tmp_path / "some.parquet", "--count",
          "virginica=15", *FAST)  # fmt: skip
    some = pd.read_parquet(tmp_path / "some.parquet")
    assert int(some["synthetic"].sum()) == 3


def test_predict_takes_columns_in_any_order_and_text_that_looks_like_numbers(tmp_path):
    frame = iris_frame()
    frame["site"] = np.where(frame["site"] == "north", "12", "A1")
    frame.to_csv(tmp_path / "codes.csv", index=False)
    osrae("fit", tmp_path / "codes.csv", "--target", "species", "-o", tmp_path / "m", *FAST)
    numbers = frame[frame["site"] == "12"].iloc[:, ::-1]
    numbers.to_csv(tmp_path / "numbers.csv", index=False)
    done = osrae("predict", tmp_path / "m", tmp_path / "numbers.csv", "-o", tmp_path / "o.csv")
    assert "unseen" not in done.stderr
    expected = load(tmp_path / "m").predict_proba(
        numbers[[name for name in frame.columns if name != "species"]]
    )
    made = pd.read_csv(tmp_path / "o.csv")[[f"probability {s}" for s in sorted(set(frame.species))]]
    np.testing.assert_allclose(made, expected, atol=1e-9)


def test_any_other_parameter_can_be_set(iris, tmp_path):
    target = ["--target", "species", "-o", tmp_path / "m", "--test-fraction", "0", *FAST]
    text = osrae("fit", iris, *target, "--set", "decoder=false", "--set", "critic_steps=2",
                 "--set", "precision=float32").stdout  # fmt: skip
    assert "setosa" in text
    model = load(tmp_path / "m")
    assert "decoder" not in model.method_.networks
    assert (model.critic_steps, model.precision) == (2, "float32")
    assert "weight_averaging" in refused("fit", iris, *target, "--set", "nonsense=1")


def test_class_names_are_shown_as_they_are(tmp_path):
    frame = iris_frame()
    frame["species"] = frame["species"].map({"setosa": "[/yes]", "versicolor": "[no]",
                                             "virginica": "[bold]x"})  # fmt: skip
    frame.to_csv(tmp_path / "odd.csv", index=False)
    text = osrae("resample", tmp_path / "odd.csv", "--target", "species", "-o",
                 tmp_path / "o.csv", *FAST).stdout  # fmt: skip
    for name in ("[/yes]", "[no]", "[bold]x"):
        assert name in text


def test_info_says_what_the_model_is(iris_model):
    text = osrae("info", iris_model).stdout
    for part in ("RAEClassifier", "species", "versicolor (2", "a table of 5 columns", "torch"):
        assert part in text


def test_options_of_the_method_reach_it(iris, tmp_path):
    osrae("fit", iris, "--target", "species", "-o", tmp_path / "m", "--test-fraction", "0", *FAST,
          "--latent-dim", "5", "--mixture-size", "3", "--mixing", "2", "--preset", "paper",
          "--class-sampling", "balanced", "--seed", "7", "--learning-rate", "0.001")  # fmt: skip
    model = load(tmp_path / "m")
    s = model.method_.settings
    assert (s.latent_dim, s.mixture_size, s.mixing, s.class_sampling) == (5, 3, 2.0, "balanced")
    assert (model.preset, model.random_state, s.learning_rate) == ("paper", 7, 0.001)


# ---------------------------------------------------------------- pictures


def test_pictures_from_end_to_end(digits, tmp_path):
    fast = ["--max-steps", "4", *FAST[2:]]
    osrae("fit", digits, "-o", tmp_path / "model", *fast, "--size", "8x8")
    osrae("predict", tmp_path / "model", digits / "is 1", "-o", tmp_path / "made.csv")
    made = pd.read_csv(tmp_path / "made.csv")
    assert list(made["file"]) == [f"{number:02}.png" for number in range(8)]
    assert set(made["prediction"]) <= {"is 0", "is 1"}
    assert "8 × 8 pixels" in osrae("info", tmp_path / "model").stdout

    osrae("resample", digits, "-o", tmp_path / "more", *fast)
    manifest = pd.read_csv(tmp_path / "more" / "manifest.csv")
    assert manifest["label"].value_counts().to_dict() == {"is 0": 20, "is 1": 20}
    assert int(manifest["synthetic"].sum()) == 12
    for row in manifest.itertuples():
        with Image.open(tmp_path / "more" / row.file) as picture:
            assert picture.size == (8, 8)
    original = np.asarray(Image.open(digits / "is 1" / "03.png"))
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "more/is 1/03.png")), original)
    new = manifest[manifest["synthetic"]]
    assert (
        new["mixed_from"]
        .str.fullmatch(r"0\.\d+ \* is 1/\d\d\.png \+ 0\.\d+ \* is 1/\d\d\.png")
        .all()
    )


def test_a_model_of_classes_that_cannot_be_held_out(tmp_path):
    """One class can be held out alone, so that GM is not defined."""
    frame = pd.DataFrame({"x": np.arange(60.0), "y": ["a"] * 58 + ["b"] * 2})
    frame.to_csv(tmp_path / "two.csv", index=False)
    done = osrae("fit", tmp_path / "two.csv", "--target", "y", "-o", tmp_path / "m", "--method",
                 "weighted-logistic-regression")  # fmt: skip
    assert "GM – (one class only)" in done.stdout
    assert "GM – (one class only)" in osrae("info", tmp_path / "m").stdout


# ---------------------------------------------------------------- bad input: one sentence, exit 2


def test_a_wrong_target_lists_the_columns(iris, tmp_path):
    text = refused("fit", iris, "--target", "specis", "-o", tmp_path / "m", *FAST)
    assert "sepal length" in text
    assert "species" in text
    assert "--target" in refused("fit", iris, "-o", tmp_path / "m", *FAST)


def test_data_that_cannot_be_used(iris, digits, tmp_path):
    target = ["--target", "species", "-o", tmp_path / "m", *FAST]
    frame = pd.read_csv(iris)
    frame[frame["species"] == "setosa"].to_csv(tmp_path / "one.csv", index=False)
    assert "one class only" in refused("fit", tmp_path / "one.csv", *target)
    frame.iloc[:0].to_csv(tmp_path / "none.csv", index=False)
    assert "none.csv" in refused("fit", tmp_path / "none.csv", *target)
    frame.assign(species=frame["species"].where(frame.index > 3)).to_csv(tmp_path / "na.csv")
    assert "4 cells that are empty" in refused("fit", tmp_path / "na.csv", *target)
    frame.assign(**{"petal width": np.inf}).to_csv(tmp_path / "inf.csv", index=False)
    assert "petal width" in refused("fit", tmp_path / "inf.csv", *target)
    assert "nowhere.csv" in refused("fit", tmp_path / "nowhere.csv", *target)
    assert "--target is for tables" in refused("fit", digits, *target)
    for name in ("preset", "encoder", "class-sampling", "device", "mixing"):
        assert "nonsense" in refused("fit", iris, *target, f"--{name}", "nonsense")
    assert "64x64" in refused("fit", digits, "-o", tmp_path / "m", "--size", "big")
    assert not (tmp_path / "m").exists()


def test_a_broken_picture_is_named(digits, tmp_path):
    folder = tmp_path / "digits"
    for label in ("is 0", "is 1"):
        (folder / label).mkdir(parents=True)
        for file in sorted((digits / label).iterdir())[:4]:
            (folder / label / file.name).write_bytes(file.read_bytes())
    broken = folder / "is 1" / "02.png"
    broken.write_bytes(broken.read_bytes()[:60])
    assert "02.png" in refused("fit", folder, "-o", tmp_path / "m", *FAST)
    Image.new("L", (9, 9)).save(broken)
    assert "--size" in refused("fit", folder, "-o", tmp_path / "m", *FAST)


def test_places_that_may_not_be_written_are_refused_before_training(iris, iris_model, tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("keep me")
    text = refused("fit", iris, "--target", "species", "-o", tmp_path / "letters")
    assert "is not replaced" in text
    text = refused("fit", iris, "--target", "species", "-o", tmp_path / "no" / "where")
    assert "Make it first" in text
    assert ".parquet" in refused("predict", iris_model, iris, "-o", tmp_path / "out.txt")
    assert ".parquet" in refused("resample", iris, "--target", "species", "-o", tmp_path / "out")


def test_prediction_data_must_have_the_columns_of_training(iris, iris_model, tmp_path):
    frame = pd.read_csv(iris)
    frame.drop(columns="site").to_csv(tmp_path / "less.csv", index=False)
    assert "site" in refused("predict", iris_model, tmp_path / "less.csv", "-o", tmp_path / "o.csv")
    frame.assign(height=1).to_csv(tmp_path / "more.csv", index=False)
    assert "height" in refused(
        "predict", iris_model, tmp_path / "more.csv", "-o", tmp_path / "o.csv"
    )
    assert not (tmp_path / "o.csv").exists()


def test_files_that_are_no_models(iris, iris_model, tmp_path):
    assert "no osrae model" in refused("info", tmp_path)
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for file in iris_model.iterdir():
        (damaged / file.name).write_bytes(file.read_bytes()[:-40])
    assert "damaged" in refused("predict", damaged, iris, "-o", tmp_path / "o.csv")
    newer = tmp_path / "newer"
    newer.mkdir()
    header = json.loads((iris_model / "osrae.json").read_text())
    (newer / "osrae.json").write_text(json.dumps(header | {"format_version": 99}))
    assert "Upgrade" in refused("info", newer)


def test_an_error_of_a_library_is_one_sentence(monkeypatch, capsys):
    def fails():
        raise RuntimeError("no\nmemory")

    monkeypatch.setattr("osrae.cli.app.app", fails)
    monkeypatch.setattr("warnings.formatwarning", warnings.formatwarning)  # main sets it
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert capsys.readouterr().err == "Error: no memory\n"


# ---------------------------------------------------------------- stopping


def start_long_fit(data: Path, output: Path, *more: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "osrae", "fit", data, "--target", "species", "-o", output,
         "--max-steps", "400", "--batch-size", "8", "--device", "cpu", *more],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        # Ctrl-C reaches it also where the tests themselves are in a shell's background.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def test_ctrl_c_keeps_the_model_so_far_and_resume_goes_on(iris, tmp_path):
    process = start_long_fit(iris, tmp_path / "model")
    assert process.stderr is not None
    while "step" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    assert process.wait() == 130
    assert "--resume" in rest
    assert "Traceback" not in rest
    stopped = load(tmp_path / "model")
    assert 0 < stopped.n_steps_ < 400
    assert (tmp_path / "model.checkpoint" / "checkpoint").is_dir()
    (tmp_path / "model.checkpoint" / "notes.txt").write_text("keep me")

    again = ["fit", iris, "--target", "species", "-o", tmp_path / "model", "--batch-size", "8",
             "--device", "cpu", "--quiet", "--max-steps"]  # fmt: skip
    assert "--resume" in refused(*again, "400")
    assert "another run" in refused(*again, "300", "--resume")
    osrae(*again, "400", "--resume", "--baseline")
    assert load(tmp_path / "model").n_steps_ == 400
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "model.checkpoint"]
    assert [path.name for path in (tmp_path / "model.checkpoint").iterdir()] == ["notes.txt"]
    osrae(*again[:3], "species", "-o", tmp_path / "whole", *again[6:], "400")
    resumed, whole = ((tmp_path / name / "model.safetensors").read_bytes()
                      for name in ("model", "whole"))  # fmt: skip
    assert resumed == whole


def test_a_second_start_that_is_killed_leaves_the_first_model(iris, iris_model, tmp_path):
    before = (iris_model / "model.safetensors").read_bytes()
    process = start_long_fit(iris, iris_model)
    assert process.stderr is not None
    while "step" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(0.1)
    process.kill()
    process.wait()
    assert (iris_model / "model.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["0.0", "1.0"], "ACSA 100.0 %"),
        (["False", "True"], "ACSA 100.0 %"),
        (["no", "1"], "ACSA 50.0 %"),
        (["no", "yes"], "holds none of the model's classes"),
    ],
)
def test_predict_scores_labels_by_value(tmp_path, labels, said):
    """What a column of 0 and 1 is read as depends on what else it holds."""
    X = np.r_[np.zeros(20), np.ones(20)]
    train = pd.DataFrame({"a": X, "b": np.arange(40) % 3, "t": X.astype(int)})
    train.to_csv(tmp_path / "train.csv", index=False)
    train.assign(t=np.repeat(labels, 20)).to_csv(tmp_path / "test.csv", index=False)
    osrae("fit", tmp_path / "train.csv", "--target", "t", "-o", tmp_path / "m",
          "--method", "logistic-regression")  # fmt: skip
    done = osrae("predict", tmp_path / "m", tmp_path / "test.csv", "-o", tmp_path / "o.csv")
    assert said in " ".join(done.stdout.split())


def test_a_class_called_none_is_told_of_by_its_column(tmp_path):
    frame = pd.DataFrame({"a": range(30), "t": ["None"] * 5 + ["Some"] * 25})
    frame.to_csv(tmp_path / "t.csv", index=False)
    said = refused("fit", tmp_path / "t.csv", "--target", "t", "-o", tmp_path / "m")
    assert "column 't' has 5 cells that are empty, or that say None" in said


@pytest.mark.parametrize("named", [True, False])
def test_predict_reads_models_that_python_saved(tmp_path, named):
    frame = iris_frame()
    X, y = frame.drop(columns="species"), frame["species"]
    model = RAEClassifier(max_steps=20, random_state=0).fit(X if named else X.to_numpy(), y)
    model.save(tmp_path / "model")
    X.to_csv(tmp_path / "rows.csv", index=False)
    osrae("predict", tmp_path / "model", tmp_path / "rows.csv", "-o", tmp_path / "made.csv")
    made = pd.read_csv(tmp_path / "made.csv")
    assert made["prediction"].tolist() == model.predict(X if named else X.to_numpy()).tolist()


@pytest.mark.parametrize("method", ["smote", "mc-ccr"])
def test_resample_writes_given_rows_as_they_are(tmp_path, method):
    lines = ["zip,day,flag,grade,cls"]
    for row in range(60):
        day, grade = "" if row % 7 == 0 else row % 5, "NA" if row % 9 == 0 else "007"
        flag, label = "TRUE" if row % 2 else "FALSE", "02" if row > 44 else "01"
        lines.append(f"{row:05d},{day},{flag},{grade},{label}")
    (tmp_path / "rows.csv").write_text("\n".join(lines))
    osrae("resample", tmp_path / "rows.csv", "--target", "cls", "-o", tmp_path / "more.csv",
          "--method", method)  # fmt: skip
    head, *made = (tmp_path / "more.csv").read_text().splitlines()
    marks = dict.fromkeys(head.split(",")[5:], "False")
    unmoved = [line for line in made if line.split(",")[5:] == list(marks.values())]
    assert len(unmoved) > 45
    assert {line.rsplit(",", len(marks))[0] for line in unmoved} <= set(lines[1:])
    columns = list(zip(*(line.split(",") for line in made), strict=True))
    assert set(columns[2]) == {"TRUE", "FALSE"}
    assert set(columns[4]) == {"01", "02"}
