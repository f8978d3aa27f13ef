"""A generator may learn one mode of two."""

from dataclasses import dataclass

import numpy as np

from gantlet.core.config import TrainConfig
from gantlet.core.drawing import figure
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.lab import Cell, LabResult
from gantlet.evaluation.inference.intervals import wilson
from gantlet.labs import LABS
from gantlet.labs.lab import Lab, Setting
from gantlet.labs.mixtures import DRAWS, measure_modes, mixture_points
from gantlet.labs.training import train_and_sample

SOURCE = "the source text on mode collapse; Goodfellow 2016, arXiv:1701.00160, §5.1"
CLAIM = "A generator may learn one mode of two: its samples are good but of one kind only."
LOST = 0.05
ARMS: dict[str, dict[str, object]] = {
    "minimax": {"objective": "minimax"},
    "non-saturating": {"objective": "nonsaturating"},
    "LSGAN": {"objective": "lsgan"},
    "WGAN, clipping": {"objective": "wgan", "penalties": ("weight-clipping[clip=0.05]",), "optimizer": "rmsprop"},
    "WGAN-GP": {"objective": "wgan", "penalties": ("gradient-penalty[weight=0.1]",)},
    "hinge + spectral norm": {"objective": "hinge", "penalties": ("spectral-norm",)},
    "RpGAN + R1 + R2": {"objective": "rpgan", "penalties": ("r1[gamma=0.1]", "r2[gamma=0.1]")},
}
ORIGINAL = ("minimax", "non-saturating")
GOOD = 0.5
TOLERANCE = (
    f"of the trainings by the two losses of the first GAN (minimax and non-saturating) at least one ends with less than {LOST:.0%} "
    f"of its high-quality samples on the rarer mode, though at least {GOOD:.0%} of all its samples are of high quality"
)
LOOKS = 20
LEVEL = 0.95


@LABS.register("two-modes", source=SOURCE, claim=CLAIM)
@dataclass(frozen=True)
class TwoModes(Lab):
    """Claim: a generator may learn one mode of two.

    Data: two equal Gaussians at (±2, 0), σ = .3. One protocol for all objectives: dense networks of three layers of 64,
    z ∈ R², batch 64, Adam 1e-3 (β .5, .999), one step of each player (RMSprop for WGAN with clipping). Measured, per objective and
    seed: the share of the rarer mode among the high-quality samples (within 3σ) at twenty times during training, and the share of
    high-quality samples at the end. A training has lost a mode when it ends with a share below 5 % and at least
    half of its samples are of high quality: it has learned one kind only.

    Tolerance: at least one training by the first GAN's losses has lost a mode.
    """

    def run(self, setting: Setting) -> LabResult:
        """Train by every objective with every seed."""
        seeds = setting.seeds(1, 10, 50)
        steps = setting.of(100, 1_000, 10_000)
        data, distribution = mixture_points("mixture[kind=two-modes,n=20000]")
        rarer: dict[str, list[np.ndarray]] = {name: [] for name in ARMS}
        quality: dict[str, list[float]] = {name: [] for name in ARMS}
        for done, seed in enumerate(seeds):
            for name, options in ARMS.items():
                config = TrainConfig.from_mapping(
                    {"steps": steps, "batch": 64, "seed": seed, "network": "mlp[width=64,depth=3]", "latent": 2,
                     "lr_generator": 1e-3, "lr_discriminator": 1e-3, "beta1": 0.5, "log_every": steps,
                     "evaluate_every": 64 * steps // LOOKS, **options}
                )  # fmt: skip
                looks = [
                    measure_modes(points, distribution)
                    for _, points in train_and_sample(config, data, DRAWS).samples_by_step
                ]
                rarer[name].append(np.array([look.counts.min() / max(1, look.counts.sum()) for look in looks]))
                quality[name].append(looks[-1].quality)
            setting.progress("training on two modes", done + 1, len(seeds))
        return conclude(setting, seeds, {name: np.stack(rarer[name]) for name in ARMS}, quality)


def conclude(
    setting: Setting, seeds: tuple[int, ...], rarer: dict[str, np.ndarray], quality: dict[str, list[float]]
) -> LabResult:
    """Return the verdict on the rarer mode's shares [seeds, looks] and the final quality of every objective."""
    lost = {name: (shares[:, -1] < LOST) & (np.array(quality[name]) >= GOOD) for name, shares in rarer.items()}
    rows: list[tuple[Cell, ...]] = []
    for name, lost_flags in lost.items():
        k, n = int(lost_flags.sum()), len(lost_flags)
        final = float(rarer[name][:, -1].mean())
        rows.append((name, k, n, *wilson(k, n, LEVEL), final, float(np.mean(quality[name]))))
    first = np.concatenate([lost[name] for name in ORIGINAL])
    k, n = int(first.sum()), len(first)
    measure = "share of trainings by the first GAN's losses that lose a mode"
    ours = Estimate(measure, k / n, *wilson(k, n, LEVEL), "wilson", LEVEL)
    why = "trainings that lost a mode: " + ", ".join(f"{row[0]} {row[1]} of {row[2]}" for row in rows)
    return LabResult(
        "two-modes", CLAIM, SOURCE, measure, None, "the text draws it, without a number", ours, TOLERANCE,
        "reproduced" if k else "not reproduced", why,
        ("objective", "lost", "trainings", "low", "high", "rarer mode's share", "high quality"),
        tuple(rows), (_draw(setting, rarer),), setting.size, seeds,
    )  # fmt: skip


def _draw(setting: Setting, rarer: dict[str, np.ndarray]) -> str:
    """Draw the rarer mode's share over training, one line per seed and one panel per objective."""
    picture, axes = figure.new(2, (len(rarer) + 1) // 2, width=2.9, height=2.4)
    for index, (axis, (name, shares)) in enumerate(zip(axes, rarer.items(), strict=False)):
        looks = np.linspace(0, 1, shares.shape[1] + 1)[1:]
        axis.plot(looks, shares.T, color=figure.COLOURS[index], linewidth=0.9, alpha=0.7)
        axis.axhline(LOST, color="black", linewidth=0.8, linestyle=":")
        axis.set_ylim(-0.02, 0.52)
        figure.label(axis, name, "share of the training", "share of the rarer mode")
    for axis in axes[len(rarer) :]:
        axis.set_axis_off()
    return figure.save(picture, setting.out / "two-modes.png")
