"""AE-OT: an auto-encoder with optimal transport onto its codes loses no mode; compared with a GAN of the same budget."""

import time
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import UInt8

from gantlet.core.drawing import figure
from gantlet.core.errors import ConfigError
from gantlet.core.results.lab import Cell, LabResult
from gantlet.core.words import counted
from gantlet.data.opening import open_images
from gantlet.data.reading import to_array
from gantlet.evaluation.inference.seeds import over_seeds
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.labs import LABS
from gantlet.labs.ae_ot_measures import Evaluator, Measures
from gantlet.labs.images import LabelledImages, features_of, open_labelled, short
from gantlet.labs.lab import Lab, Setting
from gantlet.labs.training import train_and_sample
from gantlet.training import recipes
from gantlet.training.data import TrainingImages
from gantlet.training.techniques.transport_codes import Transported

SOURCE = "An et al. 2020, openreview HkldyTNYwH (AE-OT); An et al. 2019, arXiv:1902.02934"
CLAIM = (
    "An auto-encoder with semi-discrete transport of its codes, away from the singular set, loses and mixes no mode."
)
FEWEST, COPIED = 0.2, 0.5
TOLERANCE = (
    f"at every seed ae-ot has every class at more than {FEWEST:g} of its real share, fewer bridging images than the GAN and a "
    f"Fréchet distance below the GAN's (intervals apart), and its images lie further from the training images than {COPIED:g} of "
    "held-out real images do (medians; otherwise it copies)"
)
GAN: dict[str, object] = {
    "network": "autoencoder[width=32,code=16,energy=logit]", "objective": "nonsaturating",
    "penalties": ("r1[gamma=1.0]",), "techniques": (), "lr_generator": 5e-4, "lr_discriminator": 5e-4, "beta1": 0.5,
}  # fmt: skip
"""The GAN's changes to the recipe ae-ot: the encoder gets one linear layer and is the critic; the decoder stays the generator."""
ROWS, COLUMNS = 3, 8


@dataclass(frozen=True, eq=False)
class Arm:
    """One generator of one seed: its measures, processor seconds, and a grid of images above their nearest training images."""

    name: str
    seed: int
    measures: Measures
    cpu: float
    image_grid: UInt8[np.ndarray, "h w c"]


@LABS.register("ae-ot", source=SOURCE, claim=CLAIM)
@dataclass(frozen=True)
class AeOt(Lab):
    """Claim: an auto-encoder with semi-discrete optimal transport of its codes loses no mode and mixes none.

    The recipe ae-ot and a GAN under one protocol: the same images, the same two networks (the decoder generates; the
    encoder, with one linear layer more, is the GAN's critic), equal batches and equally many training images; processor
    seconds, including the transport, are in the table. Each generator draws as many images as there are held-out ones.
    Measured with a classifier trained on these images: classes found, the least share of a class over its real share,
    bridging (images whose largest class probability is below that of 99 % of held-out real images), the Fréchet distance to
    held-out images, and whether it copies: medians of 1,000 images' distance to their nearest training image, and of
    their codes (ae-ot's encoder) to the nearest training code, over those of held-out images. Encoded and
    decoded training images are the third arm: copies, and the best that this decoder can do.

    Tolerance: at every seed all classes, fewer bridges and a lower Fréchet distance than the GAN, and no copies.
    Args: data: labelled images with a held-out split; steps: of both trainings; 0 means the default of the size (laptop 1,500).
    Raises: ConfigError (no labels, no held-out images, steps < 0).
    """

    data: str = "digits"
    steps: int = 0

    def __post_init__(self) -> None:
        if self.steps < 0:
            raise ConfigError(
                f"lab 'ae-ot': expected steps ≥ 0, where 0 means the default of the size; got {self.steps}"
            )

    def run(self, setting: Setting) -> LabResult:
        """Train both with every seed and measure them."""
        seeds, steps = setting.seeds(1, 2, 3), self.steps or setting.of(100, 1500, 20_000)
        images = open_labelled(self.data, 0, setting.progress)
        if not images.source.held_out:
            raise ConfigError(f"this lab needs held-out images; {images.source.spec} has none: use digits or mnist")
        test = to_array(open_images(images.source.held_out), *images.classifier.shape)
        bank = features_of(test.pixels, images.classifier, test.labels)
        arms: list[Arm] = []
        for done, seed in enumerate(seeds):
            arms += trial(images, test.pixels, bank, steps, seed)
            setting.progress("training both", done + 1, len(seeds))
        return conclude(setting, seeds, arms, short(images.source.spec))


def trial(
    images: LabelledImages, test: UInt8[np.ndarray, "m s s c"], bank: FeatureBank, steps: int, seed: int
) -> list[Arm]:
    """Return both generators of one seed, and the auto-encoder's copies."""
    data = TrainingImages(images.pixels, images.labels, images.source.classes, images.source.digest, images.source.spec)
    base = replace(recipes.load("ae-ot"), steps=steps, seed=seed, log_every=steps)
    arms, evaluator = [], None
    for name, changes in (("ae-ot", {}), ("GAN", GAN)):
        start = time.process_time()
        run = train_and_sample(type(base).from_mapping(changes, base), data, len(test))
        cpu = time.process_time() - start
        if evaluator is None:
            evaluator = Evaluator(images, test, bank, run.state.discriminator)
            assert isinstance(run.state.generator, Transported)
            copies = evaluator.reconstructions(run.state.generator.decoder, seed)
            arms.append(Arm("copies", seed, evaluator.measure(copies, seed), 0.0, mosaic(evaluator, copies)))
        samples = np.asarray(run.samples)
        arms.append(Arm(name, seed, evaluator.measure(samples, seed), cpu, mosaic(evaluator, samples)))
    return arms


