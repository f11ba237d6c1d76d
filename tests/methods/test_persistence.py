from __future__ import annotations

import errno
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from safetensors import safe_open
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris

from osrae import InputError, ModelFileError, RAEClassifier, SMOTEFamily, load, storage
from osrae.methods import available
from osrae.methods.persistence import read_notes, save_estimator

IRIS, SPECIES = load_iris(return_X_y=True)
FAST = {"max_steps": 30, "batch_size": 16, "device": "cpu", "random_state": 0}


@pytest.fixture(scope="module")
def model():
    return RAEClassifier(**FAST).fit(IRIS, SPECIES)


@pytest.fixture
def saved(model, tmp_path):
    model.save(tmp_path / "model")
    return tmp_path / "model"


def test_a_loaded_model_is_the_same_model(model, saved):
    again = load(saved)
    assert isinstance(again, RAEClassifier)
    np.testing.assert_array_equal(again.predict_proba(IRIS), model.predict_proba(IRIS))
    np.testing.assert_array_equal(again.sample(4, 1, random_state=0),
                                  model.sample(4, 1, random_state=0))  # fmt: skip
    assert again.get_params()["max_steps"] == 30
    assert again.history_ == model.history_
    assert again.n_features_in_ == 4
    assert sorted(path.name for path in saved.iterdir()) == ["model.safetensors", "osrae.json"]


@pytest.mark.filterwarnings("ignore::osrae.DataWarning")
@pytest.mark.parametrize("entry", available(kind="sampler"), ids=lambda entry: entry.name)
def test_a_loaded_sampler_knows_what_it_added(entry, tmp_path):
    known = entry.defaults.keys()
    fast = {name: value for name, value in FAST.items() if name in known} | {"random_state": 0}
    if "max_steps" in known:
        fast["max_steps"] = 4
    names = np.array(["setosa", "versicolor", "virginica"])[SPECIES]
    sampler = entry.estimator(**fast, sampling_strategy={"virginica": 30, "versicolor": 60})
    sampler.fit_resample(IRIS[:120], names[:120])
    sampler.save(tmp_path / "sampler")
    again = load(tmp_path / "sampler")
    assert again.sampling_strategy_ == sampler.sampling_strategy_
    # What belongs to the latest result is not saved, as the docstrings say.
    assert not hasattr(again, "synthetic_mask_")
    if hasattr(sampler, "sample"):
        same = [model.sample(5, "virginica", 0) for model in (sampler, again)]
        np.testing.assert_array_equal(*same)


def test_frames_pictures_and_all_sorts_of_labels_survive(tmp_path):
    frame = pd.DataFrame({"a": IRIS[:, 0], "b": pd.Categorical(SPECIES.astype(str))})
    labels = np.empty(150, dtype=object)
    labels[:] = [((0, 1), "two", 3)[code] for code in SPECIES]
    model = RAEClassifier(**FAST).fit(frame, labels)
    model.save(tmp_path / "table")
    again = load(tmp_path / "table")
    assert list(again.feature_names_in_) == ["a", "b"]
    assert list(again.predict(frame)) == list(model.predict(frame))
    pd.testing.assert_frame_equal(again.sample(3, "two", 0), model.sample(3, "two", 0))

    images, digits = load_digits(n_class=2, return_X_y=True)
    pictures = (images.reshape(-1, 8, 8) * 15).astype(np.uint8)
    model = RAEClassifier(**{**FAST, "max_steps": 3}).fit(pictures[:60], digits[:60])
    model.save(tmp_path / "pictures")
    again = load(tmp_path / "pictures")
    np.testing.assert_array_equal(again.predict_proba(pictures), model.predict_proba(pictures))
    np.testing.assert_array_equal(again.sample(3, 0, 0), model.sample(3, 0, 0))


def test_saving_again_replaces_a_model_and_nothing_else(model, saved, tmp_path):
    model.save(saved)
    assert load(saved).n_steps_ == 30
    other = tmp_path / "letters"
    other.mkdir()
    (other / "dear.txt").write_text("keep me")
    with pytest.raises(InputError, match="exists and is not replaced"):
        model.save(other)
    assert (other / "dear.txt").read_text() == "keep me"


def test_a_model_file_holds_tensors_and_plain_values_only(saved):
    with safe_open(str(saved / "model.safetensors"), "numpy") as file:
        assert any(".encoder." in name for name in file.keys())  # noqa: SIM118
        assert not any(".critic." in name for name in file.keys())  # noqa: SIM118
    json.loads((saved / "osrae.json").read_text())


