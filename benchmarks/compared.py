"""Write three tables and a folder of pictures, as a user has them, and compare methods on each.

    python benchmarks/compared.py --out /tmp/compared
    python benchmarks/compared.py --out /tmp/compared --data yeast

Tables are whole tables of KEEL and UCI; the pictures are a third of Fashion-MNIST's training part,
with a hundred times as many of the commonest class as of the rarest. Ranking (CSV), report (HTML)
and what `osrae compare` printed lie beside the data.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np

from osrae.data.folders import write_folder
from osrae.datasets import load_split
from osrae.datasets.catalogue import load_original
from osrae.datasets.splits import whole_table

#: Time for each, and what else the command is told.
BUDGETS = {"german": "3m", "hypothyroid": "3m", "yeast": "3m", "clothes": "30m"}
_TARGET = "class"
_SHARE = 3  # every third picture


def write_table(name: str, path: Path) -> None:
    """Write a table of the collection as CSV, its class the last column."""
    X, y = whole_table(load_original(f"keel/{name}", None))
    X.assign(**{_TARGET: y}).to_csv(path, index=False)


def write_pictures(path: Path) -> None:
    """Write a third of Fashion-MNIST's training part, class by class, as a folder."""
    split = load_split("fashion-mnist")
    kept = np.concatenate([np.flatnonzero(split.y_train == c)[::_SHARE] for c in range(10)])
    pictures, labels = split.X_train[kept], split.y_train[kept]
    write_folder(path, pictures, labels, synthetic=np.zeros(len(kept), bool), sources=None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", nargs="+", default=list(BUDGETS), choices=list(BUDGETS))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.data:
        pictures = name == "clothes"
        data = options.out / (name if pictures else f"{name}.csv")
        if not data.exists():
            (write_pictures if pictures else lambda path: write_table(path.stem, path))(data)
        command = [
            "osrae", "compare", str(data), *([] if pictures else ["--target", _TARGET]),
            "--budget", BUDGETS[name], "--quiet",
            "--report", str(options.out / f"{name}.html"),
            "--table", str(options.out / f"{name}-ranking.csv"),
        ]  # fmt: skip
        print("$", *command, flush=True)
        done = subprocess.run(
            [sys.executable, "-m", *command], check=True, capture_output=True, text=True
        )
        print(done.stdout, done.stderr)
        (options.out / f"{name}.txt").write_text(done.stdout)


if __name__ == "__main__":
    main()
