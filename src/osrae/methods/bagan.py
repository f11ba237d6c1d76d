"""BAGAN as an over-sampler; what it does is in `osrae.methods.bagan_method`.

References
----------
Mariani, Scheidegger, Istrate, Bekas, Malossi. BAGAN: Data Augmentation with Balancing GAN.
arXiv:1803.09655, 2018.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.utils._param_validation import StrOptions

from osrae.methods.bagan_method import BAGANMethod
from osrae.methods.bagan_settings import PRESETS
from osrae.methods.parameters import estimator, positive, whole
from osrae.methods.resampling import DeepOversampler

__all__ = ["BAGAN"]


@estimator
class BAGAN(DeepOversampler):
    """Over-sampler with a GAN that begins as an auto-encoder.

    An auto-encoder learns to reconstruct all samples. A normal distribution is fitted to the latent
    vectors of every class; then the decoder plays, as generator, against a discriminator that
    begins with the encoder's layers and tells all classes, and generated samples, from each other.
    New samples are decoded from latent vectors drawn of their class's distribution.

    Parameters
    ----------
    preset : {"default", "original"}, default="default"
        ``"original"`` has the networks of the method's authors and takes covariances as they are;
        ``"default"`` has networks as large as those of the library's other methods. Every parameter
        that follows and is None takes the preset's value.
    architecture : {"equal", "original"} or None, default=None
        Networks of the same capacity as those of the other methods, or the authors', who have none
        for tables.
    latent_dim : int or None, default=None
        m, the size of the latent space.
    mode : {"uniform", "rebalance"} or None, default=None
        Classes of what is generated in training: all alike (both presets), or those that are rare
        in the data more often.
    shrinkage : float or None, default=None
        What is added to the diagonal of every covariance, in parts of the diagonal's mean.
    max_steps : int or None, default=None
        Length of training in steps, the first half of which trains the auto-encoder, the second the
        GAN; None is the preset's number of passes over the data for each.
    {shared}

    Attributes
    ----------
    {shared_attributes}

    See Also
    --------
    DeepSMOTE : New samples between latent vectors of an auto-encoder.
    RAEOversampler : New samples from learned mixtures of latent vectors.

    Notes
    -----
    Data as for `RAEOversampler`. Of a class with one sample there is one new sample, its
    reconstruction, again and again. The authors have no networks for tables: there both presets
    have the same.

    References
    ----------
    Mariani, Scheidegger, Istrate, Bekas, Malossi. BAGAN: Data Augmentation with Balancing GAN.
    arXiv:1803.09655, 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from osrae import BAGAN
    >>> X, y = load_iris(return_X_y=True)
    >>> sampler = BAGAN(max_steps=50, random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X[:110], y[:110])
    >>> X_new.shape, int(sampler.synthetic_mask_.sum())
    ((150, 4), 40)
    """

    preset: str = "default"
    architecture: str | None = None
    latent_dim: int | None = None
    mode: str | None = None
    shrinkage: float | None = None

    _method = BAGANMethod
    _presets = PRESETS
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **DeepOversampler._parameter_constraints,
        "preset": [StrOptions(set(PRESETS))],
        "architecture": [StrOptions({"equal", "original"}), None],
        "latent_dim": [whole(1), None],
        "mode": [StrOptions({"uniform", "rebalance"}), None],
        "shrinkage": [positive("left"), None],
    }
