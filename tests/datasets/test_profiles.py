from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osrae import InputError
from osrae.datasets.profiles import PAPER, exponential_counts, step_counts

TAIL = (1000, 500, 250, 187, 125, 87, 50, 25, 15, 10)
#: Table 8, as printed.
CIFAR100_TRAIN = """
500 488 477 466 455 445 434 424 415 405 396 387 378 369 361 352 344 336 328 321
314 306 299 292 286 279 273 266 260 254 248 243 237 232 226 221 216 211 206 201
197 192 188 183 179 175 171 167 163 159 156 152 149 145 142 139 135 132 129 126
123 121 118 115 112 110 107 105 102 100 98 95 93 91 89 87 85 83 81 79
77 75 74 72 70 69 67 66 64 63 61 60 58 57 56 54 53 52 51 50"""
CIFAR100_TEST = """
100 97 95 93 91 89 86 84 83 81 79 77 75 73 72 70 68 67 65 64 62 61 59 58 57 55 54 53 52 50
49 48 47 46 45 44 43 42 41 40 39 38 37 36 35 35 34 33 32 31 31 30 29 29 28 27 27 26 25 25
24 24 23 23 22 22 21 21 20 20 19 19 18 18 17 17 17 16 16 15 15 15 14 14 14 13 13 13 12 12
12 12 11 11 11 10 10 10 10 10"""
#: Table 9, as printed; its imbalanced test row prints 101 numbers, one 6 too many.
IMAGENET_TRAIN = """
1300 1270 1240 1212 1184 1157 1130 1104 1079 1054 1030 1006 983 960 938 917 896 875 855 835
816 797 779 761 743 726 710 693 677 662 647 632 617 603 589 575 562 549 537 524
512 500 489 478 467 456 445 435 425 415 406 397 387 378 370 361 353 345 337 329
322 314 307 300 293 286 280 273 267 261 255 249 243 237 232 227 221 216 211 206
202 197 193 188 184 180 175 171 167 164 160 156 152 149 146 142 139 136 133 130"""
IMAGENET_TEST = """
50 48 47 46 45 44 43 42 41 40 39 38 37 36 36 35 34 33 32 32 31 30 29 29 28 27 27 26 26 25
24 24 23 23 22 22 21 21 20 20 19 19 18 18 17 17 17 16 16 15 15 15 14 14 14 13 13 13 12 12
12 12 11 11 11 11 10 10 10 10 9 9 9 9 8 8 8 8 8 7 7 7 7 7 7 6 6 6 6 6 6 6 6
5 5 5 5 5 5 5 5"""


def numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split()))


def test_table_7():
    for name in ("mnist", "fashion-mnist"):
        assert PAPER[name].train == (4000, 2000, 1000, 750, 500, 350, 200, 100, 60, 40)
    for name in ("svhn", "cifar10"):
        assert PAPER[name].train == (4500, 2000, 1000, 800, 600, 500, 400, 250, 150, 80)
    for name in ("fashion-mnist", "svhn", "cifar10"):
        assert PAPER[name].imbalanced_test == TAIL
    assert PAPER["mnist"].imbalanced_test == (980, *TAIL[1:])
    for name in ("mnist", "fashion-mnist", "svhn", "cifar10"):
        assert PAPER[name].balanced_test == 800
    assert PAPER["celeba"].train == (9000, 4500, 1000, 500, 160)
    assert PAPER["celeba"].balanced_test == 1000
    assert PAPER["celeba"].imbalanced_test == (1000, 500, 111, 55, 17)


def test_table_8():
    assert PAPER["cifar100"].train == numbers(CIFAR100_TRAIN)
    assert PAPER["cifar100"].imbalanced_test == numbers(CIFAR100_TEST)
    assert PAPER["cifar100"].balanced_test == 80


def test_table_9():
    assert PAPER["imagenet-100"].train == numbers(IMAGENET_TRAIN)
    assert sum(PAPER["imagenet-100"].train) == 50_973  # Table 6
    printed = list(numbers(IMAGENET_TEST))
    printed.remove(6)
    assert PAPER["imagenet-100"].imbalanced_test == tuple(printed)
    assert PAPER["imagenet-100"].balanced_test == 50


@given(st.integers(2, 300), st.integers(1, 10_000), st.floats(1, 10_000))
def test_exponential_profiles(n_classes, largest, ratio):
    if ratio > largest:
        with pytest.raises(InputError, match="keeps a sample"):
            exponential_counts(n_classes, largest, ratio)
        return
    counts = exponential_counts(n_classes, largest, ratio)
    assert len(counts) == n_classes
    assert counts[0] == largest
    assert list(counts) == sorted(counts, reverse=True)
    assert abs(counts[-1] - largest / ratio) <= 1
    assert counts[-1] >= 1


def test_whole_numbers_are_not_lost_to_rounding():
    assert exponential_counts(3, 1000, 100) == (1000, 100, 10)
    assert exponential_counts(4, 3000, 1000) == (3000, 300, 30, 3)


def test_step_profiles():
    assert step_counts(4, 500, 100) == (500, 500, 5, 5)
    assert step_counts(5, 90, 10, rare_share=0.8) == (90, 9, 9, 9, 9)
    assert step_counts(2, 30, 3, rare_share=0.01) == (30, 10)
    assert step_counts(3, 30, 3, rare_share=0.99) == (30, 10, 10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((1, 10, 2), "n_classes=1"), ((3, 10, 0.5), "ratio=0.5"), ((3, 10, 2, 1.0), "rare_share=1")],
)
def test_bad_profiles(arguments, message):
    with pytest.raises(InputError, match=message):
        step_counts(*arguments)
