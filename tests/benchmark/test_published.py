"""Numbers typed from the paper."""

import pytest

from osrae.benchmark.published import Printed, printed


@pytest.mark.parametrize(
    ("place", "value", "sd"),
    [
        ((1, "mnist", "acsa", "rae"), 96.79, 0.09),
        ((1, "fashion-mnist", "f1", "bagan"), 79.23, 1.74),
        ((1, "imagenet-100", "gm", "dgc"), 23.90, 0.01),
        ((1, "cifar100", "f1", "gamo"), 9.67, 0.30),
        ((2, "", "shaffer", "gamo"), 1.27e-6, None),
        ((2, "", "bayesian", "dgc"), 2.96e-2, None),
        ((3, "cifar10", "density", "gamo2pix"), 2.240, None),
        ((3, "celeba", "coverage", "rae"), 0.341, None),
        ((4, "cifar10", "acsa", "no-classifier"), 20.58, None),
        ((4, "cifar10", "gm", "no-oversampling"), 47.41, None),
        ((4, "celeba", "f1", "no-decoder"), 72.86, None),
        ((4, "celeba", "acsa", "no-mixer"), 74.38, None),
        ((4, "cifar10", "acsa", "beta"), 52.35, None),
        ((5, "svhn", "acsa", "m/2"), 80.75, None),
        ((5, "celeba", "acsa", "2m"), 74.32, None),
        ((10, "svhn", "f1", "gamo"), 72.77, 0.39),
        ((10, "celeba", "gm", "rae"), 84.23, 2.04),
        ((11, "celeba", "fid", "deepsmote"), 45.57, None),
        ((12, "cifar10", "mauprc_ova", "gamo"), 0.5004, None),
        ((13, "protein-homo", "f1", "dgc"), 91.39, None),
        ((14, "celeba", "gm", "mc-rbo"), 65.37, None),
        ((15, "fashion-mnist", "acsa", "amdo"), 72.98, None),
    ],
)
def test_what_the_paper_prints(place, value, sd):
    assert printed(*place) == Printed(value, sd)


def test_what_it_does_not_print_is_not_there():
    assert printed(4, "celeba", "acsa", "beta") is None
    assert printed(11, "cifar100", "fid", "rae") is None


@pytest.mark.parametrize("data", ["mnist", "fashion-mnist", "svhn", "cifar10", "celeba"])
@pytest.mark.parametrize("score", ["acsa", "f1", "gm"])
@pytest.mark.parametrize(("classical", "deep"), [(15, 1), (14, 10)])
def test_tables_of_classical_methods_repeat_the_method_itself(data, score, classical, deep):
    repeated, first = printed(classical, data, score, "rae"), printed(deep, data, score, "rae")
    assert repeated is not None
    assert first is not None
    assert repeated.value == first.value
