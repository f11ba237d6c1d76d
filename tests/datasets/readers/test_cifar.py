from __future__ import annotations

import pickle
import struct

import numpy as np
import pytest

from osrae import InputError
from osrae.datasets.readers import read_cifar10, read_cifar100

BATCHES = [f"data_batch_{number}" for number in range(1, 6)]
TEN = [f"class{number}" for number in range(10)]
HUNDRED = [f"fine{number}" for number in range(100)]
FORMS = ["cifar", "cifar.tar.gz", "cifar.zip"]


def rows(n: int, seed: int) -> np.ndarray:
    """Random pictures as the makers lay them out: all of red, all of green, all of blue."""
    return np.random.default_rng(seed).integers(0, 256, (n, 3072), dtype=np.uint8)


def text(value: str) -> bytes:
    return b"U" + bytes([len(value)]) + value.encode()


def python2(content: dict) -> bytes:
    """Pickle as Python 2 did (protocol 2), as in the release; texts are bytes there."""
    pieces = [b"\x80\x02}("]
    for key, value in content.items():
        pieces.append(text(key))
        if isinstance(value, np.ndarray):
            n, width = value.shape
            pieces += [
                b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b\x87R(K\x01",
                b"M" + struct.pack("<H", n) + b"M" + struct.pack("<H", width) + b"\x86",
                b"cnumpy\ndtype\nU\x02u1K\0K\x01\x87R(K\x03U\x01|NNN",
                b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89",
                b"T" + struct.pack("<i", value.nbytes) + value.tobytes() + b"tb",
            ]
        elif isinstance(value, list):
            items = [
                text(item) if isinstance(item, str) else b"K" + bytes([item]) for item in value
            ]
            pieces += [b"](", *items, b"e"]
        else:
            pieces.append(text(value))
    return b"".join([*pieces, b"u."])


def test_python2_layout_is_what_numpy_reads():
    content = python2({"data": rows(2, 0), "labels": [3, 4], "batch_label": "one"})
    read = pickle.loads(content, encoding="bytes")
    np.testing.assert_array_equal(read[b"data"], rows(2, 0))
    assert read[b"labels"] == [3, 4]


def cifar10_python(dump=python2, prefix: str = "") -> dict[str, bytes]:
    contents = {
        name: dump({"batch_label": name, "labels": [seed, 9 - seed], "data": rows(2, seed)})
        for seed, name in enumerate(BATCHES)
    }
    contents["test_batch"] = dump({"data": rows(3, 9), "labels": [5, 0, 9], "filenames": ["a.png"]})
    contents["batches.meta"] = dump({"label_names": TEN})
    contents["readme.html"] = b"<html>"
    return {f"{prefix}{name}": content for name, content in contents.items()}


def cifar10_binary(prefix: str = "") -> dict[str, bytes]:
    contents = {
        f"{name}.bin": binary(rows(2, seed), [[seed], [9 - seed]])
        for seed, name in enumerate(BATCHES)
    }
    contents["test_batch.bin"] = binary(rows(3, 9), [[5], [0], [9]])
    contents["batches.meta.txt"] = "\n".join([*TEN, "", ""]).encode()
    return {f"{prefix}{name}": content for name, content in contents.items()}


def binary(pictures: np.ndarray, labels: list[list[int]]) -> bytes:
    return np.hstack([np.array(labels, np.uint8), pictures]).tobytes()


def check_cifar10(read):
    assert read.X_train.shape == (10, 32, 32, 3)
    assert read.y_train.tolist() == [0, 9, 1, 8, 2, 7, 3, 6, 4, 5]
    assert read.y_test.tolist() == [5, 0, 9]
    assert read.class_names == tuple(TEN)
    # Pixel (row 4, column 7), its red, green and blue byte: 4 · 32 + 7 = 135 in each plane.
    assert read.X_train[6, 4, 7].tolist() == rows(2, 3)[0, [135, 1024 + 135, 2048 + 135]].tolist()
    assert read.X_test[2, 31, 0].tolist() == rows(3, 9)[2, [992, 2016, 3040]].tolist()
    assert read.X_train.flags.c_contiguous


def python3(content: dict) -> bytes:
    return pickle.dumps(content)


def python3_bytes(content: dict) -> bytes:
    """Pickle what Python 3 gets from a file of Python 2 with ``encoding="bytes"``."""
    return pickle.dumps({key.encode(): value for key, value in content.items()}, 2)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("prefix", ["", "cifar-10-batches-py/"])
@pytest.mark.parametrize("dump", [python2, python3, python3_bytes])
def test_cifar10_for_python(pack, form, prefix, dump):
    check_cifar10(read_cifar10(pack(form, cifar10_python(dump, prefix))))


@pytest.mark.parametrize("form", FORMS)
def test_cifar10_binary(pack, form):
    check_cifar10(read_cifar10(pack(form, cifar10_binary("cifar-10-batches-bin/"))))


def test_either_release_will_do(pack):
    incomplete = cifar10_python()
    del incomplete["data_batch_3"]
    check_cifar10(read_cifar10(pack("cifar", incomplete | cifar10_binary())))


@pytest.mark.parametrize("form", FORMS)
def test_cifar100_has_its_fine_labels(pack, form):
    train = {"fine_labels": [99, 3], "coarse_labels": [1, 2], "data": rows(2, 0)}
    contents = {
        "train": python2(train),
        "test": python2({"fine_labels": [0], "coarse_labels": [7], "data": rows(1, 1)}),
        "meta": python2({"fine_label_names": HUNDRED, "coarse_label_names": TEN}),
    }
    prefixed = {f"cifar-100-python/{name}": content for name, content in contents.items()}
    names = {"fine_label_names.txt": "\n".join(HUNDRED), "coarse_label_names.txt": "\n".join(TEN)}
    bins = {
        "train.bin": binary(rows(2, 0), [[1, 99], [2, 3]]),
        "test.bin": binary(rows(1, 1), [[7, 0]]),
    } | {name: content.encode() for name, content in names.items()}
    for path in (pack(form, prefixed), pack(f"bin-{form}", bins)):
        read = read_cifar100(path)
        assert read.y_train.tolist() == [99, 3]
        assert read.y_test.tolist() == [0]
        assert read.class_names == tuple(HUNDRED)
        expected = rows(2, 0).reshape(2, 3, 32, 32).transpose(0, 2, 3, 1)
        np.testing.assert_array_equal(read.X_train, expected)


@pytest.mark.parametrize("form", FORMS)
def test_missing_files_are_named(pack, form):
    contents = cifar10_python()
    del contents["data_batch_2"], contents["batches.meta"]
    with pytest.raises(InputError, match=r"cifar.* has no data_batch_2, batches\.meta; expected"):
        read_cifar10(pack(form, contents))
    with pytest.raises(InputError, match="has no train, test, meta"):
        read_cifar100(pack(f"other-{form}", {"readme.txt": b"hello"}))


def test_files_in_two_places_are_named(pack):
    folder = pack("cifar", cifar10_python(prefix="a/") | cifar10_python(prefix="b/"))
    with pytest.raises(InputError, match=r"holds batches\.meta twice \(a/batches\.meta and b/"):
        read_cifar10(folder)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("test_batch", b"\x80\x02}", "test_batch in .*cifar cannot be read"),
        ("test_batch", python2({"labels": [1]}), "test_batch in .* holds NoneType as pictures"),
        ("test_batch", python2({"data": rows(2, 0)[:, :100]}), r"uint8 \(2, 100\) as pictures"),
        ("test_batch", pickle.dumps({"data": rows(1, 0) / 2, "labels": [1]}), "float64"),
        ("test_batch", python2({"data": rows(2, 0), "labels": [1]}), "2 pictures and .* as labels"),
        ("test_batch", python2({"data": rows(1, 0), "labels": ["a"]}), "one whole number for each"),
        ("test_batch", python2({"data": rows(1, 0)}), "as labels"),
        (
            "test_batch",
            pickle.dumps({"data": rows(2, 0), "labels": [1, [2]]}),
            "no list of numbers",
        ),
        ("test_batch", python2({"data": rows(1, 0), "labels": [10]}), "labels from 10 to 10; .* 9"),
        ("data_batch_1", pickle.dumps({"data": rows(1, 0), "labels": [-1]}), "from -1 to -1"),
        ("batches.meta", python2({"label_names": "x"}), "no list of class names"),
        ("batches.meta", python2({}), "no list of class names"),
        ("batches.meta", pickle.dumps({"label_names": [b"\xff"]}), "class names that are no text"),
    ],
)
def test_damaged_pickles_are_named(pack, name, content, match):
    with pytest.raises(InputError, match=match):
        read_cifar10(pack("cifar", cifar10_python() | {name: content}))


