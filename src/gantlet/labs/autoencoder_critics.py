"""Discriminators that are auto-encoders: EBGAN and BEGAN, the trade-off of γ, and M_global as a measure of convergence."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8
from scipy.stats import spearmanr

from gantlet.actions.train import training_data
from gantlet.core.config import TrainConfig
from gantlet.core.drawing import figure
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.lab import Cell, LabResult
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.seeds import lower, over_seeds
from gantlet.evaluation.metrics.frechet_distance import frechet_distance
from gantlet.evaluation.metrics.vendi_score import vendi_score
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.labs import LABS
from gantlet.labs.images import LabelledImages, features_of, open_labelled, short
from gantlet.labs.lab import Lab, Setting
from gantlet.labs.training import TrainingRun, train_and_sample
from gantlet.training.data import TrainingImages

SOURCE = "Zhao et al. 2017, arXiv:1609.03126; Berthelot et al. 2017, arXiv:1703.10717, sections 3.3, 3.4 and 4.2"
CLAIM = (
    "A discriminator may be an auto-encoder (EBGAN, BEGAN); BEGAN's γ trades diversity for quality, and its M_global tracks "
    "convergence."
)
FEW, MIDDLE, MANY = 0.4, 0.5, 0.7
TOLERANCE = (
    f"over the seeds, whole 95 % intervals above 0: the Vendi Score at γ = {MANY} minus that at {FEW}; the distance of the samples from "
    f"their nearest training images at γ = {MANY} minus that at {FEW}; and the rank correlation of M_global with the Fréchet distance "
    f"along the training at γ = {MIDDLE}"
)
ARMS = {
    "EBGAN": "ebgan[margin=10,pulling_away=0.1]",
    **{f"BEGAN, γ = {gamma}": f"began[gamma={gamma},rate=0.005]" for gamma in (FEW, MIDDLE, MANY)},
}
LOW, MID, HIGH = tuple(ARMS)[1:]
MEASURES = {
    "fd": "FD",
    "diversity": "Vendi Score",
    "nearest": "distance to the nearest image",
    "precision": "precision",
    "follows": "rank correlation of M_global with FD",
}
POINTS = 8
"""Number of times in a training at which the Fréchet distance is computed."""
GRID_SIDE = 8
BATCH = 16
SIZE = 16
MOST = 5_000
"""The most real images that are compared."""


class Measures(NamedTuple):
    """The final generator's Fréchet distance, Vendi Score, mean distance from the nearest training image (over that of the training
    images from each other) and precision; M_global and distance during the training.
    """

    fd: float
    diversity: float
    nearest: float
    precision: float
    track: tuple[tuple[int, float, float], ...]
    """(step, mean M_global since the previous entry, Fréchet distance); empty for EBGAN."""

    @property
    def follows(self) -> float:
        """Return the rank correlation of M_global with the distance; 0 where one of them is constant."""
        _, measures, distances = zip(*self.track, strict=True)
        if len(set(measures)) < 2 or len(set(distances)) < 2:
            return 0.0
        return float(spearmanr(measures, distances).statistic)


Measurements = dict[str, list[Measures]]
Panels = tuple[dict[str, UInt8[np.ndarray, "n s s c"]], str]
"""Samples of each arm, and the data's name."""


@LABS.register("autoencoder-critics", source=SOURCE, claim=CLAIM)
@dataclass(frozen=True)
class AutoencoderCritics(Lab):
    """Claim: auto-encoders can be discriminators; BEGAN's γ trades diversity for quality; M_global tracks convergence.

    EBGAN and BEGAN at γ = 0.4, 0.5, 0.7, at 16 pixels, equal generator steps, Adam 1e-3, λ_k = 0.005, since these trainings are a hundred
    times shorter than the paper's (1e-3). The auto-encoder starts from He's weights; the generator, its decoder, has batch
    normalisation and starts from gray images: where it starts from noise, k stays 0 until it has lost its latents. Option:
    ``data``, labelled images. Measured in a classifier's features: the Fréchet distance to the training images of that
    size; the Vendi Score (diversity); the mean distance of a sample from its nearest training image over that of the training
    images from each other (quality: low is near); precision, reported only, since of a generator that makes one image it is all
    or nothing; for BEGAN the rank correlation (Spearman) over eight times of a training of M_global, averaged since the
    previous time, with the Fréchet distance at that time. Laptop size: eight seeds, since at γ = 0.4 a training often makes one
    image, here a near and there a far one.

    Tolerance: diversity and the distance from the nearest image rise from γ = 0.4 to 0.7, and the rank correlation at γ = 0.5 is positive, whole
    95 % intervals over seeds.
    """

    data: str = "digits"

    def run(self, setting: Setting) -> LabResult:
        """Train every arm with every seed."""
        seeds = setting.seeds(2, 8, 10)
        real = open_labelled(self.data, 0, setting.progress)
        data = training_data(real.source, SIZE)
        assert isinstance(data, TrainingImages)  # open_labelled gives no points
        rows = numpy_stream(0, "lab").permutation(len(data))[:MOST]
        bank = features_of(data.images[rows], real.classifier)
        measurements: Measurements = {arm: [] for arm in ARMS}
        panels: dict[str, UInt8[np.ndarray, "n s s c"]] = {}
        for done, (seed, arm) in enumerate((seed, arm) for seed in seeds for arm in ARMS):
            run = train_and_sample(config(arm, setting, seed), data, setting.of(100, 500, 2_000))
            measurements[arm].append(measure(run, bank, real))
            panels.setdefault(arm, run.samples[: GRID_SIDE**2])
            setting.progress("training", done + 1, len(ARMS) * len(seeds))
        return conclude(setting, seeds, measurements, (panels, short(self.data)))


