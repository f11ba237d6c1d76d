"""The commands with methods other than the paper's, as processes."""

from __future__ import annotations

import re
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from osrae import SMOTEFamily, load
from osrae.cli import main
from osrae.methods import available

from .shell import FAST, osrae, refused


def test_methods_are_listed_and_shown(tmp_path):
    said = osrae("methods").stdout
    for entry in available():
        assert entry.name in said
    text = osrae("methods", "focal").stdout
    assert "loss = 'focal'" in text
    assert "ICCV 2017" in text
    assert "osrae.methods.deep_classifier.DeepClassifier" in text
    assert "there are rae, gamo" in refused("methods", "smoke")


def test_parameters_are_shown_with_what_they_mean():
    text = " ".join(osrae("methods", "mc-ccr").stdout.split())
    assert (
        """selection = 'proportional' {"proportional", "random"}. Whether spheres get new points """
        "inversely to their radii, or at random."
    ) in text
    assert "norm = 1.0 float. p of the distance, at least 1; np.inf is" in text
    text = osrae("methods", "deepsmote").stdout
    assert "learning_rate = 0.0002" in text  # the preset's
    assert "200 passes over the data, at least 1,500 steps" in text
    assert "mmd_weight = 0.01 (pictures), 1.0 (tables)" in osrae("methods", "dgc").stdout
    for name in ("callbacks", "checkpoint_dir", "resume", "verbose", "random_state", "device"):
        assert f"{name} =" not in text  # the shell has other options for these, or none
    text = " ".join(osrae("methods", "logistic-regression").stdout.split())
    assert "Columns of a table that are categories;" in text


def test_a_classifier_of_another_method(iris, tmp_path):
    said = osrae(
        "fit", iris, "--target", "species", "-o", tmp_path / "m", "--method", "gamo", *FAST
    )
    assert "gamo: ACSA" in said.stdout
    assert type(load(tmp_path / "m")).__name__ == "GAMOClassifier"
    osrae("predict", tmp_path / "m", iris, "-o", tmp_path / "made.csv", "--priors", "train")
    assert set(pd.read_csv(tmp_path / "made.csv")["prediction"]) <= set(
        pd.read_csv(iris)["species"]
    )
    assert "GAMOClassifier" in osrae("info", tmp_path / "m").stdout


@pytest.mark.parametrize("entry", available(kind="classifier"), ids=lambda entry: entry.name)
def test_every_classifier_trains_and_is_written(entry, iris, tmp_path, monkeypatch):
    monkeypatch.setattr("warnings.formatwarning", warnings.formatwarning)  # main sets it
    of_a_library = entry.home.partition(":")[0] == "osrae.methods.libraries"
    options = [] if of_a_library else ["--max-steps", "2"]
    command = ["fit", iris, "--target", "species", "-o", tmp_path / "m", "--method", entry.name]
    monkeypatch.setattr(sys, "argv", ["osrae", *map(str, [*command, *options])])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    model = load(tmp_path / "m")
    assert of_a_library or isinstance(model, entry.factory)
    assert set(model.predict(pd.read_csv(iris).drop(columns="species"))) <= set(model.classes_)


def test_the_head_of_dgc_is_its_own(iris, tmp_path):
    osrae("fit", iris, "--target", "species", "-o", tmp_path / "m", "--method", "dgc", *FAST,
          "--set", "head=mlp")  # fmt: skip
    assert load(tmp_path / "m").method_.settings.head == "mlp"


@pytest.mark.parametrize("name", ["smote", "deepsmote"])
def test_a_sampler_gets_a_classifier_behind_it(iris, tmp_path, name):
    osrae("fit", iris, "--target", "species", "-o", tmp_path / "m", "--method", name,
          "--max-steps", "20", "--device", "cpu", "--quiet")  # fmt: skip
    model = load(tmp_path / "m")
    assert type(model).__name__ == "TwoStageClassifier"
    assert model.classifier_.n_steps_ == 20
    assert not list(tmp_path.glob("m.*"))
    said = osrae("info", tmp_path / "m").stdout
    assert "+ DeepClassifier" in said
    osrae("predict", tmp_path / "m", iris, "-o", tmp_path / "made.csv")
    assert len(pd.read_csv(tmp_path / "made.csv")) == len(pd.read_csv(iris))


