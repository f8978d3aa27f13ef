"""Four GANs on one data set for equal time: DCGAN, LSGAN, WGAN-GP and R3GAN side by side."""

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8

from gantlet.actions.train import training_data
from gantlet.core.config import TrainConfig
from gantlet.core.drawing import figure
from gantlet.core.errors import ConfigError, TooFewSamples
from gantlet.core.interfaces.extractors import Extractor
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.lab import Cell, LabResult, Verdict
from gantlet.core.rng import numpy_stream
from gantlet.core.words import counted
from gantlet.data.opening import open_images
from gantlet.data.reading import native_shape
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.features.build import build_extractor
from gantlet.evaluation.inference.seeds import lower, over_seeds, upper
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.labs import LABS
from gantlet.labs.images import features_of, short
from gantlet.labs.lab import Lab, Setting
from gantlet.labs.timed import Timed, train_for
from gantlet.training.data import TrainingImages

SOURCE = (
    "Jolicoeur-Martineau 2017, 'Deep learning with cats' (four GANs on cat pictures); Radford et al. 2016, arXiv:1511.06434; Mao et al. "
    "2017, arXiv:1611.04076; Gulrajani et al. 2017, arXiv:1704.00028; Huang et al. 2024, arXiv:2501.05441; the source text on four GANs"
)
CLAIM = "Four GANs, trained on one set of pictures for equal time, all learn to make such pictures."
BLUR = "Gaussian of pixels"
REAL = "real images"
SLACK = 0.2
TOLERANCE = (
    f"each of the four has a Fréchet distance whose upper end is below the lower end of that of the {BLUR} (mean and covariance of the "
    "training images' pixels, which a picture needs more than); intervals over seeds, with one seed over fresh samples; the CPU "
    f"seconds of all trainings lie within {SLACK:.0%} of the budget"
)
MEASURES = ("frechet_distance", "frechet_distance_debiased")
MOST = 2_000
"""The most images per side that are compared."""
ROWS, COLUMNS = 8, 8
ARMS: dict[str, dict[str, object]] = {
    "DCGAN": {"objective": "nonsaturating", "beta1": 0.5, "beta2": 0.999},
    "LSGAN": {"objective": "lsgan", "beta1": 0.5, "beta2": 0.999},
    "WGAN-GP": {
        "objective": "wgan", "penalties": ("gradient-penalty[weight=10]",), "discriminator_steps": 5, "beta1": 0.0, "beta2": 0.9,
    },
    "R3GAN": {
        "objective": "rpgan", "penalties": ("r1[gamma=1.0]", "r2[gamma=1.0]"), "beta1": 0.0, "beta2": 0.99, "latent": 64,
        "lr_generator": 5e-4, "lr_discriminator": 5e-4,
    },
}  # fmt: skip
NETWORKS = {"WGAN-GP": "dcgan[width={width},norm=none]", "R3GAN": "r3gan[width={half},most={most},top=0,expansion=1]"}


class Arm(NamedTuple):
    """One training's distance and debiased distance, each with its interval over samples, its samples, and its costs."""

    distance: Estimate
    debiased: Estimate
    images: UInt8[np.ndarray, "n s s c"]
    steps: int = 0
    seconds: float = 0.0


Arms = dict[str, list[Arm]]