def test_notes_travel_with_the_model(model, tmp_path):
    save_estimator(model, tmp_path / "model", {"target": "species"})
    assert read_notes(tmp_path / "model") == {"target": "species"}


def test_warm_start_goes_on_from_a_loaded_model(saved):
    model = load(saved).set_params(warm_start=True, max_steps=5)
    before = model.history_[-1]["classifier"]
    model.fit(IRIS, SPECIES)
    assert model.history_[0]["classifier"] < 1.5 * before


# ---------------------------------------------------------------- files that are no models


def test_no_model(tmp_path, saved):
    with pytest.raises(ModelFileError, match="does not exist"):
        load(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ModelFileError, match="is a file"):
        load(tmp_path / "notes.txt")
    with pytest.raises(ModelFileError, match=r"holds .*notes.txt"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["model.safetensors", "osrae.json"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.98])
def test_truncated_files(saved, name, share):
    content = (saved / name).read_bytes()
    (saved / name).write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelFileError, match="damaged"):
        load(saved)


def test_missing_tensors_and_mismatching_parts(saved):
    header = json.loads((saved / "osrae.json").read_text())
    header["settings"]["latent_dim"] = 5
    (saved / "osrae.json").write_text(json.dumps(header))
    with pytest.raises(ModelFileError, match="do not fit together"):
        load(saved)
    (saved / "model.safetensors").unlink()
    with pytest.raises(ModelFileError, match="damaged"):
        load(saved)


def test_an_older_version_is_named(saved):
    header = json.loads((saved / "osrae.json").read_text())
    (saved / "osrae.json").write_text(json.dumps(header | {"format_version": 1}))
    with pytest.raises(ModelFileError, match=r"version 1.*Train again"):
        load(saved)


def test_a_newer_version_is_named(saved):
    header = json.loads((saved / "osrae.json").read_text())
    header |= {"format_version": 99, "versions": {"osrae": "7.0"}}
    (saved / "osrae.json").write_text(json.dumps(header))
    with pytest.raises(ModelFileError, match=r"written by osrae 7\.0.*Upgrade"):
        load(saved)


# ---------------------------------------------------------------- places that cannot be written


def test_a_disk_that_takes_no_more(model, tmp_path):
    """The system's own limit on file sizes, in a process of its own."""
    model.save(tmp_path / "model")
    code = (
        "import resource, signal, sys; from osrae import load; model = load(sys.argv[1]);"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000));"
        "model.save(sys.argv[2])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "model", tmp_path / "copy"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "InputError: No space left" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize(
    ("number", "match"), [(errno.ENOSPC, "No space left"), (errno.EACCES, "No permission")]
)
def test_a_full_or_forbidden_disk_leaves_the_old_model(model, saved, monkeypatch, number, match):
    before = {path.name: path.read_bytes() for path in saved.iterdir()}

    def fail(path, content):
        raise OSError(number, "no")

    monkeypatch.setattr(storage, "write_json", fail)
    with pytest.raises(InputError, match=match):
        model.save(saved)
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before
    assert [path.name for path in saved.parent.iterdir()] == ["model"]


def test_no_folder_to_write_to(model, tmp_path):
    with pytest.raises(InputError, match="Make it first"):
        model.save(tmp_path / "nowhere" / "model")


# ---------------------------------------------------------------- parameters


@pytest.mark.parametrize("strategy", [{1: 55, 2: 60}, {np.int64(2): 60}, "minority", "auto"])
def test_a_sampling_strategy_is_the_same_one_afterwards(strategy, tmp_path):
    sampler = SMOTEFamily(sampling_strategy=strategy, random_state=0)
    X, y = IRIS[:130], SPECIES[:130]
    made = sampler.fit_resample(X, y)[0]
    sampler.save(tmp_path / "sampler")
    again = load(tmp_path / "sampler")
    assert again.sampling_strategy == strategy
    np.testing.assert_array_equal(
        clone(again).set_params(random_state=0).fit_resample(X, y)[0], made
    )


def test_a_function_among_the_parameters_is_named(tmp_path):
    sampler = SMOTEFamily(sampling_strategy=lambda y: {2: 60}, random_state=0)
    sampler.fit_resample(IRIS[:130], SPECIES[:130])
    with pytest.warns(UserWarning, match="sampling_strategy=.* is a function"):
        sampler.save(tmp_path / "sampler")
    assert load(tmp_path / "sampler").sampling_strategy_ == {2: 30}
