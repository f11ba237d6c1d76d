"""Class distributions: the paper's, and general ones for one's own data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from osrae.errors import InputError

__all__ = ["PAPER", "Distribution", "exponential_counts", "step_counts"]


@dataclass(frozen=True)
class Distribution:
    """Samples of each class in the parts of a split, in the order of the sorted labels.

    Attributes
    ----------
    train : tuple of int
    balanced_test : int
        Of every class.
    imbalanced_test : tuple of int
    """

    train: tuple[int, ...]
    balanced_test: int
    imbalanced_test: tuple[int, ...]


def exponential_counts(n_classes: int, largest: int, ratio: float) -> tuple[int, ...]:
    """Return class sizes that fall by the same factor from class to class.

    Class ``c`` of ``C`` gets ``⌊largest · ratio^(−c / (C − 1))⌋`` samples, as in Tables 8 and 9.

    Parameters
    ----------
    n_classes : int
        At least 2.
    largest : int
        Samples of the first class.
    ratio : float
        Samples of the first class for each of the last, at least 1.

    Returns
    -------
    tuple of int, of length ``n_classes``

    Raises
    ------
    InputError
        If a number is out of range, or the rarest class would be empty.
    """
    _check_profile(n_classes, largest, ratio)
    shares = [ratio ** -(c / (n_classes - 1)) for c in range(n_classes)]
    # Where the formula gives a whole number, rounding must not lose one.
    return tuple(int(largest * share * (1 + 1e-12)) for share in shares)


def step_counts(
    n_classes: int, largest: int, ratio: float, rare_share: float = 0.5
) -> tuple[int, ...]:
    """Return class sizes with one step: common classes first, then equally rare ones.

    Parameters
    ----------
    n_classes : int
        At least 2.
    largest : int
        Samples of each common class.
    ratio : float
        Samples of a common class for each of a rare one, at least 1.
    rare_share : float
        Share of the classes that are rare, in (0, 1); rounded so that both kinds exist.

    Returns
    -------
    tuple of int, of length ``n_classes``

    Raises
    ------
    InputError
        If a number is out of range, or the rare classes would be empty.

    References
    ----------
    Buda, Maki, Mazurowski. A systematic study of the class imbalance problem in convolutional
    neural networks. Neural Networks 106, 2018 (step imbalance).
    """
    _check_profile(n_classes, largest, ratio)
    if not 0 < rare_share < 1:
        raise InputError(f"rare_share={rare_share}: expected a number between 0 and 1.")
    n_rare = min(max(round(n_classes * rare_share), 1), n_classes - 1)
    rare = int(Fraction(largest) / Fraction(ratio))
    return (largest,) * (n_classes - n_rare) + (rare,) * n_rare


def _check_profile(n_classes: int, largest: int, ratio: float) -> None:
    if n_classes < 2:
        raise InputError(f"n_classes={n_classes}: expected at least 2.")
    if not 1 <= ratio <= largest:
        raise InputError(
            f"ratio={ratio} with largest={largest}: expected a ratio from 1 to largest, so that "
            "the rarest class keeps a sample."
        )


#: The long-tailed test part of ten classes. MNIST has only 980 test images of its first class.
_TAIL = (1000, 500, 250, 187, 125, 87, 50, 25, 15, 10)
_GREY = (4000, 2000, 1000, 750, 500, 350, 200, 100, 60, 40)
_COLOUR = Distribution((4500, 2000, 1000, 800, 600, 500, 400, 250, 150, 80), 800, _TAIL)


def _hundred(largest: int, balanced: int, largest_test: int) -> Distribution:
    return Distribution(
        exponential_counts(100, largest, 10), balanced, exponential_counts(100, largest_test, 10)
    )


#: Tables 7 to 9. The digits of scikit-learn, which the paper lacks, have a tail of 1 : 30.
PAPER: Mapping[str, Distribution] = {
    "mnist": Distribution(_GREY, 800, (980, *_TAIL[1:])),
    "fashion-mnist": Distribution(_GREY, 800, _TAIL),
    "svhn": _COLOUR,
    "cifar10": _COLOUR,
    "celeba": Distribution((9000, 4500, 1000, 500, 160), 1000, (1000, 500, 111, 55, 17)),
    "cifar100": _hundred(500, 80, 100),
    "imagenet-100": _hundred(1300, 50, 50),
    "digits": Distribution(
        (120, 82, 56, 39, 26, 18, 12, 8, 6, 4), 50, (50, 34, 23, 16, 11, 8, 5, 3, 2, 2)
    ),
}