def test_options_reach_the_classifier_behind_a_sampler(iris, tmp_path):
    data = ["fit", iris, "--target", "species", "-o", tmp_path / "m", "--device", "cpu", "--quiet"]
    osrae(*data, "--method", "deepsmote", "--learning-rate", "0.002", "--max-steps", "9",
          "--set", "k_neighbors=3", "--set", "classifier.learning_rate=0.01",
          "--set", "classifier.max_steps=7", "--set", "classifier.loss=focal")  # fmt: skip
    model = load(tmp_path / "m")
    assert (model.sampler_.learning_rate, model.sampler_.n_steps_) == (0.002, 9)
    assert model.sampler_.k_neighbors == 3
    assert (model.classifier_.learning_rate, model.classifier_.n_steps_) == (0.01, 7)
    assert model.classifier_.loss == "focal"
    said = " ".join(osrae("info", tmp_path / "m").stdout.split())
    assert "model DeepSMOTE + DeepClassifier" in said
    assert "sampler DeepSMOTE: " in said
    assert "k_neighbors = 3" in said
    assert "classifier DeepClassifier: " in said
    assert "loss = 'focal'" in said
    assert "learning_rate = 0.002" in said
    assert "learning_rate = 0.01," in said
    assert "classifier.NAME=VALUE" in osrae("fit", "--help").stdout


def test_a_classifier_of_ones_choice_behind_a_sampler(iris, tmp_path):
    data = ["fit", iris, "--target", "species", "-o", tmp_path / "m", "--quiet"]
    osrae(*data, "--method", "smote+gradient-boosting", "--set", "classifier.max_iter=7",
          "--report", tmp_path / "report.html")  # fmt: skip
    model = load(tmp_path / "m")
    assert type(model.sampler_).__name__ == "SMOTEFamily"
    assert model.classifier_.n_iter_ == 7
    said = osrae("info", tmp_path / "m").stdout
    assert "SMOTEFamily + HistGradientBoostingClassifier" in said
    osrae("predict", tmp_path / "m", iris, "-o", tmp_path / "made.csv")
    assert (
        pd.read_csv(tmp_path / "made.csv")["prediction"] == pd.read_csv(iris)["species"]
    ).mean() > 0.8
    osrae(*data, "--method", "smote+plain", "--max-steps", "3", "--device", "cpu")
    assert load(tmp_path / "m").classifier_.n_steps_ == 3


def test_options_of_the_classifier_behind_are_checked_before_the_sampler_is_trained(iris, tmp_path):
    data = ["fit", iris, "--target", "species", "-o", tmp_path / "m"]
    said = refused(*data, "--method", "smote", "--learning-rate", "0.1")
    assert "it has --max-steps, --categorical; " in said
    assert "--set classifier.NAME=VALUE" in said
    said = refused(*data, "--method", "smote", "--set", "classifier.device=cpu")
    assert "variant" in said
    assert "classifier.learning_rate" in said
    assert "classifier.device," not in said
    osrae(*data, "--method", "two-stage", "--max-steps", "2", "--set", "classifier.batch_size=9")
    assert load(tmp_path / "m").classifier_.batch_size == 9
    # A method with nothing behind it has no such options.
    assert "NAME is one of" in refused(*data, "--method", "plain", "--set", "classifier.loss=focal")
    done = osrae(*data, "--method", "deepsmote", "--set", "classifier.learning_rate=high", expect=2)
    assert "'learning_rate' parameter of DeepClassifier" in done.stderr
    assert "step" not in done.stderr


