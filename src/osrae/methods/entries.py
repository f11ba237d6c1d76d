"""The methods that osrae comes with; a new one is one more entry."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from osrae.data.description import DataKind

__all__ = ["ENTRIES", "Kind", "MethodEntry"]

Kind = Literal["classifier", "sampler"]


@dataclass(frozen=True, kw_only=True)
class MethodEntry:
    """One method.

    Parameters
    ----------
    name : str
        In the shell and in tables of results.
    title : str
        For people.
    kind : {"classifier", "sampler"}
        A classifier predicts by itself; a sampler writes new rows, and a classifier is trained on
        the result.
    data : tuple of {"pictures", "tables"}
        What it takes.
    paper : str
        Where it was published.
    home : str or callable
        Its estimator's class, or a function that makes one; or ``"module:name"`` of it, to be
        imported when it is needed.
    parameters : mapping
        Parameters that are set in place of the class's own defaults.
    """

    name: str
    title: str
    kind: Kind
    data: tuple[DataKind, ...]
    paper: str
    home: str | Callable[..., Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def factory(self) -> Callable[..., Any]:
        """The class of the estimator, or the function that makes one."""
        if not isinstance(self.home, str):
            return self.home
        module, _, name = self.home.partition(":")
        return getattr(importlib.import_module(module), name)

    def estimator(self, **parameters: Any) -> Any:
        """Make the estimator, with these parameters in place of the defaults."""
        return self.factory(**{**self.parameters, **parameters})

    @property
    def defaults(self) -> dict[str, Any]:
        """Every parameter of the estimator, as it is without being set."""
        return self.estimator().get_params(deep=False)

    def defaults_for(self, data: DataKind) -> dict[str, Any]:
        """Return every parameter as its preset has it for such data, where it has any.

        What a preset does not fix either, because it depends on the data, stays None.
        """
        made = self.estimator()
        values = made.get_params(deep=False)
        presets = getattr(made, "_presets", None)
        if not presets:
            return values
        settings = presets[values["preset"]][data]
        return {
            name: getattr(settings, name, None) if value is None else value
            for name, value in values.items()
        }


_BOTH: tuple[DataKind, ...] = ("pictures", "tables")
_RAE = (
    "Mondal, Singhal, Tiwary, Singla, Prathosh. Minority Oversampling for Imbalanced Data via "
    "Class-Preserving Regularized Auto-Encoders. AISTATS 2023"
)
_GAMO = "Mullick, Datta, Das. Generative Adversarial Minority Oversampling. ICCV 2019"
_SAERENS = (
    "Saerens, Latinne, Decaestecker. Adjusting the Outputs of a Classifier to New a Priori "
    "Probabilities. Neural Computation 2002"
)
_SMOTE = (
    "Chawla, Bowyer, Hall, Kegelmeyer. SMOTE: Synthetic Minority Over-sampling Technique. JAIR 2002"
)


def _classifier(
    name: str,
    title: str,
    paper: str,
    home: str,
    data: tuple[DataKind, ...] = _BOTH,
    **parameters: Any,
) -> MethodEntry:
    return MethodEntry(
        name=name, title=title, kind="classifier", data=data, paper=paper,
        home=f"osrae.methods.{home}", parameters=parameters,
    )  # fmt: skip


def _sampler(name: str, title: str, paper: str, home: str, **parameters: Any) -> MethodEntry:
    return MethodEntry(
        name=name, title=title, kind="sampler", data=_BOTH, paper=paper,
        home=f"osrae.methods.{home}", parameters=parameters,
    )  # fmt: skip


_PLAIN = "deep_classifier:DeepClassifier"
_TABLES: tuple[DataKind, ...] = ("tables",)

ENTRIES: tuple[MethodEntry, ...] = (
    _classifier("rae", "Class-preserving regularised auto-encoder", _RAE,
                "rae_classifier:RAEClassifier"),
    _classifier("gamo", "GAMO", _GAMO, "gamo:GAMOClassifier"),
    _classifier("dgc", "Deep generative classifier (DGC)",
                "Wang, Lyu, Jing. Deep Generative Model for Robust Imbalance Classification. "
                "CVPR 2020",
                "dgc:DGCClassifier"),
    _sampler("rae-sampler", "Class-preserving regularised auto-encoder, as a sampler", _RAE,
             "rae_oversampler:RAEOversampler"),
    _sampler("deepsmote", "DeepSMOTE",
             "Dablain, Krawczyk, Chawla. DeepSMOTE: Fusing Deep Learning and SMOTE for Imbalanced "
             "Data. IEEE TNNLS 2022", "deepsmote:DeepSMOTE"),
    _sampler("bagan", "BAGAN",
             "Mariani, Scheidegger, Istrate, Bekas, Malossi. BAGAN: Data Augmentation with "
             "Balancing GAN. arXiv:1803.09655, 2018", "bagan:BAGAN"),
    _sampler("gamo2pix", "GAMO2PIX", _GAMO, "gamo2pix:GAMO2PIX"),
    _sampler("smote", "SMOTE", _SMOTE, "smote:SMOTEFamily"),
    _sampler("borderline-smote", "Borderline-SMOTE", "Han, Wang, Mao. Borderline-SMOTE. ICIC 2005",
             "smote:SMOTEFamily", variant="borderline"),
    _sampler("svm-smote", "SVM-SMOTE",
             "Nguyen, Cooper, Kamei. Borderline Over-Sampling for Imbalanced Data Classification. "
             "IJKESDP 2011", "smote:SMOTEFamily", variant="svm"),
    _sampler("kmeans-smote", "k-means SMOTE",
             "Douzas, Bacao, Last. Improving Imbalanced Learning Through a Heuristic Oversampling "
             "Method Based on K-Means and SMOTE. Information Sciences 2018",
             "smote:SMOTEFamily", variant="kmeans"),
    _sampler("adasyn", "ADASYN",
             "He, Bai, Garcia, Li. ADASYN: Adaptive Synthetic Sampling Approach. IJCNN 2008",
             "smote:SMOTEFamily", variant="adasyn"),
    _sampler("random", "Random over-sampling", "repeats samples", "smote:SMOTEFamily",
             variant="random"),
    _sampler("amdo", "AMDO",
             "Yang, Kuang, Zhang, Zhang. AMDO: An Over-Sampling Technique for Multi-Class "
             "Imbalanced Problems. IEEE TKDE 2018", "amdo:AMDO"),
    _sampler("mc-ccr", "MC-CCR",
             "Koziarski, Woźniak, Krawczyk. Combined Cleaning and Resampling Algorithm for "
             "Multi-Class Imbalanced Data with Label Noise. Knowledge-Based Systems 2020",
             "mc_ccr:MCCCR"),
    _sampler("mc-rbo", "MC-RBO",
             "Krawczyk, Koziarski, Woźniak. Radial-Based Oversampling for Multiclass Imbalanced "
             "Data Classification. IEEE TNNLS 2020", "mc_rbo:MCRBO"),
    _classifier("plain", "Plain network, cross-entropy", "the same encoder without any correction",
                _PLAIN),
    _classifier("class-weights", "Plain network, class weights", "weights n / (C n_c)", _PLAIN,
                loss="weighted"),
    _classifier("balanced-sampling", "Plain network, class-balanced sampling",
                "Kang et al. Decoupling Representation and Classifier. ICLR 2020", _PLAIN,
                sampling="balanced"),
    _classifier("focal", "Plain network, focal loss",
                "Lin, Goyal, Girshick, He, Dollár. Focal Loss for Dense Object Detection. "
                "ICCV 2017",
                _PLAIN, loss="focal"),
    _classifier("class-balanced", "Plain network, class-balanced loss",
                "Cui, Jia, Lin, Song, Belongie. Class-Balanced Loss Based on Effective Number of "
                "Samples. CVPR 2019", _PLAIN, loss="class_balanced"),
    _classifier("ldam-drw", "Plain network, LDAM with deferred re-weighting",
                "Cao, Wei, Gaidon, Arechiga, Ma. Learning Imbalanced Datasets with "
                "Label-Distribution-Aware Margin Loss. NeurIPS 2019", _PLAIN, loss="ldam"),
    _classifier("logit-adjustment", "Plain network, logit adjustment",
                "Menon et al. Long-tail Learning via Logit Adjustment. ICLR 2021; the same loss as "
                "balanced softmax, Ren et al. NeurIPS 2020", _PLAIN, loss="logit_adjustment"),
    _classifier("mixup", "Plain network, mixup",
                "Zhang, Cisse, Dauphin, Lopez-Paz. mixup. ICLR 2018", _PLAIN, mixup="mixup"),
    _classifier("remix", "Plain network, remix",
                "Chou, Chang, Pan, Wei, Juan. Remix: Rebalanced Mixup. ECCV Workshops 2020", _PLAIN,
                mixup="remix"),
    _classifier("two-stage", "A sampler, then a classifier",
                "ResNet-18 for pictures, the network of Table 18 for tables, if no other is given",
                "two_stage:TwoStageClassifier"),
    _classifier("gradient-boosting", "Gradient boosting", "scikit-learn",
                "libraries:gradient_boosting", _TABLES),
    _classifier("weighted-gradient-boosting", "Gradient boosting, class weights", "scikit-learn",
                "libraries:weighted_gradient_boosting", _TABLES),
    _classifier("corrected-gradient-boosting", "Gradient boosting, for equally common classes",
                _SAERENS, "libraries:corrected_gradient_boosting", _TABLES),
    _classifier("random-forest", "Random forest", "scikit-learn", "libraries:random_forest",
                _TABLES),
    _classifier("balanced-random-forest", "Balanced random forest",
                "Chen, Liaw, Breiman. Using Random Forest to Learn Imbalanced Data. 2004",
                "libraries:balanced_random_forest", _TABLES),
    _classifier("logistic-regression", "Logistic regression", "scikit-learn",
                "libraries:logistic_regression", _TABLES),
    _classifier("weighted-logistic-regression", "Logistic regression, class weights",
                "scikit-learn", "libraries:weighted_logistic_regression", _TABLES),
    _classifier("corrected-logistic-regression", "Logistic regression, for equally common classes",
                _SAERENS, "libraries:corrected_logistic_regression", _TABLES),
)  # fmt: skip
