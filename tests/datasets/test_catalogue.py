from __future__ import annotations

import gzip
import shutil
import struct

import numpy as np
import pytest
from sklearn.datasets import load_digits

from osrae import InputError
from osrae.datasets import (
    available,
    catalogue,
    describe,
    download_dataset,
    load_original,
    load_split,
)
from osrae.datasets.download import Remote
from osrae.datasets.profiles import PAPER
from osrae.datasets.registry import find


def write_idx(path, values: np.ndarray) -> None:
    header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}i", *values.shape)
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(header + values.astype(np.uint8).tobytes())


@pytest.fixture(scope="module")
def mnist_like(tmp_path_factory):
    """Files of MNIST's layout; each picture carries its own number, so that rows are known."""
    folder = tmp_path_factory.mktemp("data") / "mnist"
    folder.mkdir()
    for part, per_class in (("train", 4300), ("t10k", 980)):
        labels = np.repeat(np.arange(10), per_class)
        numbers = np.arange(len(labels))
        pictures = np.zeros((len(labels), 28, 28), np.uint8)
        pictures[:, 0, 0] = numbers % 256
        pictures[:, 0, 1] = numbers // 256
        pictures[:, 1, 0] = labels
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", pictures)
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels)
    return folder.parent


@pytest.fixture
def nothing_here(tmp_path, monkeypatch):
    """A machine without data sets, whose cache is empty."""
    for name in ("OSRAE_DATA", "SCIKIT_LEARN_DATA", "XDG_CACHE_HOME"):
        folder = tmp_path / name.lower()
        folder.mkdir()
        monkeypatch.setenv(name, str(folder))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def counts(y) -> list[int]:
    return np.unique(y, return_counts=True)[1].tolist()


def test_every_data_set_of_the_paper_is_there():
    paper = {"mnist", "fashion-mnist", "svhn", "cifar10", "cifar100", "celeba", "imagenet-100",
             "optdigits", "isolet", "webpage", "protein-homo"}  # fmt: skip
    assert set(available()) == paper | {"digits"}
    for name in available():
        entry = describe(name)
        assert entry.name == name
        assert entry.citation
        assert entry.licence
        assert entry.homepage.startswith("http")
        assert entry.bundled or (entry.layouts and (entry.remotes or entry.manual))
        assert (entry.distribution is None) == (entry.kind == "table")
        if entry.distribution:
            assert len(entry.distribution.train) == entry.n_classes


def test_the_distribution_of_the_paper(mnist_like):
    split = load_split("mnist", mnist_like, seed=0)
    assert counts(split.y_train) == list(PAPER["mnist"].train)
    assert counts(split.y_test_balanced) == [800] * 10
    assert counts(split.y_test_imbalanced) == list(PAPER["mnist"].imbalanced_test)
    np.testing.assert_array_equal(split.X_train[:, 1, 0], split.y_train)
    assert counts(split.y_validation) == [300] * 10
    X = np.concatenate([split.X_train, split.X_validation])
    rows = X[:, 0, 0] + 256 * X[:, 0, 1].astype(int)
    assert len(np.unique(rows)) == len(rows)


