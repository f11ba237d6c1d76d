"""The paper's printed results, as they are printed: `published.csv`, one number a line."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["Printed", "printed"]

_FILE = files("osrae.benchmark") / "published.csv"


@dataclass(frozen=True)
class Printed:
    """A number of the paper.

    Attributes
    ----------
    value : float
        In the table's own unit: per cent for ACSA, F1 and GM.
    sd : float or None
        Standard deviation over three runs; None where the table prints none.
    """

    value: float
    sd: float | None = None


def printed(table: int, data: str, score: str, method: str) -> Printed | None:
    """Return what a table of the paper prints; None if it prints nothing there.

    Parameters
    ----------
    table : int
        Tables 1 to 5 and 10 to 15.
    data : str
        A data set; empty for Table 2, which is over all of them.
    score : str
        ``"acsa"``, ``"f1"``, ``"gm"``, ``"density"``, ``"coverage"``, ``"fid"``,
        ``"mauprc_ova"``; in Table 2, the test: ``"shaffer"`` or ``"bayesian"``.
    method : str
        A method; in Tables 4 and 5, the label of the row or column in the ready grids
        ``ablation`` and ``latent``.

    References
    ----------
    Mondal, Singhal, Tiwary, Singla, Prathosh. Minority Oversampling for Imbalanced Data via
    Class-Preserving Regularized Auto-Encoders. AISTATS 2023. ACSA with Beta(2, 2) (section 5.4)
    is under Table 4. The bars of Figure 3 have no numbers.
    """
    return _all().get((table, data, score, method))


@cache
def _all() -> dict[tuple[int, str, str, str], Printed]:
    with _FILE.open(encoding="utf-8") as file:
        return {
            (int(row["table"]), row["data"], row["score"], row["method"]): Printed(
                float(row["value"]), float(row["sd"]) if row["sd"] else None
            )
            for row in csv.DictReader(file)
        }
