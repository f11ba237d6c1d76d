"""Proposition 1: which mixtures keep the class of their parents."""

from __future__ import annotations

import numpy as np
from theory_shared import BLUE, GREY, ORANGE, RED, digits_in_four_dimensions, finish, panels, save

from osrae.evaluation.theory import draw_mixtures, label_preservation
from osrae.evaluation.theory.preservation import class_margins


def label_preservation_study() -> None:
    print("Proposition 1")
    Z, y, coef, intercept = digits_in_four_dimensions()
    right = class_margins(Z, y, coef, intercept)
    figure, (bars, scatter) = panels(2)
    for offset, t, colour in ((-0.2, 2, BLUE), (0.2, 3, ORANGE)):
        made = draw_mixtures(Z, y, mixture_size=t, repeats=20, random_state=0)
        wrong = (right[made.parents] <= 0).sum(axis=1)
        margin = class_margins(made.Z, made.y, coef, intercept)
        shares = [100 * np.mean(margin[wrong == count] > 0) for count in range(t + 1)]
        counts = np.bincount(wrong, minlength=t + 1)
        bars.bar(np.arange(t + 1) + offset, shares, 0.38, color=colour, label=f"t = {t}")
        print(f"  t = {t}: kept {np.round(shares, 1)} % of {counts} mixtures with 0, 1, … wrong")
        weighted = (made.alpha * right[made.parents]).sum(axis=1)
        print(f"  t = {t}: least margin minus weighted parents' {np.min(margin - weighted):.1e}")
        if t == 2:
            one = wrong == 1
            scatter.plot(weighted[one], margin[one], ".", ms=2, color=GREY, rasterized=True)
    bars.set_xticks(range(4))
    finish(bars, "mixtures that keep their class", "parents that L gets wrong", "share (%)")
    ends = np.array(scatter.get_xlim())
    scatter.plot(ends, ends, color=RED, lw=1, label="margin = weighted mean")
    finish(scatter, "pairs with one wrong parent: margins", "weighted mean of the parents' margins",
           "margin of the mixture")  # fmt: skip
    save(figure, "preservation")
    row = np.array([[-3.0], [-2], [-0.5], [0.5], [2], [3]])
    labels = np.repeat([0, 1, 2], 2)
    linear = np.array([[-2.0], [0], [2]]), np.array([-2.0, 0.5, -2])
    made = draw_mixtures(row, labels, repeats=200, random_state=0)
    result = label_preservation(row, labels, *linear, made)
    print(f"  three classes in a row: separable {result.separable}, kept {result.kept}")