def test_damaged_binary_files_are_named(pack):
    contents = cifar10_binary()
    short = {"test_batch.bin": contents["test_batch.bin"][:-1]}
    with pytest.raises(InputError, match=r"test_batch\.bin in .* cut short: it holds 9218 bytes"):
        read_cifar10(pack("short", contents | short))
    with pytest.raises(InputError, match="cut short: it holds 0 bytes"):
        read_cifar10(pack("empty", contents | {"test_batch.bin": b""}))
    wrong = {"test_batch.bin": binary(rows(2, 0), [[0], [200]])}
    with pytest.raises(InputError, match="labels from 0 to 200"):
        read_cifar10(pack("wrong", contents | wrong))


def test_hostile_pickle_in_an_archive(pack, tmp_path):
    content = b"\x80\x02cos\nmkdir\nU" + bytes([len(f"{tmp_path}/made")])
    content += f"{tmp_path}/made".encode() + b"\x85R."
    with pytest.raises(InputError, match=r"asks for os\.mkdir, which is not allowed"):
        read_cifar10(pack("cifar.tar.gz", cifar10_python() | {"data_batch_1": content}))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("form", FORMS[1:])
def test_archive_cut_short(pack, form):
    path = pack(form, cifar10_python())
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(InputError, match=rf"The archive .*{form} cannot be read"):
        read_cifar10(path)
