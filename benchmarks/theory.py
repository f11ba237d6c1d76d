"""Check the paper's propositions numerically, and make the plots and numbers of docs/theory.md.

    python benchmarks/theory.py

Every number on that page is printed here under the name of its section. Seeded; about a minute
and a half.
"""

from __future__ import annotations

from theory_bound import bound_study
from theory_lipschitz import lipschitz_study
from theory_model import own_model
from theory_oversampling import corollary_study
from theory_preservation import label_preservation_study
from theory_shared import IMAGES
from theory_variance import logistic_expansion, risk_variance_study


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    label_preservation_study()
    risk_variance_study()
    logistic_expansion()
    bound_study()
    lipschitz_study()
    corollary_study()
    own_model()


if __name__ == "__main__":
    main()
