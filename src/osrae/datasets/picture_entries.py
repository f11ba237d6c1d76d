"""The picture data sets of the paper, and the digits of scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from osrae.datasets import readers
from osrae.datasets.download import Remote
from osrae.datasets.original import Original
from osrae.datasets.profiles import PAPER
from osrae.datasets.readers.class_folders import read_class_folders
from osrae.datasets.registry import Entry, Layout

__all__ = ["FASHION_CLASSES", "PICTURES"]

FASHION_CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
                   "Sneaker", "Bag", "Ankle boot")  # fmt: skip
_IDX_FILES = (
    "train-images?idx3-ubyte*",
    "train-labels?idx1-ubyte*",
    "t10k-images?idx3-ubyte*",
    "t10k-labels?idx1-ubyte*",
)
_AS_JPEG = "re-encoded as JPEG: figures differ slightly from the lossless release"
_TORONTO = "https://www.cs.toronto.edu/~kriz"
_STANFORD = "http://ufldl.stanford.edu/housenumbers"
_CIFAR_CITATION = (
    "A. Krizhevsky. Learning Multiple Layers of Features from Tiny Images. Technical report, "
    "University of Toronto, 2009."
)


def _four(mirrors: tuple[str, ...], files: Mapping[str, tuple[str, int]]) -> tuple[Remote, ...]:
    """Return the files of MNIST's layout, with their checksums and sizes."""
    return tuple(
        Remote(name, tuple(f"{mirror}/{name}" for mirror in mirrors), f"md5:{checksum}", size)
        for name, (checksum, size) in files.items()
    )


def _parquet(read: Callable[[Path], Original]) -> tuple[Layout, ...]:
    """Return the layouts of the Hugging Face Hub: the files, or one folder that holds them."""
    title = "Parquet files of the Hugging Face Hub"
    return tuple(
        Layout(title, (f"{inside}train-*.parquet", f"{inside}test-*.parquet"), read)
        for inside in ("", "*/")
    )


def _cifar(
    stem: str, folders: tuple[str, str], read: Callable[[Path], Original], label: str
) -> tuple[Layout, ...]:
    """Return the layouts of CIFAR; ``folders`` are what the two releases unpack to."""
    titles = ("release for Python", "binary release")
    return (
        *(Layout(title, (folder,), read, unmistakable=True)
          for title, folder in zip(titles, folders, strict=True)),
        *(Layout(f"{title}, packed", (f"{stem}-{kind}.tar.gz",), read, unmistakable=True)
          for title, kind in zip(titles, ("python", "binary"), strict=True)),
        *_parquet(partial(readers.read_parquet_pictures, label=label)),
    )  # fmt: skip


def _class_folders(archive: str) -> tuple[Layout, ...]:
    return (
        Layout("folders of classes, packed", (archive,), read_class_folders),
        Layout("folders of classes", ("train", "test"), read_class_folders),
    )


def _fashion(folder: Path) -> Original:
    return replace(readers.read_idx_pictures(folder), class_names=FASHION_CLASSES)


def _imagenet(path: Path) -> Original:
    """Read the classes that a list beside the data names, or the usual hundred."""
    own = (path if path.is_dir() else path.parent) / readers.IMAGENET100.name
    return readers.read_imagenet(path, own if own.is_file() else readers.IMAGENET100)


def _digits() -> Original:
    """Hold out 30 % of every class: a test part that is the same for all seeds."""
    X, y = load_digits(return_X_y=True)
    X = np.rint(X.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=0)
    return Original(X, y, X_test, y_test)


