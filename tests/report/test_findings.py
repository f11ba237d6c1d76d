from __future__ import annotations

import numpy as np

from osrae.report.classes import Results, results
from osrae.report.findings import highlights, lead

CLASSES = np.array(["common", "rare"])


def case(right_rare: int, plain_rare: int, held: int = 40) -> Results:
    train = ["common"] * 90 + ["rare"] * 10
    true = ["common"] * held + ["rare"] * held
    made, plain = (
        ["common"] * held + ["rare"] * right + ["common"] * (held - right)
        for right in (right_rare, plain_rare)
    )
    return results(CLASSES, train, true, made, {"plain network": plain})


def test_a_clear_gain_is_called_one():
    text = lead(case(30, 10)).replace("\u00a0", " ")
    assert text == (
        "This model recognises 75 % of the held-out samples of the rarer class, rare (10 training "
        "samples), and 88 % averaged over all classes. The plain network recognises 25 % and 62 %; "
        "this model is better on samples of the rarer class, by more than chance explains "
        "(p = 1.9e-06)."
    )


def test_a_loss_is_not_hidden():
    assert "that one is better on samples of the rarer class" in lead(case(10, 30))


def test_a_difference_on_few_samples_may_be_chance():
    text = lead(case(4, 2, held=5))
    assert "on 5 held-out samples of the rarer class the difference may be chance" in text
    assert "Fewer than 10 samples were held out of common and rare" in text


def test_nearly_all_is_not_called_all():
    train = ["common"] * 900 + ["rare"] * 100
    true = ["common"] * 500 + ["rare"] * 500
    made = ["rare", *true[1:]]
    found = results(CLASSES, train, true, made, {})
    assert "99.9\u00a0% averaged over all classes" in lead(found)


def test_without_held_out_samples_nothing_is_claimed():
    text = lead(results(CLASSES, ["common"] * 9 + ["rare"], [], [], {}))
    assert "cannot say how well the model predicts" in text


def test_large_numbers_say_the_same():
    tiles = {one.label: one for one in highlights(case(30, 10))}
    assert tiles["mean recall of the rarer classes"].value == "75\u00a0%"
    assert tiles["mean recall of the rarer classes"].detail == "25\u00a0% plain network"
    assert tiles["lowest recall of a class"].detail == "rare"
