from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from osrae import InputError
from osrae.datasets.readers import read_celeba
from osrae.datasets.readers.squares import small_square

HAIR = ["Black_Hair", "Brown_Hair", "Blond_Hair", "Gray_Hair", "Bald"]
#: In the order of the real list, which is alphabetical, with others between.
COLUMNS = ["Attractive", "Bald", "Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair", "Young"]
#: The hair of each face; the public training part ends after 162770.
FACES = {
    1: ["Black_Hair"],
    2: ["Bald"],
    3: ["Bald"],
    4: ["Black_Hair", "Gray_Hair"],
    5: [],
    6: ["Bald"],
    7: ["Brown_Hair"],
    8: ["Brown_Hair"],
    9: ["Blond_Hair"],
    10: ["Gray_Hair"],
    162770: ["Black_Hair"],
    162771: ["Brown_Hair"],
    182637: ["Blond_Hair"],
    182638: ["Black_Hair"],
    182639: ["Black_Hair"],
    182640: ["Gray_Hair"],
    202599: ["Bald"],
}
LISTED = {"partition": "list_eval_partition", "attributes": "list_attr_celeba"}


def jpeg(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def face(number: int) -> bytes:
    """The square in the middle has the number as its grey; above and below it is white."""
    picture = np.full((218, 178, 3), 255, np.uint8)
    picture[20:198] = number % 251
    return jpeg(picture)


def attributes(csv: bool = False) -> bytes:
    between = "," if csv else " "
    lines = [between.join((["image_id"] if csv else []) + COLUMNS)]
    if not csv:
        lines.insert(0, str(len(FACES)))
    for number, hair in FACES.items():
        # The original is aligned: " 1" and "-1".
        values = [" 1" if name in (*hair, "Young") else "-1" for name in COLUMNS]
        lines.append(between.join([f"{number:06}.jpg", *(v.strip() if csv else v for v in values)]))
    return "\n".join([*lines, ""]).encode()


def partition(csv: bool = False) -> bytes:
    """As the numbers have it, but for face 9, which is a test face here."""
    lines = ["image_id,partition"] if csv else []
    for number in FACES:
        part = 2 if number == 9 else (number > 162770) + (number > 182637)
        lines.append(f"{number:06}.jpg{',' if csv else ' '}{int(part)}")
    return "\n".join(lines).encode()


def faces(prefix: str = "") -> dict[str, bytes]:
    return {f"{prefix}img_align_celeba/{number:06}.jpg": face(number) for number in FACES}


def all_of_it() -> dict[str, bytes]:
    return {**faces(), "list_attr_celeba.txt": attributes()}


def greys(X: np.ndarray) -> list[int]:
    assert X.shape[1:] == (32, 32, 3)
    assert np.ptp(X.reshape(len(X), -1), axis=1).max() <= 6  # no white from above or below
    return np.rint(X.mean(axis=(1, 2, 3))).astype(int).tolist()


@pytest.fixture
def few(monkeypatch):
    """Two test faces of each class are enough."""
    monkeypatch.setattr("osrae.datasets.readers.celeba._LEAST_TEST", 2)


#: Blond and gray have one public test face, and get the last training face; bald gets face 6.
TRAIN = {1: 0, 2: 4, 3: 4, 7: 1, 162770: 0}
TEST = {
    6: 4,
    8: 1,
    9: 2,
    10: 3,
    162771: 1,
    182637: 2,
    182638: 0,
    182639: 0,
    182640: 3,
    202599: 4,
}


def check(read) -> None:
    assert greys(read.X_train) == pytest.approx([number % 251 for number in TRAIN], abs=1)
    assert read.y_train.tolist() == list(TRAIN.values())
    assert greys(read.X_test) == pytest.approx([number % 251 for number in TEST], abs=1)
    assert read.y_test.tolist() == list(TEST.values())
    assert read.class_names == ("black", "brown", "blond", "gray", "bald")


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("form", ["celeba", "celeba.zip", "celeba.tar.gz"])
def test_faces_with_one_kind_of_hair(pack, form):
    check(read_celeba(pack(form, all_of_it())))


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("form", ["kaggle", "kaggle.zip"])
def test_layout_of_kaggle(pack, form):
    contents = faces("img_align_celeba/")
    contents["list_attr_celeba.csv"] = attributes(csv=True)
    contents["list_eval_partition.csv"] = partition(csv=True)
    read = read_celeba(pack(form, contents))
    assert read.y_test.tolist() == list(TEST.values())  # face 9 would have been added anyway
    assert read.y_train.tolist() == list(TRAIN.values())


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(("images", "lists"), [("", ""), ("Img/", "Anno/")])
def test_pictures_in_their_archive(pack, images, lists):
    archive = pack("img_align_celeba.zip", faces()).read_bytes()
    contents = {f"{images}img_align_celeba.zip": archive}
    contents[f"{lists}list_attr_celeba.txt"] = attributes()
    check(read_celeba(pack("celeba", contents)))


def test_partition_file_decides(pack, monkeypatch):
    monkeypatch.setattr("osrae.datasets.readers.celeba._LEAST_TEST", 1)
    without = read_celeba(pack("without", all_of_it()))
    contents = all_of_it() | {"Eval/list_eval_partition.txt": partition()}
    read = read_celeba(pack("with", contents))
    assert np.bincount(without.y_train).tolist() == [2, 2, 1, 1, 3]
    assert np.bincount(read.y_train, minlength=5).tolist() == [2, 2, 0, 1, 3]
    assert np.bincount(read.y_test).tolist() == [2, 1, 2, 1, 1]


def test_a_thousand_test_faces_of_each_class(pack):
    """No class has 1,000 here, so all faces are needed for testing."""
    read = read_celeba(pack("celeba", all_of_it()))
    assert len(read.y_train) == 0
    assert len(read.y_test) == len(TRAIN) + len(TEST)


def test_pictures_that_are_not_needed_are_not_decoded(pack):
    contents = all_of_it() | {
        "img_align_celeba/000004.jpg": b"two kinds of hair",
        "img_align_celeba/000005.jpg": b"none",
        "img_celeba/000001.jpg": b"not aligned",
    }
    assert len(read_celeba(pack("celeba", contents)).y_test) == 15


def test_missing_pictures(pack):
    contents = all_of_it()
    del contents["img_align_celeba/000002.jpg"], contents["img_align_celeba/000007.jpg"]
    with pytest.raises(
        InputError, match=r"lacks 2 of 15 pictures, .* img_align_celeba/000002\.jpg"
    ):
        read_celeba(pack("celeba", contents))


@pytest.mark.parametrize("form", ["celeba", "celeba.zip"])
def test_missing_list(pack, form):
    with pytest.raises(InputError, match=r"none of list_attr_celeba\.txt, list_attr_celeba\.csv"):
        read_celeba(pack(form, faces()))


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("list_attr_celeba.txt", b"", "no line that names Black_Hair"),
        ("list_attr_celeba.txt", b"1\nBald Young\n000001.jpg 1 1", "no line that names"),
        ("list_attr_celeba.txt", attributes()[:-20], "line of 202599.jpg has 2 entries, and 8"),
        ("list_attr_celeba.txt", " ".join(HAIR).encode(), "no face with one kind of hair"),
        (
            "list_attr_celeba.txt",
            (" ".join(HAIR) + "\n../x.jpg 1 -1 -1 -1 -1").encode(),
            r"name the picture '\.\./x\.jpg'",
        ),
        ("list_eval_partition.txt", b"000001.jpg 0", "has None for 000002.jpg; expected 0"),
        ("list_eval_partition.txt", b"000001.jpg 7", "has '7' for 000001.jpg; expected 0"),
        ("img_align_celeba/000001.jpg", b"hello", r"000001\.jpg in .* cannot be decoded"),
    ],
)
def test_damaged_files(pack, name, content, match):
    with pytest.raises(InputError, match=match):
        read_celeba(pack("celeba", all_of_it() | {name: content}))


def png(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(("height", "width"), [(64, 96), (97, 64), (64, 64)])
def test_pixels_are_means_of_areas(height, width):
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    top, left = (height - 64) // 2, (width - 64) // 2
    square = picture[top : top + 64, left : left + 64].astype(float)
    expected = square.reshape(32, 2, 32, 2, 3).mean(axis=(1, 3))
    assert np.abs(small_square(png(picture), "x") - expected).max() <= 1  # rounded twice


def test_grey_and_opacity_become_colour():
    grey = np.arange(1024, dtype=np.uint16).reshape(32, 32).astype(np.uint8)
    assert (small_square(png(grey), "x") == grey[:, :, None]).all()
    opaque = np.dstack([grey, grey, grey, grey])
    assert (small_square(png(opaque), "x") == grey[:, :, None]).all()