PICTURES = (
    Entry(
        name="digits",
        title="Digits (scikit-learn)",
        kind="pictures",
        shape=(8, 8),
        n_classes=10,
        n_samples=1797,
        citation="E. Alpaydin, C. Kaynak. Optical Recognition of Handwritten Digits. UCI Machine "
        "Learning Repository, 1998 (the 1,797 rows that scikit-learn carries).",
        licence="CC BY 4.0",
        homepage="https://archive.ics.uci.edu/dataset/80",
        distribution=PAPER["digits"],
        bundled=_digits,
        package="scikit-learn",
    ),
    Entry(
        name="mnist",
        title="MNIST",
        kind="pictures",
        shape=(28, 28),
        n_classes=10,
        n_samples=70_000,
        citation="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner. Gradient-based learning applied to "
        "document recognition. Proceedings of the IEEE 86(11), 1998.",
        licence="CC BY-SA 3.0",
        homepage="http://yann.lecun.com/exdb/mnist/",
        layouts=(
            Layout("IDX files, gzipped or not", _IDX_FILES, readers.read_idx_pictures),
            *_parquet(readers.read_parquet_pictures),
        ),
        folders=("mnist", "MNIST/raw", "MNIST"),
        remotes=_four(
            ("https://ossci-datasets.s3.amazonaws.com/mnist",
             "https://storage.googleapis.com/cvdf-datasets/mnist"),
            {
                "train-images-idx3-ubyte.gz": ("f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422),
                "train-labels-idx1-ubyte.gz": ("d53e105ee54ea40749a09fcbcd1e9432", 28_881),
                "t10k-images-idx3-ubyte.gz": ("9fb629c4189551a2d022fa330f9573f3", 1_648_877),
                "t10k-labels-idx1-ubyte.gz": ("ec29112dd5afa0611ce80d1b7f02629c", 4_542),
            },
        ),
        distribution=PAPER["mnist"],
    ),
    Entry(
        name="fashion-mnist",
        title="Fashion-MNIST",
        kind="pictures",
        shape=(28, 28),
        n_classes=10,
        n_samples=70_000,
        citation="H. Xiao, K. Rasul, R. Vollgraf. Fashion-MNIST: a Novel Image Dataset for "
        "Benchmarking Machine Learning Algorithms. arXiv:1708.07747, 2017.",
        licence="MIT",
        homepage="https://github.com/zalandoresearch/fashion-mnist",
        layouts=(
            Layout("IDX files, gzipped or not", _IDX_FILES, _fashion),
            *_parquet(readers.read_parquet_pictures),
        ),
        folders=("fashion-mnist", "FashionMNIST/raw", "FashionMNIST"),
        remotes=_four(
            ("https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
             "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"),
            {
                "train-images-idx3-ubyte.gz": ("8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26_421_880),
                "train-labels-idx1-ubyte.gz": ("25c81989df183df01b3e8a0aad5dffbe", 29_515),
                "t10k-images-idx3-ubyte.gz": ("bef4ecab320f06d8554ea6380940ec79", 4_422_102),
                "t10k-labels-idx1-ubyte.gz": ("bb300cfdad3c16e7a12a480ee83cd310", 5_148),
            },
        ),
        distribution=PAPER["fashion-mnist"],
    ),
    Entry(
        name="svhn",
        title="SVHN, cropped digits",
        kind="pictures",
        shape=(32, 32, 3),
        n_classes=10,
        n_samples=99_289,
        citation="Y. Netzer, T. Wang, A. Coates, A. Bissacco, B. Wu, A. Y. Ng. Reading Digits in "
        "Natural Images with Unsupervised Feature Learning. NIPS Workshop 2011.",
        licence="for non-commercial use",
        homepage=_STANFORD,
        layouts=(
            Layout("MATLAB files", ("train_32x32.mat", "test_32x32.mat"), readers.read_svhn,
                   unmistakable=True),
            *_parquet(readers.read_parquet_pictures),
        ),
        folders=("svhn", "SVHN"),
        remotes=(
            Remote.at(f"{_STANFORD}/train_32x32.mat", "md5:e26dedcc434d2e4c54c9b2d4a06d8373",
                 182_040_794),
            Remote.at(f"{_STANFORD}/test_32x32.mat", "md5:eb5a983be6a315427106f1b164d9cef3",
                 64_275_384),
        ),
        distribution=PAPER["svhn"],
    ),
    Entry(
        name="cifar10",
        title="CIFAR-10",
        kind="pictures",
        shape=(32, 32, 3),
        n_classes=10,
        n_samples=60_000,
        citation=_CIFAR_CITATION,
        licence="not stated by its authors",
        homepage=f"{_TORONTO}/cifar.html",
        layouts=(
            *_cifar("cifar-10", ("cifar-10-batches-py", "cifar-10-batches-bin"),
                    readers.read_cifar10, "label"),
            *(replace(layout, note=_AS_JPEG) for layout in _class_folders("cifar10-jpeg.tar*")),
        ),
        folders=("cifar10", "cifar-10", "CIFAR10"),
        remotes=(
            Remote.at(f"{_TORONTO}/cifar-10-python.tar.gz", "md5:c58f30108f718f92721af3b95e74349a",
                 170_498_071),
        ),
        distribution=PAPER["cifar10"],
    ),
    Entry(
        name="cifar100",
        title="CIFAR-100",
        kind="pictures",
        shape=(32, 32, 3),
        n_classes=100,
        n_samples=60_000,
        citation=_CIFAR_CITATION,
        licence="not stated by its authors",
        homepage=f"{_TORONTO}/cifar.html",
        layouts=_cifar("cifar-100", ("cifar-100-python", "cifar-100-binary"),
                       readers.read_cifar100, "fine_label"),
        folders=("cifar100", "cifar-100", "CIFAR100"),
        remotes=(
            Remote.at(f"{_TORONTO}/cifar-100-python.tar.gz", "md5:eb9058c3a382ffc7106e4002c42a8d85",
                 169_001_437),
        ),
        distribution=PAPER["cifar100"],
    ),
    Entry(
        name="celeba",
        title="CelebA, five kinds of hair at 32 × 32",
        kind="pictures",
        shape=(32, 32, 3),
        n_classes=5,
        n_samples=202_599,
        citation="Z. Liu, P. Luo, X. Wang, X. Tang. Deep Learning Face Attributes in the Wild. "
        "ICCV 2015.",
        licence="for non-commercial research",
        homepage="https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
        layouts=(
            Layout("aligned pictures and lists", ("list_attr_celeba.*", "img_align_celeba*"),
                   readers.read_celeba, unmistakable=True),
            Layout("as on its Drive", ("Anno/list_attr_celeba.txt", "Img/img_align_celeba*"),
                   readers.read_celeba),
        ),
        folders=("celeba", "CelebA"),
        manual="Its authors give it to people who agree to their terms: fetch img_align_celeba.zip "
        "(md5 00d2c5bc6d35e252742224ab0c1e8fcb), list_attr_celeba.txt (md5 "
        "75e246fa4810816ffd6ee81facbd244c) and list_eval_partition.txt (md5 "
        "d32c9cbf5e040fd4025c592c306e6668) from https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html.",
        distribution=PAPER["celeba"],
    ),
    Entry(
        name="imagenet-100",
        title="ImageNet-100 at 32 × 32",
        kind="pictures",
        shape=(32, 32, 3),
        n_classes=100,
        n_samples=131_689,
        citation="J. Deng, W. Dong, R. Socher, L.-J. Li, K. Li, L. Fei-Fei. ImageNet: A "
        "Large-Scale Hierarchical Image Database. CVPR 2009; P. Chrabaszcz, I. Loshchilov, "
        "F. Hutter. A Downsampled Variant of ImageNet. arXiv:1707.08819, 2017.",
        licence="for non-commercial research and education",
        homepage="https://image-net.org/download-images",
        layouts=(
            Layout("class folders", ("train/n*", "val/n*"), _imagenet),
            Layout("downsampled release", ("train_data_batch_1*", "val_data*"), _imagenet),
            Layout("downsampled release, packed", ("Imagenet32_train*.zip", "Imagenet32_val*.zip"),
                   _imagenet),
            Layout("class folders, packed", ("imagenet100.tar*",), _imagenet),
            Layout("class folders, packed", ("imagenet100.zip",), _imagenet),
        ),
        folders=("imagenet-100", "imagenet", "ImageNet"),
        manual="With an account of https://image-net.org, fetch ILSVRC 2012 (train/<wnid>/ and "
        "val/<wnid>/), or its downsampled 32 × 32 release with map_clsloc.txt. A file "
        "imagenet100.txt beside the data names other classes than the usual hundred.",
        distribution=PAPER["imagenet-100"],
    ),
)  # fmt: skip
