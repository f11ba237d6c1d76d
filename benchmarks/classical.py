"""AMDO, MC-CCR and MC-RBO beside the code of others: the same results, and how fast.

    git clone https://github.com/michalkoziarski/MC-CCR ccr
    git clone https://github.com/michalkoziarski/MultiClassRBO rbo
    python benchmarks/classical.py --mc-ccr ccr --mc-rbo rbo
    python benchmarks/classical.py --mc-rbo rbo --part agreement

MC-CCR and MC-RBO are compared with their authors' code. AMDO has no public code that does what the
article says: it is compared with a plain transcription of the article's Algorithms 2 and 3, in
amdo_references.py, and timed beside two implementations of its simpler relative MDO, where a clone
of damianhorna/multi-imbalance or of analyticalmindsltd/smote_variants is given. What is not given
is skipped.

``agreement`` is about what draws no random numbers, or the same ones: for AMDO the neighbours of
the own class, the contours' shape and the seeds' distances; for MC-CCR radii and translations; for
MC-RBO the potential, and walks from the same points along the same lists of moves.
``distribution`` is about the rest: as many runs of both with other seeds, each summed up in the
mean, deviation and quartiles of every coordinate of every class; two-sample Kolmogorov-Smirnov
tests (the least p of all, Bonferroni), and a permutation test of the energy distance. Both use
tables of the KEEL collection and a synthetic one of 5,000 × 64. ``speed`` times both on the latter
(MC-RBO's authors' code takes nine minutes), ``large`` ours on 100,000 × 50, in processes of their
own. Writes results/classical.json.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from classical_amdo import amdo_agreement, amdo_distribution, amdo_speed, our_amdo
from classical_mc_ccr import ccr_agreement, ccr_distribution, ccr_result, ccr_speed
from classical_mc_rbo import our_rbo, rbo_agreement, rbo_distribution, rbo_speed
from classical_tables import in_unit_cube, synthetic
from classical_timing import timed
from measuring import in_child, write
from two_samples import Row

from osrae.benchmark.machine import peak_memory
from osrae.methods.mc_ccr_spheres import CCRSettings
from osrae.methods.mc_rbo_method import RadialWalk

PARTS = ("agreement", "distribution", "speed", "large")
#: Below, the approximate p of the Kolmogorov-Smirnov test is wrong.
_LEAST_SEEDS = 20


def of_large(options: dict[str, Any]) -> Row:
    """Run ours on a large table."""
    rows, codes = synthetic(options["rows"], options["columns"])
    rows = rows.astype(np.float32)
    method, settings = options["method"], options["settings"]
    if method == "MC-RBO":
        rows, codes = in_unit_cube((rows, codes))
    work: dict[str, Callable[[], object]] = {
        "AMDO": lambda: our_amdo(rows, codes, 0),
        "MC-CCR": lambda: ccr_result((rows, codes), 0, CCRSettings(**settings)),
        "MC-RBO": lambda: our_rbo((rows, codes), RadialWalk(**settings), 0),
    }
    before = peak_memory()
    seconds, processors = timed(work[method])
    return {"s": seconds, "cpu_s": processors, "peak_memory": peak_memory(),
            "peak_memory_before": before}  # fmt: skip


def large(rows: int) -> Iterator[Row]:
    """Time ours, and take the peak of its memory."""
    for method, settings in (
        ("AMDO", {}),
        ("MC-CCR", {"energy": 0.25}),
        ("MC-CCR", {"energy": 1.0, "energy_unit": "nn"}),
        ("MC-RBO", {"gamma": 1.0, "step": 0.001}),
    ):
        found = in_child(
            __file__, {"method": method, "settings": settings, "rows": rows, "columns": 50}
        )
        shown = ", ".join(f"{name} {value}" for name, value in settings.items())
        case = f"{rows:,} × 50" + (f", {shown}" if shown else "")
        yield {"method": method, "case": case, **found}


def measurements(options: argparse.Namespace) -> Iterator[Row]:
    """Measure one thing after the other, of what is given."""
    ccr, rbo = (clone and authors(clone) for clone in (options.mc_ccr, options.mc_rbo))
    seeds = options.seeds
    parts: dict[str, list[Iterator[Row]]] = {
        "agreement": [amdo_agreement()],
        "distribution": [amdo_distribution(seeds)],
        "speed": [amdo_speed(options)],
        "large": [large(options.rows)],
    }
    if ccr:
        parts["agreement"].append(ccr_agreement(ccr))
        parts["distribution"].append(ccr_distribution(ccr, seeds))
        parts["speed"].append(ccr_speed(ccr))
    if rbo:
        parts["agreement"].append(rbo_agreement(rbo))
        parts["distribution"].append(rbo_distribution(rbo, seeds))
        parts["speed"].append(rbo_speed(rbo))
    for part in options.part:
        for rows in parts[part]:
            yield from ({"part": part, **row} for row in rows)


def authors(clone: Path) -> ModuleType:
    """Import the file of algorithms of a clone."""
    path = clone / "algorithms.py"
    spec = importlib.util.spec_from_file_location(f"algorithms_of_{clone.name}", path)
    if spec is None or spec.loader is None or not path.exists():
        raise FileNotFoundError(f"{path}: the clone is not the one this was written for.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def line(row: Row) -> str:
    """Lay a result out as a row of a Markdown table."""
    names = ("part", "method", "case")
    figures = {name: value for name, value in row.items() if name not in names}
    shown = ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in figures.items()
    )
    return f"| {row['part']} | {row['method']} | {row['case']} | {shown} |"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("mc-ccr", "mc-rbo", "multi-imbalance", "smote-variants"):
        parser.add_argument(f"--{name}", type=Path, metavar="CLONE", help="what to compare with")
    parser.add_argument("--part", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--seeds", type=int, default=60, help="runs of each side (default 60)")
    parser.add_argument("--rows", type=int, default=100_000, help="of the large table")
    parser.add_argument("--out", type=Path, default=Path("results/classical.json"))
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.seeds < _LEAST_SEEDS:
        parser.error(f"--seeds {options.seeds}: fewer than {_LEAST_SEEDS} say little.")
    return options


def main() -> None:
    options = arguments()
    if options.child:
        print(json.dumps(of_large(json.loads(options.child))))
        return
    rows = []
    print("| part | method | case | found |\n" + "| --- " * 4 + "|")
    for row in measurements(options):
        rows.append(row)
        print(line(row), flush=True)
    write(options.out, {"rows": rows})


if __name__ == "__main__":
    main()
