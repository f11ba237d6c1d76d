"""Whether generated pictures are copies of training pictures, from results of the benchmark.

    python benchmarks/copies.py --results benchmarks/results/paper --data mnist fashion-mnist

For every method that makes pictures: those that a result keeps (five of each class) and real test
pictures, up to 200, each beside the training pictures of its class. "Nearer" is how probable it is
that a generated picture lies nearer to the training data than a real one (Mann and Whitney's U,
as Meehan, Chaudhuri and Dasgupta, AISTATS 2020, test for copies): 0.5 is as near as real pictures
are. Blurred pictures are near to everything; a copy is near to one only. So the ratio of its
distances to the nearest training picture and the next is shown, too, which is 0 for a copy, beside
that of real pictures. Means over the classes; distances are between pixels. Fifty pictures leave
"nearer" uncertain by some 0.07.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sklearn.neighbors import NearestNeighbors

from osrae.benchmark.measured import Store, read_results
from osrae.benchmark.results import Result
from osrae.benchmark.tables.columns import method_title
from osrae.datasets import Split, load_split

_REAL = 200  # test pictures of a class


def beside(made: np.ndarray, real: np.ndarray, training: np.ndarray) -> tuple[float, float, float]:
    """Compare made and real pictures by where they are among training pictures, all (n, ...).

    Returns
    -------
    nearer, ratio, real_ratio : float
    """
    search = NearestNeighbors(n_neighbors=2).fit(_flat(training))
    own, theirs = (search.kneighbors(_flat(pictures))[0] for pictures in (made, real))
    less, same = own[:, :1] < theirs[:, 0], own[:, :1] == theirs[:, 0]
    ratios = (float(np.mean(d[:, 0] / np.maximum(d[:, 1], 1e-9))) for d in (own, theirs))
    return (float((less + 0.5 * same).mean()), *ratios)


def _flat(pictures: np.ndarray) -> np.ndarray:
    return pictures.reshape(len(pictures), -1).astype(np.float32)


def of_result(result: Result, split: Split) -> np.ndarray | None:
    """Return the means over the classes; None for a method that makes no pictures."""
    arrays = result.arrays()
    found = [
        beside(
            arrays[f"made/{label}"],
            split.X_test_balanced[split.y_test_balanced == label][:_REAL],
            split.X_train[split.y_train == label],
        )
        for label in np.unique(split.y_train)
        if f"made/{label}" in arrays
    ]
    return np.mean(found, axis=0) if found else None


def rows(store: Store, data: str, folder: Path | None) -> list[str]:
    """Return a line for every method on a data set."""
    splits: dict[int, Split] = {}
    lines = []
    for title in store.titles(data):
        found = []
        for result in store.groups(data, title)[0].whole:
            seed = result.cell.seed
            if seed not in splits:
                splits[seed] = load_split(data, folder, seed)
            places = of_result(result, splits[seed])
            found += [] if places is None else [places]
        if found:
            told = " | ".join(f"{number:.2f}" for number in np.mean(found, axis=0))
            lines.append(f"| {data} | {method_title(title)} | {told} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results/paper"))
    parser.add_argument("--data", nargs="+", default=["mnist", "fashion-mnist", "cifar10"])
    parser.add_argument("--folder", type=Path, help="where the data lie")
    options = parser.parse_args()
    store = read_results([options.results])
    print("| data | method | nearer than real | nearest / next | of real pictures |")
    print("| --- " * 5 + "|")
    for data in options.data:
        print("\n".join(rows(store, data, options.folder)), flush=True)


if __name__ == "__main__":
    main()
