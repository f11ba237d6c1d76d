"""ISOLET, optical digits, w7a, the KDD Cup 2004, and imbalanced-learn's benchmark."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pytest
from sklearn.datasets import dump_svmlight_file, load_digits

from osrae import InputError
from osrae.datasets.readers import (
    read_imblearn,
    read_isolet,
    read_optdigits,
    read_optical_digits,
    read_protein_homo,
    read_w7a,
)

FORMS = ["data", "data.zip", "data.tar.gz"]
RNG = np.random.default_rng(0)
ISOLET = RNG.uniform(-1, 1, (6, 617)).round(4)
ISOLET_NAMES = ("isolet1+2+3+4.data", "isolet5.data")
BIO = RNG.normal(size=(4, 74)).round(2)


def csv(features: np.ndarray, classes: list[int], between: str, end: str) -> bytes:
    """UCI writes ISOLET's class as ``1.``."""
    lines = (
        between.join([*map(str, row), f"{label}{end}"])
        for row, label in zip(features.tolist(), classes, strict=True)
    )
    return "\n".join([*lines, ""]).encode()


def isolet() -> dict[str, bytes]:
    return {
        ISOLET_NAMES[0]: csv(ISOLET[:4], [1, 2, 3, 26], ", ", "."),
        ISOLET_NAMES[1]: csv(ISOLET[4:], [2, 25], ", ", "."),
    }


@pytest.mark.parametrize("form", FORMS)
def test_isolet(pack, form):
    read = read_isolet(pack(form, isolet()))
    np.testing.assert_array_equal(read.X_train, ISOLET[:4])
    np.testing.assert_array_equal(read.X_test, ISOLET[4:])
    assert read.y_train.tolist() == [1, 1, -1, -1]
    assert read.y_test.tolist() == [1, -1]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (None, r"has no isolet5\.data; expected isolet1\+2\+3\+4\.data, isolet5\.data"),
        (b"", r"isolet5\.data in .* has 0 columns; expected 618"),
        (b"1, 2, 3.\n", "has 3 columns; expected 618"),
        (csv(ISOLET[:1], [27], ", ", "."), "has the class 27; expected 1 to 26"),
        (csv(ISOLET[:1], [1], ", ", ".5"), "has the class 1.5"),
        (csv(ISOLET[:1], [1], "; ", "."), "numbers with commas"),
        (b"\xff\xfe", "numbers with commas"),
        (csv(ISOLET[:2], [1, 2], ", ", ".")[:-30], "numbers with commas"),
    ],
)
def test_damaged_isolet(pack, content, match):
    contents = isolet() | {"isolet5.data": content}
    contents = {name: value for name, value in contents.items() if value is not None}
    with pytest.raises(InputError, match=match):
        read_isolet(pack("data", contents))


def digits(*classes: int) -> bytes:
    return csv(np.tile(np.arange(64), (len(classes), 1)), list(classes), ",", "")


def test_optical_digits(tmp_path):
    path = tmp_path / "optdigits.tra"
    path.write_bytes(digits(3, 8))
    X, read = read_optical_digits(path)
    np.testing.assert_array_equal(X, np.tile(np.arange(64.0), (2, 1)))
    assert list(read) == [3, 8]
    assert read.dtype == np.int64
    path.write_text("1,2,3\n")
    with pytest.raises(InputError, match="3 columns"):
        read_optical_digits(path)
    path.write_text("a,b\n")
    with pytest.raises(InputError, match=r"optdigits\.tra"):
        read_optical_digits(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_optical_digits(tmp_path / "nowhere")


@pytest.mark.parametrize("form", FORMS)
def test_optdigits(pack, form):
    contents = {"optdigits.tra": digits(8, 0, 9), "optdigits.tes": digits(1, 8)}
    read = read_optdigits(pack(form, contents))
    assert read.y_train.tolist() == [1, -1, -1]
    assert read.y_test.tolist() == [-1, 1]
    assert read.X_test.shape == (2, 64)


def test_scikit_learn_has_the_test_digits(pack):
    folder = pack("data", {"optdigits.tra": digits(8)})
    for path in (folder, folder / "optdigits.tra"):
        read = read_optdigits(path)
        np.testing.assert_array_equal(read.X_test, load_digits().data)
        assert (read.y_test == 1).sum() == 174  # eights, as its description says
        assert read.y_train.tolist() == [1]


def test_real_optical_digits(real_data):
    """5,620 rows, 9.1 : 1, as imbalanced-learn states."""
    read = read_optdigits(real_data / "optdigits")
    y = np.concatenate([read.y_train, read.y_test])
    assert len(y) == 5620
    assert round((y == -1).sum() / (y == 1).sum(), 1) == 9.1


def bio() -> bytes:
    lines = (
        "\t".join(["279", str(number), str(number % 2), *map(str, row)])
        for number, row in enumerate(BIO.tolist())
    )
    return "\n".join([*lines, ""]).encode()


@pytest.mark.parametrize("form", FORMS)
def test_protein_homo(pack, form):
    path = pack(form, {"bio_train.dat": bio(), "bio_test.dat": b"", "phy_train.dat": b""})
    read = read_protein_homo(path)
    np.testing.assert_array_equal(read.X_train, BIO)
    assert read.y_train.tolist() == [-1, 1, -1, 1]
    assert read.X_test is None
    if form == "data":
        np.testing.assert_array_equal(read_protein_homo(path / "bio_train.dat").X_train, BIO)


def test_damaged_protein_homo(pack):
    with pytest.raises(InputError, match=r"has no bio_train\.dat"):
        read_protein_homo(pack("none", {"bio_test.dat": b""}))
    with pytest.raises(InputError, match="numbers with spaces"):
        read_protein_homo(pack("short", {"bio_train.dat": bio()[:-20]}))
    with pytest.raises(InputError, match="has the class 2; expected 0 to 1"):
        read_protein_homo(pack("wrong", {"bio_train.dat": bio().replace(b"\t1\t1\t", b"\t1\t2\t")}))


def svmlight(X: np.ndarray, y: list[int]) -> bytes:
    buffer = io.BytesIO()
    dump_svmlight_file(X, y, buffer, zero_based=False)
    return buffer.getvalue()


@pytest.mark.parametrize("form", FORMS)
def test_w7a(pack, form):
    X = (np.random.default_rng(1).random((5, 300)) < 0.1).astype(float)
    contents = {"w7a": svmlight(X[:3], [-1, 1, -1]), "w7a.t": svmlight(X[3:], [1, -1])}
    read = read_w7a(pack(form, contents))
    np.testing.assert_array_equal(read.X_train, X[:3])
    np.testing.assert_array_equal(read.X_test, X[3:])
    assert read.y_train.tolist() == [-1, 1, -1]
    alone = read_w7a(pack("alone", {"w7a": contents["w7a"]}) / "w7a")
    np.testing.assert_array_equal(alone.X_train, X[:3])
    assert alone.X_test is None


def test_feature_numbers_of_w7a_count_from_one(pack):
    read = read_w7a(pack("data", {"w7a": b"+1 1:1 300:1\n-1 2:1\n-1\n"}))
    assert np.argwhere(read.X_train).tolist() == [[0, 0], [0, 299], [1, 1]]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"+1 301:1\n-1 1:1\n", "300 features in LIBSVM's format"),
        (b"hello\n", "300 features"),
        (b"2 1:1\n", r"labels \[2.0\]; expected -1 and 1"),
        (b"", r"300 features|labels \[\]"),
    ],
)
def test_damaged_w7a(pack, content, match):
    with pytest.raises(InputError, match=match):
        read_w7a(pack("data", {"w7a": content}))


