"""Figures, drawn of results of the right shapes."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from osrae.benchmark.cells import Cell
from osrae.benchmark.figures import FIGURES, make_figure
from osrae.benchmark.figures.samples import draw_samples
from osrae.benchmark.measured import read_results
from osrae.benchmark.tables.columns import ready_cells
from osrae.errors import InputError

from ..result_cases import scores, write

COUNTS = {"0": 40, "1": 20, "2": 1000}


def pictures(shape):
    """Samples of a class are as bright as its label and the kind say."""
    return {
        f"{kind}/{label}": np.full((5, *shape), start + 10 * int(label), np.uint8)
        for kind, start in (("made", 100), ("nearest", 200))
        for label in COUNTS
    }


def vectors(classes, mixtures=True):
    rng = np.random.default_rng(0)
    labels = np.array(list(classes) * 8)
    return {
        "latent/z": rng.normal(size=(len(labels), 6)).astype(np.float16),
        "latent/labels": labels,
        "latent/mixture": np.arange(len(labels)) % 4 == 3 if mixtures else labels == "none",
    }


def result(folder, arrays, data="mnist", method="rae", acsa=0.9, counts=COUNTS, **cell):
    write(folder, Cell(data=data, method=method, **cell), {"balanced": scores(acsa)},
          arrays=arrays, classes=counts)  # fmt: skip


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.mark.parametrize(
    ("number", "data", "shape"),
    [(4, "mnist", (28, 28)), (5, "fashion-mnist", (28, 28)), (6, "svhn", (32, 32, 3)),
     (7, "cifar10", (32, 32, 3)), (8, "celeba", (32, 32, 3))],
)  # fmt: skip
def test_samples_lie_beside_their_nearest_training_pictures(tmp_path, number, data, shape):
    result(tmp_path, pictures(shape), data)
    figure = make_figure(number, read_results([tmp_path]))
    (axes,) = figure.axes
    (image,) = axes.images
    drawn = np.asarray(image.get_array())
    step, block = shape[0] + 1, 5 * (shape[1] + 1) + 8
    # Rows are the classes but the largest: 0 and 1.
    assert drawn.shape[:2] == (2 * step, 2 * block - 8)
    for row, label in enumerate((0, 1)):
        for column, start in ((0, 100), (block, 200)):
            patch = drawn[row * step : row * step + shape[0], column : column + shape[1]]
            assert (patch == start + 10 * label).all()
    assert {"generated", "nearest training picture"} <= set(texts(figure))
    figure.savefig(tmp_path / "f.svg")


def test_rows_have_the_names_of_classes_and_their_training_samples(tmp_path):
    result(tmp_path, pictures((32, 32, 3)), "celeba")
    assert {"black hair (40)", "brown hair (20)"} <= set(texts(make_figure(
        8, read_results([tmp_path])
    )))  # fmt: skip


def test_a_panel_for_each_method_that_makes_samples_and_one_of_real_pictures(tmp_path):
    for method in ("rae", "gamo", "smote", "bagan"):
        result(tmp_path, pictures((28, 28)) if method != "gamo" else {}, method=method)
    real = {label: np.full((10, 28, 28), 7, np.uint8) for label in COUNTS}
    figure = draw_samples(read_results([tmp_path]), "mnist", real)
    titles = [axes.texts[0].get_text() for axes in figure.axes]
    assert titles == ["real training pictures", "RAE", "BAGAN", "SMOTE"]
    drawn = np.asarray(figure.axes[0].images[0].get_array())
    assert set(np.unique(drawn)) == {0, 7}
    lefts = {round(axes.get_position().x0, 3) for axes in figure.axes}
    assert len(lefts) == 3
    # Names stand once in a row of panels.
    assert texts(figure).count("0 (40)") == 2


def test_grey_and_colour_pictures_are_drawn_in_their_colours(tmp_path):
    grey, colour = np.zeros((28, 28), np.uint8), np.zeros((32, 32, 3), np.uint8)
    grey[3], colour[3, :, 0] = 255, 255
    for data, picture in (("mnist", grey), ("cifar10", colour)):
        arrays = {f"{kind}/{c}": np.stack([picture] * 5) for kind in ("made", "nearest")
                  for c in COUNTS}  # fmt: skip
        result(tmp_path, arrays, data)
    store = read_results([tmp_path])
    image = make_figure(4, store).axes[0].images[0]
    # Ink on paper: what is 0 in the data is white.
    assert [to_hex(image.cmap(image.norm(v))) for v in (0, 255)] == ["#ffffff", "#000000"]
    drawn = np.asarray(make_figure(7, store).axes[0].images[0].get_array())
    assert drawn[3, 0].tolist() == [255, 0, 0]
    assert drawn[0, 0].tolist() == [0, 0, 0]
    assert drawn[0, 32].tolist() == [255, 255, 255]


def test_the_latent_space_of_every_data_set(tmp_path):
    result(tmp_path, vectors("012"))
    result(tmp_path, vectors("012", mixtures=False), "optdigits", acsa=0.8)
    hundred = {str(label): 10 for label in range(12)}
    result(tmp_path, vectors(list(hundred)), "cifar100", counts=hundred)
    result(tmp_path, {}, "svhn")
    figure = make_figure(2, read_results([tmp_path]))
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["MNIST, ACSA 90.0 %", "CIFAR-100, ACSA 90.0 %", "OPTICAL DIGITS, ACSA 80.0 %"]
    mnist, many, _ = figure.axes
    drawn = [len(points.get_offsets()) for points in mnist.collections]
    # Test samples and mixtures of each class, every fourth vector a mixture.
    assert sum(drawn) == 24
    assert sum(drawn[1::2]) == 6
    assert [text.get_text() for text in mnist.get_legend().get_texts()] == ["0", "1", "2"]
    assert many.get_legend() is None
    assert "12 classes" in many.get_xlabel()
    figure.savefig(tmp_path / "f.png")


def test_bars_of_mixture_sizes(tmp_path):
    for label, values in (("t=2", (0.5, 0.7)), ("t=4", (0.4,))):
        cell = ready_cells("mixtures", "cifar10")[label]
        for seed, acsa in enumerate(values):
            result(tmp_path, {}, "cifar10", acsa=acsa, seed=seed, preset=cell.preset,
                   settings=cell.settings, label=label)  # fmt: skip
    (axes,) = make_figure(3, read_results([tmp_path])).axes
    assert [bar.get_height() for bar in axes.patches] == pytest.approx([60.0, 40.0])
    assert axes.texts[0].get_text() == "60.0"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["CIFAR-10"]
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["t = 2", "t = 4"]
    # One seed has no deviation, which is not a deviation of 0.
    assert [len(part.get_segments()[0]) for part in axes.collections] == [2, 0]
    assert axes.texts[1].xy[1] == pytest.approx(40.0)


def test_a_figure_that_there_is_not_and_one_without_results(tmp_path):
    store = read_results([tmp_path])
    with pytest.raises(InputError, match=r"no figure 1 of results.*2 \(latent space\)"):
        make_figure(1, store)
    for number in FIGURES:
        with pytest.raises(InputError, match=f"nothing for Figure {number} .*osrae bench run"):
            make_figure(number, store)