def config(arm: str, setting: Setting, seed: int) -> TrainConfig:
    """Return the configuration of one arm: the recipes' networks and rates."""
    steps, width = setting.of(24, 2_000, 20_000), setting.of(8, 16, 32)
    energy = "absolute" if arm.startswith("BEGAN") else "squared"
    return TrainConfig(
        network=f"autoencoder[width={width}]", discriminator=f"autoencoder[width={width},code=64,energy={energy},init=he]",
        objective=ARMS[arm], steps=steps, batch=BATCH, latent=64, seed=seed, lr_generator=1e-3, lr_discriminator=1e-3,
        log_every=max(1, steps // 300), evaluate_every=steps * BATCH // POINTS,
    )  # fmt: skip


def measure(run: TrainingRun, real: FeatureBank, labelled: LabelledImages) -> Measures:
    """Measure the samples of one training at each evaluation, and M_global between evaluations."""
    distances, last = [], 0
    for step, samples in run.samples_by_step:
        bank = features_of(samples, labelled.classifier)
        values = [line["m_global"] for line in run.lines if last < line["step"] <= step and "m_global" in line]
        distances.append(
            (step, float(np.mean(values)) if values else 0.0, frechet_distance(real.moments, bank.moments))
        )
        last = step
    found = Evidence(real, bank).neighbours
    nearest = float(found.fake_to_real.distances[:, 0].mean() / found.real.distances[:, 0].mean())
    track = tuple(distances) if any("m_global" in line for line in run.lines) else ()
    return Measures(distances[-1][2], vendi_score(bank.features), nearest, float(found.in_real_manifold.mean()), track)


def conclude(setting: Setting, seeds: tuple[int, ...], measurements: Measurements, panels: Panels) -> LabResult:
    """Return the verdict on the three numbers, the table of all arms, and the figure."""
    more = _difference(measurements, "diversity", HIGH, LOW)
    farther = _difference(measurements, "nearest", HIGH, LOW)
    follows = over_seeds(f"{MEASURES['follows']}, {MID}", [m.follows for m in measurements[MID]])
    parts = (more, farther, follows)
    failed = [e.metric for e in parts if lower(e) <= 0]
    held = [e.metric for e in parts if e.metric not in failed]
    why = "; ".join(f"{e.metric} {e.text}" for e in parts)
    if failed:
        why += f"; as claimed: {', '.join(held) or 'nothing'}; not as claimed: {', '.join(failed)}"
    rows: list[tuple[Cell, ...]] = []
    means: dict[str, dict[str, Estimate]] = {name: {} for name in MEASURES}
    for arm, runs in measurements.items():
        for name in MEASURES:
            if name != "follows" or runs[0].track:
                means[name][arm] = over_seeds(name, [getattr(m, name) for m in runs])
        rows.append((arm, *(means[name][arm].text if arm in means[name] else None for name in MEASURES)))
    return LabResult(
        "autoencoder-critics", CLAIM, SOURCE, follows.metric, None, "pictures and curves (Berthelot et al., Figures 3 and 5)",
        follows, TOLERANCE, "not reproduced" if failed else "reproduced", why, ("arm", *MEASURES.values()), tuple(rows),
        (_draw(setting, means, measurements, panels),), setting.size, seeds,
    )  # fmt: skip


def _difference(measurements: Measurements, name: str, one: str, other: str) -> Estimate:
    values = [getattr(a, name) - getattr(b, name) for a, b in zip(measurements[one], measurements[other], strict=True)]
    return over_seeds(f"{MEASURES[name]}, {one} minus {other}", values)


def _draw(setting: Setting, means: dict[str, dict[str, Estimate]], measurements: Measurements, panels: Panels) -> str:
    """Draw samples of every arm, the three measures, and M_global with the distance along the first seed's training."""
    columns = 5
    picture, axes = figure.new(2, columns, width=3.0, height=3.1)
    for axis, (arm, pixels) in zip(axes, panels[0].items(), strict=False):
        figure.images(axis, pixels, GRID_SIDE)
        figure.label(axis, arm + (f" ({panels[1]})" if arm == "EBGAN" else ""))
    axes[columns - 1].set_axis_off()
    for axis, name in zip(axes[columns:], ("fd", "diversity", "nearest"), strict=False):
        figure.bars(axis, means[name])
        figure.label(axis, MEASURES[name])
    along, together = axes[-2:]
    for i, arm in enumerate((LOW, MID, HIGH)):
        tracks = np.array([m.track for m in measurements[arm]])
        figure.line(along, tracks[0, :, 0].tolist(), tracks[:, :, 1], arm.removeprefix("BEGAN, "), i)
        together.scatter(tracks[:, :, 1].ravel(), tracks[:, :, 2].ravel(), s=10, color=figure.COLOURS[i])
    along.legend(fontsize=7, frameon=False)
    together.set_yscale("log")
    figure.label(along, "M_global along the training", "generator steps", "M_global")
    figure.label(together, "FD against M_global", "M_global", "FD")
    return figure.save(picture, setting.out / "autoencoder-critics.png")