@LABS.register("four-gans-one-dataset", source=SOURCE, claim=CLAIM)
@dataclass(frozen=True)
class FourGansOneDataset(Lab):
    """Claim: four GANs, trained on one set of pictures for equal time, all learn to make such pictures.

    DCGAN, LSGAN and WGAN-GP with the DCGAN's networks (no normalisation in WGAN-GP's critic) and R3GAN with its own, each with
    its paper's objective, penalties and rates, batch 64, no labels, and all with a moving average of 5,000 images. Each
    trains for ``budget`` CPU seconds: a short training beforehand gives the seconds per step, the steps follow from them, and the
    seconds that the training took are measured and reported (so another machine takes other numbers of steps).

    Options: ``data``, images (a folder, a zip, a built-in name); ``resolution`` they are trained at (0: their own, at most 32);
    ``features``, the extractor of the distance (auto: as `gantlet evaluate`); ``budget``, CPU seconds per training (0: 3 at
    size smoke, 120 at laptop, 7,200 at full).

    Measured: the Fréchet distance of as many samples as there are training images (at most 2,000) to these, with its interval
    over seeds, or over samples where there is one seed; the debiased distance beside it. Two marks: images drawn from the
    Gaussian with the mean and covariance of the training pixels, and one half of the training images against the other.

    Tolerance: the four distances below the Gaussian's, intervals apart; the trainings within 20 % of their budget.
    """

    data: str = "digits"
    resolution: int = 0
    features: str = "auto"
    budget: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.budget < float("inf"):
            raise ConfigError(f"lab 'four-gans-one-dataset': expected a budget of 0 or more seconds; got {self.budget}")

    def run(self, setting: Setting) -> LabResult:
        """Train the four with every seed and measure them."""
        seeds, budget = setting.seeds(1, 1, 5), self.budget or setting.of(3, 120, 7_200)
        source = open_images(self.data)
        data = training_data(source, self.resolution or min(native_shape(source)[0], 32))
        assert isinstance(data, TrainingImages)  # open_images gives no points
        held_out = open_images(source.held_out) if source.held_out else None
        evaluator = Evaluator.of(
            data, build_extractor(self.features, source, held_out, setting.progress), setting.of(300, MOST, MOST)
        )
        arms: Arms = {}
        for done, (seed, name) in enumerate((seed, name) for seed in seeds for name in ARMS):
            run = train_for(budget, config(name, setting, seed), data, evaluator.n)
            arms.setdefault(name, []).append(evaluator.measure(run.samples, run))
            setting.progress("training", done + 1, len(ARMS) * len(seeds))
        arms[BLUR] = [evaluator.measure(gaussian_images(data.images, evaluator.n, seed)) for seed in seeds]
        arms[REAL] = [evaluator.halves()]
        return conclude(setting, seeds, arms, budget, short(self.data))


