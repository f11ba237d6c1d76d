"""Readers of the layouts in which people have the data sets."""

from __future__ import annotations

from osrae.datasets.readers.celeba import read_celeba
from osrae.datasets.readers.cifar import read_cifar10, read_cifar100
from osrae.datasets.readers.idx import read_idx, read_idx_pictures
from osrae.datasets.readers.imagenet import IMAGENET100, read_imagenet
from osrae.datasets.readers.openml import read_openml
from osrae.datasets.readers.parquet import read_parquet_pictures
from osrae.datasets.readers.svhn import read_svhn
from osrae.datasets.readers.tables import (
    read_isolet,
    read_optdigits,
    read_optical_digits,
    read_protein_homo,
    read_w7a,
)
from osrae.datasets.readers.zenodo import read_imblearn

__all__ = [
    "IMAGENET100",
    "read_celeba",
    "read_cifar10",
    "read_cifar100",
    "read_idx",
    "read_idx_pictures",
    "read_imagenet",
    "read_imblearn",
    "read_isolet",
    "read_openml",
    "read_optdigits",
    "read_optical_digits",
    "read_parquet_pictures",
    "read_protein_homo",
    "read_svhn",
    "read_w7a",
]
