from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from osrae import InputError
from osrae.datasets.readers import IMAGENET100, read_imagenet
from osrae.datasets.readers.imagenet import read_class_list

#: The first lines of the file that comes with the downsampled release: not in alphabetical order.
MAP = "n02119789 1 kit_fox\nn02100735 2 English_setter\nn02110185 3 Siberian_husky\n"
FOX, SETTER, HUSKY = "n02119789", "n02100735", "n02110185"
FORMS = ["imagenet", "imagenet.tar", "imagenet.zip"]


@pytest.fixture
def classes(tmp_path) -> Path:
    path = tmp_path / "classes.txt"
    path.write_text(f"# two classes\n{HUSKY} # a dog\n\n{FOX}\n")
    return path


def jpeg(grey: int, size: tuple[int, int] = (50, 40)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (grey,) * 3).save(buffer, "JPEG")
    return buffer.getvalue()


def class_folders(prefix: str = "") -> dict[str, bytes]:
    contents = {
        f"train/{FOX}/{FOX}_2.JPEG": jpeg(20),
        f"train/{FOX}/{FOX}_10.JPEG": jpeg(10, (32, 90)),
        f"train/{HUSKY}/a.jpeg": jpeg(30),
        f"train/{SETTER}/b.JPEG": b"not listed, so not decoded",
        f"train/{FOX}/notes.txt": b"no picture",
        f"val/{HUSKY}/c.JPEG": jpeg(40),
        f"val/{FOX}/d.JPEG": jpeg(50),
        "LOC_val_solution.csv": b"",
    }
    return {f"{prefix}{name}": content for name, content in contents.items()}


def greys(X) -> list[int]:
    assert X.shape[1:] == (32, 32, 3)
    return np.rint(X.mean(axis=(1, 2, 3))).astype(int).tolist()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("prefix", ["", "ILSVRC/"])
def test_class_folders(pack, classes, form, prefix):
    read = read_imagenet(pack(form, class_folders(prefix)), classes)
    assert read.y_train.tolist() == [0, 1, 1]
    assert greys(read.X_train) == pytest.approx([30, 10, 20], abs=1)
    assert read.y_test.tolist() == [0, 1]
    assert greys(read.X_test) == pytest.approx([40, 50], abs=1)
    assert read.class_names == (HUSKY, FOX)


def rows(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 3072), dtype=np.uint8)


def as_pickle(**content) -> bytes:
    content["labels"] = np.asarray(content["labels"]).tolist()
    return pickle.dumps(content)


def as_npz(**content) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **content)
    return buffer.getvalue()