def config(name: str, setting: Setting, seed: int) -> TrainConfig:
    """Return one arm's configuration; its steps are set by the budget."""
    width = setting.of(8, 32, 64)
    network = NETWORKS.get(name, "dcgan[width={width}]").format(
        width=width, half=max(16, width // 2), most=max(64, 4 * width)
    )
    options = {"lr_generator": 1e-4 if name == "WGAN-GP" else 2e-4, "latent": 100, **ARMS[name]}
    options.setdefault("lr_discriminator", options["lr_generator"])
    return TrainConfig.from_mapping(
        {"network": network, "steps": 1, "batch": 64, "seed": seed, "techniques": ("ema[half_life=5000]",), "device": "cpu",
         **options}
    )  # fmt: skip


@dataclass(frozen=True)
class Evaluator:
    """The training images' features, and the extractor."""

    extractor: Extractor
    images: UInt8[np.ndarray, "n s s c"]
    n: int

    @classmethod
    def of(cls, data: TrainingImages, extractor: Extractor, most: int) -> "Evaluator":
        """Return the evaluator on at most ``most`` training images, drawn at random; raises TooFewSamples below 64 of them."""
        if len(data.images) < ROWS * COLUMNS:
            raise TooFewSamples(f"this lab needs {ROWS * COLUMNS} images; {data.source} holds {len(data.images)}")
        rows = numpy_stream(0, "lab").permutation(len(data.images))[:most]
        return cls(extractor, data.images[rows], len(rows))

    @cached_property
    def bank(self) -> FeatureBank:
        """Return the training images' features."""
        return features_of(self.images, self.extractor)

    def measure(self, images: UInt8[np.ndarray, "n s s c"], run: Timed | None = None) -> Arm:
        """Measure images against the training images."""
        distance, debiased = compute(Evidence(self.bank, features_of(images, self.extractor)), MEASURES)
        steps, seconds = (run.steps, run.seconds) if run else (0, 0.0)
        return Arm(distance, debiased, images[: ROWS * COLUMNS], steps, seconds)

    def halves(self) -> Arm:
        """Measure one half of the training images against the other."""
        rows = np.arange(self.n)
        one, other = (self.bank.take(rows[start::2]) for start in (0, 1))
        distance, debiased = compute(Evidence(one, other), MEASURES)
        return Arm(distance, debiased, self.images[: ROWS * COLUMNS])


def gaussian_images(images: UInt8[np.ndarray, "n s s c"], n: int, seed: int) -> UInt8[np.ndarray, "m s s c"]:
    """Return n draws from the Gaussian with the mean and covariance (divisor n) of images' pixels, cut to 0 … 255.

    m + Σᵢ gᵢ (xᵢ − m)/√n with g ~ N(0, Iₙ) has exactly these moments, and needs no factor of the covariance.
    """
    pixels = images.reshape(len(images), -1).astype(np.float32)
    mean = pixels.mean(0)
    weights = numpy_stream(seed, "gaussian-images").standard_normal((n, len(pixels)), np.float32) / np.sqrt(len(pixels))
    drawn = mean + weights.astype(np.float32) @ (pixels - mean)
    return np.clip(np.round(drawn), 0, 255).astype(np.uint8).reshape(n, *images.shape[1:])


def conclude(setting: Setting, seeds: tuple[int, ...], arms: Arms, budget: float, title: str) -> LabResult:
    """Return the verdict on the four distances, the table and the figure."""
    distances = {
        name: _over(f"Fréchet distance, {name}", [arm.distance for arm in runs]) for name, runs in arms.items()
    }
    bar = lower(distances[BLUR])
    failed = [name for name in ARMS if upper(distances[name]) >= bar]
    seconds = [arm.seconds for name in ARMS for arm in arms[name]]
    unequal = max(abs(value / budget - 1) for value in seconds) > SLACK
    ranked = sorted(ARMS, key=lambda name: distances[name].value or 0.0)
    why = "; ".join(f"{name}: {distances[name].text}" for name in (*ranked, BLUR, REAL))
    why += f"; CPU seconds {min(seconds):.1f} to {max(seconds):.1f} of {budget:g}"
    why += f"; not below the {BLUR}: {', '.join(failed)}" if failed else ""
    why += "; the trainings did not take equal time: give a larger budget" if unequal else ""
    why += "".join(f"; {note}" for note in arms[ranked[0]][0].distance.notes if "2d" in note or "≤ d" in note)
    worst = max((distances[name] for name in ARMS), key=upper)
    rows: list[tuple[Cell, ...]] = [
        (name, *_ends(distances[name]), _over("", [arm.debiased for arm in runs]).text, runs[0].steps or None,
         float(np.mean([arm.seconds for arm in runs])) if name in ARMS else None)
        for name, runs in arms.items()
    ]  # fmt: skip
    verdict: Verdict = "not testable here" if unequal else "not reproduced" if failed else "reproduced"
    return LabResult(
        "four-gans-one-dataset", CLAIM, SOURCE, worst.metric, None, "pictures without numbers", worst, TOLERANCE, verdict,
        why, ("arm", "FD", "low", "high", "debiased FD", "steps", "CPU s"), tuple(rows),
        (_draw(setting, distances, arms, title),), setting.size, seeds,
    )  # fmt: skip


def _over(what: str, estimates: list[Estimate]) -> Estimate:
    """Return the interval over seeds, or a single training's own."""
    if len(estimates) == 1:
        return dataclasses.replace(estimates[0], metric=what)
    return over_seeds(what, [estimate.value or 0.0 for estimate in estimates])


def _ends(estimate: Estimate) -> tuple[Cell, ...]:
    return estimate.value, estimate.low, estimate.high


def _draw(setting: Setting, distances: dict[str, Estimate], arms: Arms, title: str) -> str:
    """Draw the first seed's samples of each arm, images of both marks, and all distances."""
    picture, axes = figure.new(2, 4, width=3.2, height=3.6)
    for axis, (name, runs) in zip(axes, arms.items(), strict=False):
        figure.images(axis, runs[0].images, COLUMNS)
        cost = f", {counted(runs[0].steps, 'step')}" if runs[0].steps else ""
        figure.label(axis, f"{name}{f' ({title})' if name == REAL else ''}{cost}\nFD {distances[name].text}")
    figure.bars(axes[6], {name: distances[name] for name in (*ARMS, BLUR)}, distances[REAL].value)
    figure.label(axes[6], f"FD (dashed: {REAL}, half to half)")
    axes[7].set_axis_off()
    return figure.save(picture, setting.out / "four-gans-one-dataset.png")