def test_the_seed_decides_the_subsample(mnist_like):
    first, same, other = (load_split("mnist", mnist_like, seed=s).X_train for s in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_digits_come_with_scikit_learn_and_keep_their_test_part():
    splits = [load_split("digits", seed=seed) for seed in (0, 1)]
    original = load_original("digits")
    public = {row.tobytes() for row in original.X_test}
    for split in splits:
        assert counts(split.y_train) == list(PAPER["digits"].train)
        for part in (split.X_train, split.X_validation):
            assert not public & {row.tobytes() for row in part}
        assert {row.tobytes() for row in split.X_test_balanced} <= public
    assert not np.array_equal(*(split.X_train for split in splits))


def test_optical_digits_have_the_eight_as_minority(tmp_path):
    X, digits = load_digits(return_X_y=True)
    (tmp_path / "optdigits").mkdir()
    table = np.column_stack([X, digits]).astype(int)
    np.savetxt(tmp_path / "optdigits" / "optdigits.tra", table, fmt="%d", delimiter=",")
    split = load_split("optdigits", tmp_path)
    y = np.concatenate([split.y_train, split.y_test_balanced])
    assert len(y) == 2 * len(digits)
    assert (y == 1).sum() == 2 * (digits == 8).sum()


def test_where_data_are_looked_for(mnist_like, nothing_here, monkeypatch):
    files = mnist_like / "mnist"
    monkeypatch.setenv("OSRAE_DATA", str(mnist_like))
    assert len(load_original("mnist", download=False).y_test) == 9800
    (nothing_here / "torch").mkdir()
    for place in ("../shared/data/mnist", "xdg_cache_home/osrae/data/mnist", "torch/MNIST/raw"):
        monkeypatch.setenv("OSRAE_DATA", str(nothing_here / "torch"))
        folder = (nothing_here / place).resolve()
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.symlink_to(files)
        assert len(load_original("mnist", download=False).y_test) == 9800
        folder.unlink()
        with pytest.raises(InputError):
            load_original("mnist", download=False)


def test_a_file_of_many_data_sets_is_not_taken_for_one(nothing_here, mnist_like, monkeypatch):
    """MNIST and Fashion-MNIST have the same file names: a folder of data sets is not theirs."""
    monkeypatch.setenv("OSRAE_DATA", str(mnist_like / "mnist"))
    with pytest.raises(InputError, match="Fashion-MNIST was not found"):
        load_original("fashion-mnist", download=False)
    assert len(load_original("fashion-mnist", mnist_like / "mnist").y_test) == 9800


def test_what_is_not_there_is_said(nothing_here):
    with pytest.raises(InputError, match=r"train_32x32.*osrae datasets get svhn.*OSRAE_DATA"):
        load_original("svhn", download=False)
    with pytest.raises(InputError, match=r"img_align_celeba.*mmlab"):
        load_original("celeba")
    with pytest.raises(InputError, match="does not exist"):
        load_original("svhn", nothing_here / "none")
    with pytest.raises(InputError, match=r"unknown\. Did you mean mnist"):
        load_original("minst")
    with pytest.raises(InputError, match=r"cannot be downloaded by a program.*image-net\.org"):
        download_dataset("imagenet-100")


def test_a_mistyped_environment_is_not_passed_over(nothing_here, monkeypatch):
    monkeypatch.setenv("OSRAE_DATA", str(nothing_here / "none"))
    with pytest.raises(InputError, match=r"OSRAE_DATA is .*no folder"):
        load_original("mnist")


def test_homes_are_expanded(nothing_here, mnist_like, monkeypatch):
    monkeypatch.setenv("HOME", str(mnist_like))
    assert len(load_original("mnist", "~/mnist").y_test) == 9800
    monkeypatch.setenv("OSRAE_DATA", "~")
    assert len(load_original("mnist", download=False).y_test) == 9800


@pytest.mark.parametrize("name", ["MNIST", "Fashion_MNIST", "CIFAR-10", "imagenet100"])
def test_names_are_known_in_every_spelling(name):
    assert describe(name).name in available()


def test_an_interrupted_download_is_not_data(mnist_like, nothing_here, monkeypatch):
    folder = nothing_here / "half" / "mnist"
    shutil.copytree(mnist_like / "mnist", folder)
    last = folder / "t10k-labels-idx1-ubyte.gz"
    last.rename(f"{last}.part")
    (folder / f"{last.name}.part.json").write_text("{}")
    assert find(describe("mnist"), folder) is None


def test_a_folder_of_many_data_sets_is_not_taken_for_each(mnist_like):
    assert find(describe("fashion-mnist"), mnist_like / "mnist") is not None
    assert find(describe("fashion-mnist"), mnist_like / "mnist", is_its_own=False) is None
    assert find(describe("mnist"), mnist_like, is_its_own=False) is not None


def test_the_folder_or_file_itself_may_be_named(tmp_path):
    (tmp_path / "cifar-10-batches-py").mkdir()
    (tmp_path / "bio_train.dat").touch()
    found = find(describe("cifar10"), tmp_path / "cifar-10-batches-py")
    assert found.path.name == "cifar-10-batches-py"
    assert find(describe("protein-homo"), tmp_path / "bio_train.dat").path.name == "bio_train.dat"


def test_files_of_another_data_set_are_refused(tmp_path):
    for part in ("train", "t10k"):
        write_idx(tmp_path / f"{part}-images-idx3-ubyte.gz", np.zeros((20, 8, 8)))
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte.gz", np.arange(20) % 5)
    with pytest.raises(InputError, match=r"5 classes .*\(8, 8\); MNIST has 10 of shape \(28, 28\)"):
        load_original("mnist", tmp_path)


@pytest.mark.parametrize("seed", [-1, None, 0.5])
def test_seeds_are_whole_numbers(seed):
    with pytest.raises(InputError, match="seed="):
        load_split("digits", seed=seed)


def test_what_is_not_there_is_downloaded_to_the_cache(mnist_like, nothing_here, monkeypatch):
    entry = describe("mnist")
    fetched = []

    def fetch(remote: Remote, folder, *, progress: bool):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / remote.name).write_bytes((mnist_like / "mnist" / remote.name).read_bytes())
        fetched.append(remote.name)

    monkeypatch.setattr(catalogue, "fetch", fetch)
    assert len(load_original("mnist").y_test) == 9800
    assert fetched == [remote.name for remote in entry.remotes]
    assert (nothing_here / "xdg_cache_home/osrae/data/mnist" / fetched[0]).is_file()
    load_original("mnist")
    assert len(fetched) == 4  # what is there is not fetched again


def test_too_few_samples_of_a_class(tmp_path, monkeypatch):
    folder = tmp_path / "mnist"
    folder.mkdir()
    for part in ("train", "t10k"):
        labels = np.repeat(np.arange(10), 50)
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", np.zeros((500, 28, 28)))
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels)
    with pytest.raises(InputError, match=r"4000 of class 0 \(there are 50\), 2000 of class 1"):
        load_split("mnist", tmp_path)
