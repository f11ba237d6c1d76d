from __future__ import annotations

import io
import json

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

from osrae import InputError
from osrae.datasets.readers import read_parquet_pictures

PICTURES = np.random.default_rng(0).integers(0, 256, (7, 8, 9, 3), dtype=np.uint8)


def png(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def write(path, pictures, labels, *, column="img", label="label", names=None, **others):
    """Write a shard as the Hub's library does, with its metadata."""
    cells = [{"bytes": png(picture), "path": None} for picture in pictures]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({column: pa.array(cells, kind), label: pa.array(labels), **others})
    features = {column: {"_type": "Image"}, label: {"_type": "Value"}}
    if names:
        features[label] = {"names": names, "_type": "ClassLabel"}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table.replace_schema_metadata(metadata), path)


@pytest.mark.parametrize("below", ["", "plain_text", "data"])
@pytest.mark.parametrize("column", ["img", "image"])
def test_parts_of_several_files(tmp_path, below, column):
    folder = tmp_path / below
    names = ["cat", "dog"]
    for shard, part in enumerate((slice(0, 2), slice(2, 5))):
        path = folder / f"train-0000{shard}-of-00002.parquet"
        write(path, PICTURES[part], [shard] * len(PICTURES[part]), column=column, names=names)
    write(folder / "test-00000-of-00001.parquet", PICTURES[5:], [1, 0], column=column, names=names)
    read = read_parquet_pictures(tmp_path)
    np.testing.assert_array_equal(read.X_train, PICTURES[:5])
    np.testing.assert_array_equal(read.X_test, PICTURES[5:])
    assert read.y_train.tolist() == [0, 0, 1, 1, 1]
    assert read.y_test.tolist() == [1, 0]
    assert read.class_names == ("cat", "dog")


def test_grey_pictures_and_other_labels(tmp_path):
    for part in ("train", "test"):
        path = tmp_path / f"{part}-0.parquet"
        write(path, PICTURES[:2, :, :, 0], [7, 99], label="fine_label", coarse_label=[1, 2])
    read = read_parquet_pictures(tmp_path, label="fine_label")
    np.testing.assert_array_equal(read.X_train, PICTURES[:2, :, :, 0])
    assert read.y_train.tolist() == [7, 99]
    assert read.class_names == ()


def test_rows_keep_their_order_across_batches(tmp_path, monkeypatch):
    monkeypatch.setattr("osrae.datasets.readers.parquet._ROWS", 2)
    for part in ("train", "test"):
        write(tmp_path / f"{part}-0.parquet", PICTURES, list(range(7)))
    read = read_parquet_pictures(tmp_path)
    np.testing.assert_array_equal(read.X_train, PICTURES)
    assert read.y_test.tolist() == list(range(7))


def test_plain_bytes_and_opacity(tmp_path):
    opaque = np.concatenate([PICTURES[:1], np.full((1, 8, 9, 1), 9, np.uint8)], axis=3)
    for part in ("train", "test"):
        table = pa.table({"image": [png(opaque[0])], "label": [3]})
        parquet.write_table(table, tmp_path / f"{part}-0.parquet")
    read = read_parquet_pictures(tmp_path)
    np.testing.assert_array_equal(read.X_test, PICTURES[:1])
    assert read.class_names == ()


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "train-00000-of-00001.parquet", PICTURES[:2], [0, 1])
    write(tmp_path / "test-00000-of-00001.parquet", PICTURES[:2], [0, 1])
    return tmp_path


def test_missing_shard(folder):
    path = folder / "train-00000-of-00001.parquet"
    path.rename(folder / "train-00000-of-00002.parquet")
    with pytest.raises(InputError, match=r"holds 1 files of the train part; .* there are 2"):
        read_parquet_pictures(folder)


def test_folders(folder, tmp_path_factory):
    outer = tmp_path_factory.mktemp("outer")
    with pytest.raises(InputError, match=r"Neither .*outer.* holds train-"):
        read_parquet_pictures(outer)
    with pytest.raises(InputError, match="is no folder"):
        read_parquet_pictures(outer / "nowhere")
    for name in ("cropped_digits", "full_numbers"):
        for part in ("train", "test"):
            write(outer / name / f"{part}-0.parquet", PICTURES[:1], [0])
    with pytest.raises(InputError, match=r"Several folders .*cropped_digits.*full_numbers\. Pass"):
        read_parquet_pictures(outer)
    assert len(read_parquet_pictures(outer / "cropped_digits").X_train) == 1


def test_other_columns(folder):
    with pytest.raises(InputError, match="has the columns img, label; expected fine_label and one"):
        read_parquet_pictures(folder, label="fine_label")
    write(folder / "test-00000-of-00001.parquet", PICTURES[:2], [0, 1], column="photo")
    with pytest.raises(InputError, match="has the columns photo, label"):
        read_parquet_pictures(folder)


@pytest.mark.parametrize(
    ("cells", "labels", "match"),
    [
        ([{"bytes": None, "path": "a.png"}], [0], r"Row 0 \(of test-.* holds no picture"),
        ([{"bytes": b"hello", "path": None}], [0], "Row 0 .* cannot be decoded"),
        ([{"bytes": png(PICTURES[0]), "path": None}], ["a"], "label 'a'"),
        ([{"bytes": png(PICTURES[0]), "path": None}], [None], "label None"),
        ([], [], "of none"),
        (
            [{"bytes": png(p), "path": None} for p in (PICTURES[0], PICTURES[0, :5])],
            [0, 1],
            "sizes 5 × 9, 8 × 9",
        ),
    ],
)
def test_damaged_rows(folder, cells, labels, match):
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({"img": pa.array(cells, kind), "label": pa.array(labels)})
    parquet.write_table(table, folder / "test-00000-of-00001.parquet")
    with pytest.raises(InputError, match=match):
        read_parquet_pictures(folder)


@pytest.mark.parametrize("part", [0, 0.5, 0.99])
def test_cut_short(folder, part):
    path = folder / "test-00000-of-00001.parquet"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    with pytest.raises(InputError, match="cannot be read as a Parquet file"):
        read_parquet_pictures(folder)
