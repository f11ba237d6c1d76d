"""One run of `levers.py`: encoder and linear classifier on pairs of one class, with one lever."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from levers_networks import ENCODERS, initialise
from torch import Tensor, nn
from torch.nn import functional as F

from osrae.datasets import load_split
from osrae.methods.mixtures import mix_across
from osrae.training import augmentation
from osrae.training.augmentation import Augmentation
from osrae.training.batches import ClassIndex
from osrae.training.optimisation import AdamW, cosine_factor

__all__ = ["Data", "Run", "Trainer", "load"]

COLOURS = Augmentation(
    flip=True, translate=1 / 8, brightness=0.15, saturation=0.4, contrast=0.4, cutout=0.5
)
_OFFERED = {
    **augmentation.POLICIES,
    "flip-shift": Augmentation(flip=True, translate=1 / 8),
    "colours": COLOURS,
    "wide": Augmentation(**{**asdict(COLOURS), "zoom": 0.15, "rotate": 15}),
    "wide, small cutout": Augmentation(
        **{**asdict(COLOURS), "zoom": 0.15, "rotate": 15, "cutout": 0.25}
    ),
    "digits, cut": Augmentation(translate=1 / 8, rotate=10, zoom=0.1, cutout=0.25),
}
#: What was hidden was black when these were measured; osrae has come to fill it with the mean.
POLICIES = {name: replace(policy, cutout_fill="zero") for name, policy in _OFFERED.items()}
_HELD_BLOCK = 500
_SHARES = (0.75, 1.0)  # of a run, after which it is scored


@dataclass(frozen=True)
class Run:
    """One training run.

    Parameters
    ----------
    data : str
    seed, repeat : int
        Of the split, and of weights and batches.
    encoder : str
        A key of `levers_networks.ENCODERS`.
    steps : int
        So that the arithmetic of a run is about the same for every encoder.
    tuples, tuple_size : int
        Tuples of one class in a batch, and samples in a tuple.
    mixing : {"none", "uniform", "nearest"}
        Mixtures in latent space with random members of the class, or with the nearest of the tuple.
    layer : int or None
        Mix pairs before this stage of the encoder instead of in latent space.
    concentration : float
        Of the symmetric Beta distribution of the coefficients; 0 is one half always.
    extrapolation : float
        e: coefficients of [0, 1] are stretched to [-e, 1 + e].
    mixture_weight : float
        Of the mixtures' loss.
    sampling : {"instance", "deferred", "balanced", "square_root"}
    adjusts : bool
        Logit adjustment in the loss, instead of correcting for frequencies afterwards.
    margin : float
        In logits, of the rarest class; of others by n^(-1/4).
    smoothing : float
        Label smoothing.
    mixup : float
        α of mixup across classes; 0 is none.
    cutmix : float
        Share of batches with CutMix across classes.
    augmentation : str
    augmented : float
        Share of the pictures that are augmented.
    learning_rate, weight_decay, averaging, dropout : float
        Dropout of the latent vectors.
    rotations : float
        Share of the run that first learns by how many right angles pictures are turned.
    sharpness : float
        Radius of sharpness-aware minimisation; 0 is none.
    """

    data: str = "cifar10"
    seed: int = 0
    repeat: int = 0
    encoder: str = "plain"
    steps: int = 3600
    tuples: int = 64
    tuple_size: int = 2
    mixing: str = "uniform"
    layer: int | None = None
    concentration: float = 1.0
    extrapolation: float = 0.0
    mixture_weight: float = 1.0
    sampling: str = "instance"
    adjusts: bool = False
    margin: float = 0.0
    smoothing: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    augmentation: str = "auto"
    augmented: float = 1.0
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    averaging: float = 0.995
    dropout: float = 0.0
    rotations: float = 0.0
    sharpness: float = 0.0

    def changes(self) -> dict[str, Any]:
        """Return what differs from the defaults, but the seed and the repeat."""
        return {
            f.name: value
            for f in fields(self)
            if (value := getattr(self, f.name)) != f.default and f.name not in ("seed", "repeat")
        }


@dataclass(frozen=True)
class Data:
    """Pictures as uint8 ``(n, c, h, w)`` and class numbers, on the device."""

    X: Tensor
    y: Tensor
    X_held: Tensor
    y_held: Tensor


def load(name: str, seed: int, device: torch.device) -> Data:
    """Return the training part, and the rows that the public training split has beyond it."""
    split = load_split(name, seed=seed)

    def pictures(X: Any) -> Tensor:
        x = torch.from_numpy(np.asarray(X))
        x = x if x.dim() == 4 else x[..., None]
        return x.permute(0, 3, 1, 2).contiguous().to(device)

    def codes(y: Any) -> Tensor:
        return torch.from_numpy(np.asarray(y).astype(np.int64)).to(device)

    assert split.X_validation is not None
    return Data(pictures(split.X_train), codes(split.y_train),
                pictures(split.X_validation), codes(split.y_validation))  # fmt: skip


class Trainer:
    """One run: networks, averages, and a step that a CUDA graph can hold."""

    def __init__(self, run: Run, data: Data) -> None:
        self.run, self.data, self.device = run, data, data.X.device
        torch.manual_seed(run.seed + 1000 * run.repeat)
        cuda = self.device.type == "cuda"
        self.generator = torch.cuda.default_generators[0] if cuda else torch.default_generator
        channels, self.n_classes = data.X.shape[1], int(data.y.max()) + 1
        m = 64 if channels == 1 else 256
        encoder = ENCODERS[run.encoder](channels, m)
        initialise(encoder)
        encoder.fit(data.X[torch.randperm(len(data.X))[:2000]].float() / 255)
        self.networks = nn.ModuleDict(
            {"encoder": encoder, "classifier": nn.Linear(m, self.n_classes)}
        )
        if run.rotations:
            self.networks["turns"] = nn.Linear(m, 4)
        self.networks.to(self.device).to(memory_format=torch.channels_last)
        self.averages = copy.deepcopy(self.networks).requires_grad_(False)
        self.rate = torch.zeros((), device=self.device) if cuda else 0.0
        self.optimizer = AdamW(
            self.networks.parameters(), run.learning_rate, weight_decay=run.weight_decay
        )
        self.index = ClassIndex(data.y, self.n_classes)
        self.counts = self.index.counts
        self.shares = torch.ones(self.n_classes, dtype=torch.float64, device=self.device)
        name = run.augmentation
        if name == "auto":
            name = "digits" if channels == 1 else "flip-crop"
        self.augment = POLICIES[name]
        margins = self.counts.float().pow(-0.25)
        self.margins = 8 * run.margin * margins / margins.max()
        self.loss = torch.zeros((), device=self.device)
        self.graphs: dict[str, Callable[[], None]] = {}

    def __call__(self) -> dict[str, Any]:
        """Train, and score on the way."""
        run, scores, losses = self.run, {}, []
        at = {int(run.steps * share): share for share in _SHARES}
        started = time.perf_counter()
        for step in range(run.steps):
            progress = step / run.steps
            power = self._power(progress)
            self.shares.copy_(self.counts.double() ** power)
            self._set_rate(cosine_factor(progress))
            self._stepper("turns" if progress < run.rotations else "classes")()
            self._average(step)
            if step % 200 == 0:
                losses.append(float(self.loss))
            if step + 1 in at:
                scores[at[step + 1]] = self._score(self._power((step + 0.5) / run.steps))
        return {
            "acsa": scores[1.0],
            "acsa at 3/4": scores[0.75],
            "loss": float(np.mean(losses[-5:])),
            "seconds": time.perf_counter() - started,
        }

    def _power(self, progress: float) -> float:
        """Classes of n samples are drawn n to this power as often."""
        match self.run.sampling:
            case "balanced":
                return 0.0
            case "square_root":
                return 0.5
            case "deferred":
                return 1.0 if progress < 0.7 else 0.0
        return 1.0

    def _set_rate(self, factor: float) -> None:
        if isinstance(self.rate, Tensor):
            self.rate.fill_(factor * self.run.learning_rate)
            self.optimizer.learning_rate = self.rate
        else:
            self.optimizer.learning_rate = factor * self.run.learning_rate

    def _stepper(self, task: str) -> Callable[[], None]:
        if self.device.type != "cuda":
            return lambda: self._step(task)
        if task not in self.graphs:
            self.graphs[task] = self._capture(task)
        return self.graphs[task]

    def _capture(self, task: str) -> Callable[[], None]:
        """Record a step, and put everything back to where it was before."""
        weights = {name: value.clone() for name, value in self.networks.state_dict().items()}
        moments = {name: value.clone() for name, value in self.optimizer.state_dict().items()}
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self._step(task)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._step(task)
        self.networks.load_state_dict(weights)
        self.optimizer.load_state_dict(moments)
        return graph.replay

    def _step(self, task: str) -> None:
        parameters = self.optimizer.parameters
        loss = self._loss(task)
        slopes = torch.autograd.grad(loss, parameters, allow_unused=True)
        if self.run.sharpness and task == "classes":
            slopes = self._sharp_slopes(slopes)
        self.optimizer.step(slopes)
        self.loss.copy_(loss.detach())

    @torch.no_grad()
    def _sharp_slopes(self, slopes: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Gradients at the worst point nearby (Foret et al. 2021)."""
        parameters = self.optimizer.parameters
        norm = torch.stack([slope.square().sum() for slope in slopes]).sum().sqrt()
        away = [slope * self.run.sharpness / (norm + 1e-12) for slope in slopes]
        torch._foreach_add_(parameters, away)
        with torch.enable_grad():
            there = torch.autograd.grad(self._loss("classes"), parameters)
        torch._foreach_sub_(parameters, away)
        return there

    def _loss(self, task: str) -> Tensor:
        run, device = self.run, self.device
        chances = self.shares.cumsum(0)
        draw = torch.rand(run.tuples, device=device, dtype=torch.float64) * chances[-1]
        y = torch.searchsorted(chances, draw).clamp_max(self.n_classes - 1)
        rows = self.index.tuples(y, run.tuple_size, self.generator).flatten().long()
        x = self.augment(self.data.X[rows].float() / 255, self.generator, run.augmented)
        y = y.repeat(run.tuple_size)
        with torch.autocast(device.type, torch.bfloat16, cache_enabled=False):
            if task == "turns":
                return self._turns_loss(x)
            target = F.one_hot(y, self.n_classes).float()
            if run.mixup or run.cutmix:
                x, target = self._mixed_across(x, y)
            encoder, classifier = self.networks["encoder"], self.networks["classifier"]
            z = encoder(x, run.layer, self._mixed_pairs).float()
            z = F.dropout(z, run.dropout)
            target = (1 - run.smoothing) * target + run.smoothing / self.n_classes
            loss = self._cross_entropy(classifier(z), target)
            if run.mixing != "none":
                mixed, mixed_target = self._mixed_latents(z, target)
                mixed_loss = self._cross_entropy(classifier(mixed), mixed_target)
                loss = loss + run.mixture_weight * mixed_loss
        return loss

    def _turns_loss(self, x: Tensor) -> Tensor:
        turns = torch.randint(4, (len(x),), device=self.device)
        every = torch.stack([x.rot90(k, (2, 3)) for k in range(4)])
        turned = every[turns, torch.arange(len(x), device=self.device)]
        logits = self.networks["turns"](self.networks["encoder"](turned))
        return F.cross_entropy(logits.float(), turns)

    def _cross_entropy(self, logits: Tensor, target: Tensor) -> Tensor:
        logits = logits.float() - target * self.margins
        if self.run.adjusts:
            logits = logits + (self.shares / self.shares.sum()).log().float()
        return -(target * logits.log_softmax(1)).sum(1).mean()

    def _mixed_across(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        run = self.run
        kind, alpha, chance = (
            ("mixup", run.mixup, 1.0) if run.mixup else ("cutmix", 1.0, run.cutmix)
        )
        mixed = mix_across(x, y, kind, alpha, self.generator, chance)
        own, partner = (F.one_hot(labels, self.n_classes) for labels in mixed.labels)
        target = mixed.shares[0][:, None] * own + mixed.shares[1][:, None] * partner
        return mixed.x, target

    def _coefficients(self, *shape: int) -> Tensor:
        run = self.run
        if run.concentration == 0:
            share = torch.full(shape, 0.5, device=self.device)
        elif run.concentration == 1:
            share = torch.rand(shape, device=self.device)
        else:
            level = torch.full((2, *shape), run.concentration, device=self.device)
            gamma = torch._standard_gamma(level).clamp_min(1e-20)
            share = gamma[0] / gamma.sum(0)
        return share * (1 + 2 * run.extrapolation) - run.extrapolation

    def _mixed_pairs(self, h: Tensor) -> Tensor:
        """Put mixtures of the pairs in place of their second members."""
        first, second = h.unflatten(0, (2, -1))
        share = self._coefficients(len(first)).view(-1, 1, 1, 1).to(h.dtype)
        return torch.cat([first, share * first + (1 - share) * second])

    def _mixed_latents(self, z: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Mix every member of the tuples with the others, and labels in the same shares."""
        t, n = self.run.tuple_size, self.run.tuples
        z, target = z.unflatten(0, (t, n)), target.unflatten(0, (t, n))
        if self.run.mixing == "nearest":
            members = z.detach().transpose(0, 1)
            distances = torch.cdist(members, members)
            distances = distances + 1e9 * torch.eye(t, device=self.device)
            place = distances.argmin(2).T[..., None]
            share = self._coefficients(t, n, 1)
            others = z.gather(0, place.expand_as(z))
            return (share * z + (1 - share) * others).flatten(0, 1), target.flatten(0, 1)
        if t == 2:
            share = self._coefficients(n)
            alpha = torch.stack([share, 1 - share])[..., None]
        else:
            gamma = torch._standard_gamma(torch.ones(t, n, device=self.device)).clamp_min(1e-20)
            alpha = (gamma / gamma.sum(0))[..., None]
        mixed = [(alpha * z.roll(-turn, 0)).sum(0) for turn in range(t)]
        labels = [(alpha * target.roll(-turn, 0)).sum(0) for turn in range(t)]
        return torch.cat(mixed), torch.cat(labels)

    @torch.no_grad()
    def _average(self, step: int) -> None:
        decay = min(self.run.averaging, (1 + step) / (10 + step))
        kept, live = (
            [*module.parameters(), *(b for b in module.buffers() if b.is_floating_point())]
            for module in (self.averages, self.networks)
        )
        torch._foreach_lerp_(kept, live, 1 - decay)

    @torch.inference_mode()
    def _score(self, power: float) -> float:
        """ACSA in %, of colour pictures with their mirror images, for equally common classes."""
        self.averages.eval()
        learned = torch.zeros_like(self.shares)
        if not self.run.adjusts:
            learned = (self.counts.double() ** power).log()
        right = []
        for x, y in zip(self.data.X_held.split(_HELD_BLOCK), self.data.y_held.split(_HELD_BLOCK),
                        strict=True):  # fmt: skip
            x = x.float() / 255
            with torch.autocast(self.device.type, torch.bfloat16):
                z = self.averages["encoder"](x).float()
                if x.shape[1] == 3:
                    z = (z + self.averages["encoder"](x.flip(3)).float()) / 2
                logits = self.averages["classifier"](z)
            right.append((logits.float() - learned.float()).argmax(1) == y)
        correct = torch.cat(right).double()
        recalls = [correct[self.data.y_held == c].mean() for c in range(self.n_classes)]
        return 100 * float(torch.stack(recalls).mean())