def mosaic(evaluator: Evaluator, images: UInt8[np.ndarray, "k s s c"]) -> UInt8[np.ndarray, "h w c"]:
    """Return images in rows; under each row are the nearest training images, inverted."""
    subset = images[: ROWS * COLUMNS]
    both = np.stack([subset, 255 - evaluator.beside(subset)], axis=1).reshape(ROWS, COLUMNS, 2, *subset.shape[1:])
    size, channels = subset.shape[1], subset.shape[3]
    return both.transpose(0, 2, 3, 1, 4, 5).reshape(ROWS * 2 * size, COLUMNS * size, channels)


def conclude(setting: Setting, seeds: tuple[int, ...], arms: list[Arm], spec: str) -> LabResult:
    """Return the verdict: ae-ot against the GAN at every seed."""
    by = {(arm.name, arm.seed): arm for arm in arms}
    reasons: list[str] = []
    for seed in seeds:
        ours, gan = by["ae-ot", seed].measures, by["GAN", seed].measures
        checks = {
            f"a class has {ours.least:.2f} of its real share": ours.least > FEWEST,
            f"bridging {ours.bridging:.1%} against {gan.bridging:.1%}": ours.bridging < gan.bridging,
            f"FD {ours.distance[0]:.3g} against {gan.distance[0]:.3g}": ours.distance[2] < gan.distance[1],
            f"images at {ours.image:.2f} of the held-out distance: copies": ours.image > COPIED,
        }
        reasons += [f"seed {seed}: {reason}" for reason, holds in checks.items() if not holds]
    summary = "; ".join(
        f"{name}: {counted(min(a.measures.modes for a in arms if a.name == name), 'class')}, bridging {_mean(arms, name, 'bridging'):.1%}, FD "
        f"{np.mean([a.measures.distance[0] for a in arms if a.name == name]):.3g}, nearest training image at "
        f"{_mean(arms, name, 'image'):.2f} of the held-out distance"
        for name in ("ae-ot", "GAN")
    )
    rows: list[tuple[Cell, ...]] = [
        (a.name, a.seed, a.measures.modes, a.measures.least, a.measures.bridging, *a.measures.distance, a.measures.code, a.measures.image, a.cpu)
        for a in arms
    ]  # fmt: skip
    apart = [by["ae-ot", seed].measures.distance[0] / by["GAN", seed].measures.distance[0] for seed in seeds]
    return LabResult(
        "ae-ot", CLAIM, SOURCE, f"FD(ae-ot) / FD(GAN of the same budget), {spec}", None,
        "FID 6.2 on MNIST in the paper's Inception features, from memory: another feature space, another budget",
        over_seeds("FD of ae-ot over the GAN's", apart), TOLERANCE,
        "not reproduced" if reasons else "reproduced", f"{summary}{'; against the tolerance: ' if reasons else ''}{', '.join(reasons)}",
        ("arm", "seed", "classes", "least share", "bridging", "FD", "low", "high", "nearest code", "nearest image", "CPU s"),
        tuple(rows), (_draw(setting, seeds, arms),), setting.size, seeds,
    )  # fmt: skip


def _mean(arms: list[Arm], name: str, field: str) -> float:
    return float(np.mean([getattr(arm.measures, field) for arm in arms if arm.name == name]))


def _draw(setting: Setting, seeds: tuple[int, ...], arms: list[Arm]) -> str:
    picture, (left, middle, error, near) = figure.new(1, 4, width=3.4, height=3.2)
    for axis, name in ((left, "ae-ot"), (middle, "GAN")):
        (image_grid,) = (arm.image_grid for arm in arms if arm.name == name and arm.seed == seeds[0])
        axis.imshow(image_grid.squeeze(), cmap="gray", vmin=0, vmax=255)
        axis.set_axis_off()
        figure.label(axis, f"{name}; inverted: nearest in training")
    names = ("ae-ot", "GAN", "copies")
    for index, name in enumerate(names):
        some = [arm for arm in arms if arm.name == name]
        place = index + 0.12 * (np.arange(len(some)) - (len(some) - 1) / 2)
        value, low, high = np.array([arm.measures.distance for arm in some]).T
        marker, colour = figure.MARKERS[index], figure.COLOURS[index]
        error.errorbar(place, value, (value - low, high - value), color=colour, fmt=marker, markersize=5)
        codes, pixels = [arm.measures.code for arm in some], [arm.measures.image for arm in some]
        near.plot(codes, pixels, marker, color=colour, markersize=5, label=name)
    error.set_xticks(range(len(names)), names)
    error.set_ylim(0)
    figure.label(error, "Fréchet distance to held-out images", "", "FD and interval, one mark per seed")
    for line in (near.axhline, near.axvline):
        line(1, color="black", linewidth=0.8, linestyle=":")
    ends = [1.15 * max(1.0, *(getattr(arm.measures, field) for arm in arms)) for field in ("code", "image")]
    near.set(xlim=(0, ends[0]), ylim=(0, ends[1]))
    near.legend(fontsize=7.5, frameon=False, loc="lower left")
    figure.label(near, "Nearest in training (1: as held-out)", "of codes", "of images")
    return figure.save(picture, setting.out / "ae-ot.png")
