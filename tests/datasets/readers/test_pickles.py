"""Pickles of CIFAR's layout are read, and no code that a pickle names is run."""

from __future__ import annotations

import os
import pickle
import struct

import numpy as np
import pytest

from osrae import InputError
from osrae.datasets.readers.pickles import read_pickle

VALUES = np.arange(12, dtype=np.uint8).reshape(3, 4)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dtype", ["u1", "<i4", ">f8", "<f4", "bool"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_equal_those_of_plain_unpickling(protocol, dtype, order):
    values = np.array(VALUES % 5, dtype, order=order)
    content = pickle.dumps({"data": values, b"labels": [1, 2], "empty": b""}, protocol)
    read = read_pickle(content, "x")
    np.testing.assert_array_equal(read["data"], pickle.loads(content)["data"])
    assert read["data"].dtype == np.dtype(dtype).newbyteorder("=")
    assert read["labels"] == [1, 2]


@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_names_of_old_and_new_numpy(module):
    content = pickle.dumps({"data": VALUES}, 2)
    old, new = b"numpy.core.multiarray", b"numpy._core.multiarray"
    content = content.replace(new, old).replace(old, module)
    np.testing.assert_array_equal(read_pickle(content, "x")["data"], VALUES)


class Call:
    """Pickled, it asks for a call when it is unpickled."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("function", [os.system, exec, eval, os.mkdir])
@pytest.mark.parametrize("is_array", [True, False])
def test_no_code_is_run(tmp_path, monkeypatch, protocol, function, is_array):
    monkeypatch.chdir(tmp_path)
    argument = {
        os.system: "mkdir made",
        os.mkdir: "made",
        eval: "__import__('os').mkdir('made')",
        exec: "import os; os.mkdir('made')",
    }[function]
    value = Call(function, argument)
    content = pickle.dumps({"data": np.array([value]) if is_array else value}, protocol)
    with pytest.raises(InputError, match=r"x cannot be read \(.*No code in it was run"):
        read_pickle(content, "x")
    assert not (tmp_path / "made").exists()
    pickle.loads(content)  # the attack is real
    assert (tmp_path / "made").exists()


GLOBAL_DTYPE = b"cnumpy\ndtype\n"


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x04\x8c\x05numpy\x8c\x0fdtype.__class__\x93.",  # an attribute of what is allowed
        b"\x80\x02cbuiltins\ngetattr\n.",
        b"\x80\x02cnumpy\nload\n.",
        b"\x80\x02cosrae.datasets.readers.pickles\nread_pickle\n.",
        b"\x80\x02" + GLOBAL_DTYPE + b"}(U\x01ximpossibleb.",
        b"\x80\x02}U\x04data" + GLOBAL_DTYPE + b"}U\x08_nothingK\x01sbs.",  # changes a function
        b"\x80\x02}U\x04data" + GLOBAL_DTYPE + b"N}U\x08_nothingK\x01s\x86bs.",
        b"\x80\x02" + GLOBAL_DTYPE + b")\x81.",  # __new__ of it
        b"\x80\x02\x82\x01.",  # an extension code
        b"\x80\x02Pperson\n.",
        b"\x80\x02}K\x01K\x02s.",  # a key that is no text
        b"\x80\x02]q\x01.",  # a list
        b"\x80\x02}K\x01.",
        b"",
        b"hello world",
    ],
)
def test_everything_else_is_refused(content):
    with pytest.raises(InputError, match="x cannot be read"):
        read_pickle(content, "x")
    again = read_pickle(pickle.dumps({"data": VALUES}), "x")
    np.testing.assert_array_equal(again["data"], VALUES)


@pytest.mark.parametrize(
    ("shape", "dtype"), [((2**40,), b"u1"), ((2**62, 4), b"i4"), ((-2, -6), b"f8"), ((12,), b"O8")]
)
def test_arrays_that_promise_too_much(shape, dtype):
    numbers = b"".join(b"\x8a\x09" + struct.pack("<q", number) + b"\0" for number in shape)
    if min(shape) < 0:
        numbers = b"".join(b"J" + struct.pack("<i", number) for number in shape)
    content = (
        b"\x80\x02}U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b"
        b"\x87R(K\x01(" + numbers + b"tcnumpy\ndtype\nU\x02" + dtype + b"K\0K\x01\x87R(K\x03U\x01|"
        b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89U\x0c" + b"A" * 12 + b"tbs."
    )
    with pytest.raises(InputError, match=r"12 bytes are no array|O8 are not read"):
        read_pickle(content, "x")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_cut_short(part):
    content = pickle.dumps({"data": VALUES, "labels": list(range(100))})
    with pytest.raises(InputError, match="x cannot be read"):
        read_pickle(content[: int(len(content) * part)], "x")