def release(dump, end: str) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Each of the ten training files holds one picture of each of the three classes."""
    train = {
        f"train_data_batch_{n}{end}": dump(
            data=rows(3, n), labels=np.array([1, 2, 3]), mean=np.zeros(3072)
        )
        for n in range(1, 11)
    }
    return train, {f"val_data{end}": dump(data=rows(2, 0), labels=np.array([3, 1]))}


def check_release(read) -> None:
    """Label 3 is the husky, class 0 of the list; label 1 the fox, class 1."""
    assert read.y_train.tolist() == [1, 0] * 10
    assert read.y_test.tolist() == [0, 1]
    pictures = [rows(3, n).reshape(3, 3, 32, 32).transpose(0, 2, 3, 1) for n in range(1, 11)]
    np.testing.assert_array_equal(read.X_train[::2], [batch[0] for batch in pictures])
    np.testing.assert_array_equal(read.X_train[1::2], [batch[2] for batch in pictures])
    np.testing.assert_array_equal(
        read.X_test, rows(2, 0).reshape(2, 3, 32, 32).transpose(0, 2, 3, 1)
    )
    assert read.class_names == (HUSKY, FOX)


@pytest.mark.parametrize(("dump", "end"), [(as_pickle, ""), (as_npz, ".npz")])
@pytest.mark.parametrize("prefix", ["", "imagenet-32-batches-py/"])
@pytest.mark.parametrize("map_prefix", ["", "imagenet-32-batches-py/"])
def test_release_unpacked(pack, classes, dump, end, prefix, map_prefix):
    train, test = release(dump, end)
    contents = {f"{prefix}{name}": content for name, content in (train | test).items()}
    contents[f"{map_prefix}map_clsloc.txt"] = MAP.encode()
    check_release(read_imagenet(pack("imagenet32", contents), classes))


@pytest.mark.parametrize(
    ("dump", "end", "name"), [(as_pickle, "", "{}.zip"), (as_npz, ".npz", "{}_npz.zip")]
)
def test_release_in_its_two_archives(pack, classes, dump, end, name):
    train, test = release(dump, end)
    contents = {
        name.format(f"Imagenet32_{part}"): pack(f"{part}.zip", content).read_bytes()
        for part, content in (("train", train), ("val", test))
    }
    contents["map_clsloc.txt"] = MAP.encode()
    check_release(read_imagenet(pack("imagenet32", contents), classes))


def test_release_in_one_archive_beside_the_map(pack, classes, tmp_path):
    train, test = release(as_pickle, "")
    (tmp_path / "map_clsloc.txt").write_text(MAP)
    check_release(read_imagenet(pack("all.tar.gz", train | test), classes))


def test_missing_map(pack, classes):
    train, test = release(as_pickle, "")
    with pytest.raises(InputError, match=r"map_clsloc\.txt is neither in .*Imagenet32_Scripts"):
        read_imagenet(pack("imagenet32", train | test), classes)


def test_missing_batches(pack, classes):
    train, _ = release(as_pickle, "")
    del train["train_data_batch_7"]
    contents = {**train, "map_clsloc.txt": MAP.encode()}
    with pytest.raises(InputError, match="lacks train_data_batch_7, val_data of the release"):
        read_imagenet(pack("imagenet32", contents), classes)
    with pytest.raises(InputError, match=r"holds neither pictures train/<wnid>/\*\.JPEG .* nor"):
        read_imagenet(pack("other", {"readme.txt": b""}), classes)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("", "does not number its 0 classes|lacks the listed"),
        ("n02119789\n", "cannot be read as lines such as 'n02119789 1 kit_fox'"),
        ("n02119789 one kit_fox\n", "cannot be read as lines"),
        (MAP.replace(" 3 ", " 5 "), "does not number its 3 classes from 1"),
        (MAP.replace(HUSKY, "n00000001"), f"lacks the listed classes {HUSKY}"),
    ],
)
def test_damaged_map(pack, classes, content, match):
    train, test = release(as_pickle, "")
    contents = train | test | {"map_clsloc.txt": content.encode()}
    with pytest.raises(InputError, match=match):
        read_imagenet(pack("imagenet32", contents), classes)


class Code:
    def __reduce__(self):
        return print, ("attacked",)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("val_data", pickle.dumps(Code()), r"val_data in .* asks for \w+\.print"),
        ("val_data", as_pickle(data=rows(1, 0), labels=[4]), "labels from 4 to 4; expected 1 to 3"),
        ("val_data", as_pickle(data=rows(1, 0), labels=[0]), "labels from 0 to 0; expected 1 to 3"),
        ("val_data", as_pickle(data=rows(1, 0)[:, :768], labels=[1]), r"uint8 \(1, 768\)"),
        (
            "val_data",
            as_pickle(data=rows(1, 0), labels=[1]),
            f"validation .* of 1 of the 2 .*{HUSKY}",
        ),
        ("val_data.npz", b"hello", r"val_data\.npz in .* cannot be read"),
        ("val_data.npz", as_npz(data=rows(1, 0)), r"val_data\.npz in .* has no array labels"),
        (
            "val_data.npz",
            as_npz(data=rows(1, 0), labels=np.array([Code()], object)),
            r"labels\.npy in val_data\.npz in .* cannot be read",
        ),
    ],
)
def test_damaged_batches(pack, classes, capfd, name, content, match):
    train, _ = release(as_pickle, "")
    contents = train | {"map_clsloc.txt": MAP.encode(), name: content}
    with pytest.raises(InputError, match=match):
        read_imagenet(pack("imagenet32", contents), classes)
    assert "attacked" not in capfd.readouterr().out


@pytest.mark.parametrize("form", FORMS)
def test_missing_class_or_part(pack, classes, form):
    contents = class_folders()
    del contents[f"val/{HUSKY}/c.JPEG"]
    with pytest.raises(InputError, match=rf"validation .* 1 of the 2 listed classes \({HUSKY}\)"):
        read_imagenet(pack(form, contents), classes)
    train = {name: content for name, content in contents.items() if name.startswith("train")}
    with pytest.raises(InputError, match=r"has no picture val/<wnid>/\*\.JPEG"):
        read_imagenet(pack(f"train-{form}", train), classes)


def test_broken_picture_is_named(pack, classes):
    contents = class_folders() | {f"val/{FOX}/d.JPEG": b"hello"}
    with pytest.raises(InputError, match=rf"val/{FOX}/d\.JPEG in .* cannot be decoded"):
        read_imagenet(pack("imagenet", contents), classes)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("", "holds 'no class'"),
        ("# nothing\n", "holds 'no class'"),
        ("tench\n", "holds 'tench'; expected one name such as n01440764"),
        ("n0144076\n", "holds 'n0144076'"),
        (f"{FOX}\n{HUSKY}\n{FOX}\n", f"names {FOX} twice"),
    ],
)
def test_class_lists(tmp_path, content, match):
    path = tmp_path / "list.txt"
    path.write_text(content)
    with pytest.raises(InputError, match=match):
        read_class_list(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_class_list(tmp_path / "nowhere")


def test_imagenet100():
    """The list as published has these first and last lines."""
    wnids = read_class_list(IMAGENET100)
    assert len(wnids) == 100
    assert wnids[:3] == ("n02869837", "n01749939", "n02488291")
    assert wnids[-1] == "n02090622"