def test_only_a_run_with_checkpoints_goes_on(iris, tmp_path, monkeypatch, capsys):
    data = ["resample", str(iris), "--target", "species", "-o", str(tmp_path / "more.csv"),
            "--method", "smote"]  # fmt: skip
    assert "--method smote keeps no checkpoint" in refused(*data, "--resume")

    def stops(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(SMOTEFamily, "_resample_rows", stops)
    monkeypatch.setattr("warnings.formatwarning", warnings.formatwarning)  # main sets it
    monkeypatch.setattr(sys, "argv", ["osrae", *data])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 130
    said = capsys.readouterr().err
    assert "nothing was written" in said
    assert "--resume" not in said


@pytest.mark.parametrize("name", ["mc-ccr", "bagan"])
def test_resampling_by_another_method(iris, tmp_path, name):
    options = ["--max-steps", "4"] if name == "bagan" else []
    osrae("resample", iris, "--target", "species", "-o", tmp_path / "more.csv", "--method", name,
          *options, "--quiet")  # fmt: skip
    more = pd.read_csv(tmp_path / "more.csv")
    assert more["species"].value_counts().tolist() == [50, 50, 50]


def test_data_are_called_balanced_only_if_they_are(iris, tmp_path):
    data = ["resample", iris, "--target", "species", "--method", "smote", "--quiet"]
    assert "Balanced data" in osrae(*data, "-o", tmp_path / "even.csv").stdout
    some = osrae(*data, "-o", tmp_path / "some.csv", "--count", "virginica=20").stdout
    assert "Balanced" not in some
    assert "Resampled data" in some


def test_what_a_library_cannot_do_is_one_sentence(iris, tmp_path):
    said = refused("resample", iris, "--target", "species", "-o", tmp_path / "more.csv",
                   "--method", "adasyn", "--count", "setosa=60")  # fmt: skip
    assert "class setosa" in said
    assert "Not any" in said


def test_pictures_by_a_method_that_moves_them(digits, tmp_path):
    osrae("resample", digits, "-o", tmp_path / "more", "--method", "mc-ccr")
    manifest = pd.read_csv(tmp_path / "more" / "manifest.csv")
    assert manifest["label"].value_counts().to_dict() == {"is 0": 20, "is 1": 20}
    assert "mixed_from" not in manifest
    old = manifest[~manifest["synthetic"]]
    now, before = (
        [Image.open(folder / file).tobytes() for file in old["file"]]
        for folder in (tmp_path / "more", digits)
    )
    assert [a != b for a, b in zip(now, before, strict=True)] == list(old["moved"])
    assert not manifest["moved"][manifest["synthetic"]].any()


@pytest.mark.parametrize("cleaning", ["translate", "remove"])
def test_rows_that_a_method_moves_are_marked_and_counted(iris, tmp_path, cleaning):
    data = ["resample", iris, "--target", "species", "--quiet", "-o", tmp_path / "more.csv"]
    said = osrae(*data, "--method", "mc-ccr", "--set", f"cleaning={cleaning}").stdout
    more, frame = pd.read_csv(tmp_path / "more.csv"), pd.read_csv(iris)
    old = more[~more["synthetic"]]
    assert not more.loc[more["synthetic"], "moved"].any()
    moved = int(old["moved"].sum())
    assert f"{moved} of 92 rows were moved" in said
    unmoved = old.loc[~old["moved"], frame.columns]
    pd.testing.assert_frame_equal(
        unmoved.merge(frame.drop_duplicates(), how="inner"), unmoved.reset_index(drop=True)
    )
    if cleaning == "translate":
        assert moved > 0
        differs = (old[frame.columns] != frame).any(axis=1)
        np.testing.assert_array_equal(differs, old["moved"])
        assert "removed" not in said
    else:
        assert moved == 0
        assert f"{92 - len(old)} of 92 rows were removed" in said
        assert re.search(r"setosa +│ +50 +│ +0 │", said)

    osrae(*data, "--method", "smote")
    assert "moved" not in pd.read_csv(tmp_path / "more.csv")
    assert "moved" in osrae("resample", "--help").stdout


def test_a_column_or_target_of_the_name_of_a_mark_is_refused(iris, tmp_path):
    frame = pd.read_csv(iris)
    frame.rename(columns={"site": "moved"}).to_csv(tmp_path / "moved.csv", index=False)
    data = ["resample", tmp_path / "moved.csv", "--quiet", "-o", tmp_path / "more.csv"]
    said = refused(*data, "--target", "species", "--method", "mc-ccr")
    assert 'column "moved", which marks moved rows' in said
    osrae(*data, "--target", "species", "--method", "smote")
    frame.rename(columns={"species": "synthetic"}).to_csv(tmp_path / "moved.csv", index=False)
    assert '"synthetic"' in refused(*data, "--target", "synthetic", "--method", "smote")


def test_methods_that_do_not_fit_the_command(iris, digits, tmp_path):
    data = [iris, "--target", "species", "-o", tmp_path / "m"]
    assert "gamo, dgc" in refused("fit", *data, "--method", "smoke")
    assert "has no --mixture-size" in refused(
        "fit", *data, "--method", "gamo", "--mixture-size", "3"
    )
    assert "rae is no sampler" in refused("fit", *data, "--method", "rae+gradient-boosting")
    assert "smote+: name a classifier" in refused("fit", *data, "--method", "smote+")
    assert "smote is a sampler" in refused("fit", *data, "--method", "adasyn+smote")
    assert "--method plain" in refused("fit", *data, "--method", "gamo", "--baseline")
    pictures = ["fit", digits, "-o", tmp_path / "m", "--method", "logistic-regression"]
    assert "is for tables" in refused(*pictures)
    data[-1] = tmp_path / "more.csv"
    assert "samplers are rae-sampler" in refused("resample", *data, "--method", "gamo")
    assert "has no --max-steps" in refused(
        "resample", *data, "--method", "smote", "--max-steps", "3"
    )
    assert not list(tmp_path.iterdir()) or {path.name for path in tmp_path.iterdir()} <= {iris.name}