def npz(compressed: bool = True, **arrays) -> bytes:
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, **arrays)
    return buffer.getvalue()


TABLE = npz(data=ISOLET, label=np.array([1, -1, -1, 1, -1, -1]))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("prefix", ["", "zenodo/"])
def test_imblearn(pack, form, prefix):
    contents = {f"{prefix}x9data.npz": TABLE, f"{prefix}x19data.npz": b"not read"}
    path = pack(form, contents)
    read = read_imblearn(path, 9)
    np.testing.assert_array_equal(read.X_train, ISOLET)
    assert read.y_train.tolist() == [1, -1, -1, 1, -1, -1]
    assert read.X_test is None
    if form == "data":
        read = read_imblearn(path / f"{prefix}x9data.npz", 9)
        np.testing.assert_array_equal(read.X_train, ISOLET)
    with pytest.raises(InputError, match=r"has no x26data\.npz"):
        read_imblearn(path, 26)


class Code:
    def __reduce__(self):
        return print, ("attacked",)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (npz(data=ISOLET), r"x9data\.npz in .* has no array label"),
        (npz(data=ISOLET, label=np.ones(6)), r"6 labels \[1.0\]; expected numbers"),
        (npz(data=ISOLET, label=np.array([1, -1])), "2 labels"),
        (npz(data=ISOLET[0], label=np.ones(617)), r"float64 \(617,\)"),
        (npz(data=np.full((2, 2), "a"), label=np.array([1, -1])), "<U1"),
        (
            npz(data=np.array([Code()], object), label=np.ones(1)),
            r"data\.npy .* allow_pickle=False",
        ),
        (TABLE[:-50], "cannot be read"),
        (TABLE[:500] + b"!!!" + TABLE[503:], "cannot be read"),
        (b"hello", "cannot be read"),
    ],
)
def test_damaged_imblearn(pack, capfd, content, match):
    with pytest.raises(InputError, match=match):
        read_imblearn(pack("data", {"x9data.npz": content}), 9)
    assert "attacked" not in capfd.readouterr().out


def header(shape: str) -> bytes:
    """The start of an array file that promises a shape."""
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\0" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize("shape", ["(2**40,)", "(1000000000000,)", "(4611686018427387904, 8)"])
def test_arrays_that_promise_too_much(pack, shape):
    content = pack("x.zip", {"data.npy": header(shape) + b"12345678"}).read_bytes()
    with pytest.raises(InputError, match=r"data\.npy in x9data\.npz in .* cannot be read"):
        read_imblearn(pack("data", {"x9data.npz": content}), 9)


def test_bomb_inside_an_array_file(pack, monkeypatch):
    monkeypatch.setattr("osrae.data.archives._LARGEST_FILE", 100_000)
    content = npz(data=np.zeros((100, 1000)), label=np.ones(100))
    assert len(content) < 10_000
    with pytest.raises(
        InputError, match=r"data\.npy in x9data\.npz in .* unpacks to 800,128 bytes"
    ):
        read_imblearn(pack("data.tar.gz", {"x9data.npz": content}), 9)


def test_file_alone_may_not_be_gzipped_under_its_name(pack):
    with pytest.raises(InputError, match="cannot be read"):
        read_imblearn(pack("data", {"x9data.npz": gzip.compress(TABLE)}) / "x9data.npz", 9)
