"""The guidelines of DCGAN, undone one at a time."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from gantlet.actions.train import training_data
from gantlet.core.config import TrainConfig
from gantlet.core.drawing import figure
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.lab import Cell, LabResult, Verdict
from gantlet.evaluation.inference.seeds import lower, over_seeds, upper
from gantlet.evaluation.metrics.frechet_distance import frechet_distance
from gantlet.labs import LABS
from gantlet.labs.images import features_of, open_labelled, short
from gantlet.labs.lab import Lab, Setting
from gantlet.labs.training import train_and_sample

SOURCE = "Radford et al. 2016, arXiv:1511.06434, section 3; the source text on DCGAN"
CLAIM = (
    "Each of DCGAN's guidelines helps: strided convolutions instead of pooling (D) and upsampling (G), LeakyReLU in the "
    "discriminator, ReLU and tanh in the generator."
)
FINE = 0.1
"""The share of the DCGAN's distance below which its noise over seeds lets no effect that matters pass unseen."""
TOLERANCE = (
    "reproduced: each of the five changes of the source text (pooling in D, upsampling in G, ReLU in D, LeakyReLU in G, no tanh) "
    "raises the Fréchet distance, paired by seed, with the whole 95 % interval of the difference above 0. Not reproduced: a change "
    "lowers it with its whole interval, by more than the noise, which is half the interval of the DCGAN's own distance over the seeds; or "
    f"the noise is below {FINE:.0%} of that distance. Else not testable here: the noise is larger than the effects"
)
USUAL = "DCGAN"
ARMS = {
    USUAL: "",
    "max-pooling in D": "down=pooled",
    "upsampling in G": "up=nearest",
    "ReLU in D": "judging=relu",
    "LeakyReLU in G": "making=leaky",
    "no tanh in G": "out=linear",
    "no batch norm in D": "norm=none",
    "no batch norm in G": "making_norm=none",
}
CLAIMED = tuple(ARMS)[1:6]
"""The changes that the source text claims; batch normalisation is the paper's and is only reported beside them."""
SIZE = 16
GRID_COLUMNS = 8
DistancesByArm = dict[str, list[float]]
Panels = tuple[dict[str, UInt8[np.ndarray, "n s s c"]], str]
"""Samples of each arm, and the data's name."""


@LABS.register("dcgan-guidelines", source=SOURCE, claim=CLAIM)
@dataclass(frozen=True)
class DcganGuidelines(Lab):
    """Claim: each of DCGAN's guidelines helps.

    The DCGAN at 16 pixels with its paper's objective and rates (non-saturating, Adam 2e-4, β .5), and the same with one
    guideline undone, for equal numbers of steps. Option: ``data``, labelled images (for the classifier whose features
    are used). Measured: the Fréchet distance of 1,000 samples to the training images in the classifier's features,
    and its difference to the DCGAN's of the same seed. The two arms without batch normalisation are reported
    only; the verdict does not use them.

    Full size: 80 trainings of 20,000 steps, 64 wide. 1.6 million steps are 14 CPU hours on one core by a step's .032 CPU seconds
    (digits, measured here), and 2 to 4 GPU hours at 100 to 200 steps per second, which is an estimate.

    Tolerance: each of the five changes raises the distance, the whole interval of the paired difference above 0. Where the DCGAN's
    own distance is known to no better than the effects are large, the verdict is *not testable here*.
    """

    data: str = "digits"

    def run(self, setting: Setting) -> LabResult:
        """Train every arm with every seed."""
        seeds = setting.seeds(2, 3, 10)
        real = open_labelled(self.data, 0, setting.progress)
        data = training_data(real.source, SIZE)
        bank = features_of(real.pixels, real.classifier)
        distances_by_arm: DistancesByArm = {arm: [] for arm in ARMS}
        panels: dict[str, UInt8[np.ndarray, "n s s c"]] = {}
        for done, (seed, arm) in enumerate((seed, arm) for seed in seeds for arm in ARMS):
            samples = train_and_sample(config(arm, setting, seed), data, setting.of(100, 1_000, 5_000)).samples
            distances_by_arm[arm].append(frechet_distance(bank.moments, features_of(samples, real.classifier).moments))
            panels.setdefault(arm, samples[: 4 * GRID_COLUMNS])
            setting.progress("training", done + 1, len(ARMS) * len(seeds))
        return conclude(setting, seeds, distances_by_arm, (panels, short(self.data)))


def config(arm: str, setting: Setting, seed: int) -> TrainConfig:
    """Return the configuration of one arm."""
    width, steps = setting.of(4, 16, 64), setting.of(10, 400, 20_000)
    return TrainConfig(
        network=f"dcgan[{','.join(filter(None, (f'width={width}', ARMS[arm])))}]",
        steps=steps, batch=64, latent=100, seed=seed, log_every=steps,
    )  # fmt: skip


def conclude(setting: Setting, seeds: tuple[int, ...], distances_by_arm: DistancesByArm, panels: Panels) -> LabResult:
    """Return the verdict on the five differences, the table of all arms, and the figure."""
    distances = {arm: over_seeds(f"FD, {arm}", values) for arm, values in distances_by_arm.items()}
    worse = {
        arm: over_seeds(f"FD, {arm} − {USUAL}", np.subtract(distances_by_arm[arm], distances_by_arm[USUAL]).tolist())
        for arm in ARMS
        if arm != USUAL
    }
    verdict, why = weigh(distances[USUAL], {arm: worse[arm] for arm in CLAIMED})
    weakest = min((worse[arm] for arm in CLAIMED), key=lower)
    rows: list[tuple[Cell, ...]] = [
        (arm, distances[arm].text, worse[arm].text if arm in worse else None, None if arm == USUAL else (arm in CLAIMED and "yes") or "no")
        for arm in ARMS
    ]  # fmt: skip
    return LabResult(
        "dcgan-guidelines", CLAIM, SOURCE, weakest.metric, None, "guidelines without numbers (section 3)", weakest, TOLERANCE,
        verdict, why,
        ("change", "FD", "difference to DCGAN", "claimed"), tuple(rows), (_draw(setting, distances, panels),), setting.size, seeds,
    )  # fmt: skip


def weigh(usual: Estimate, worse: dict[str, Estimate]) -> tuple[Verdict, str]:
    """Return the verdict on the differences to the DCGAN, and why; ``usual``: its own distance over seeds, which gives the noise."""
    noise, scale = (upper(usual) - lower(usual)) / 2, usual.value or 0.0
    helps = [arm for arm, difference in worse.items() if lower(difference) > 0]
    harms = [arm for arm, difference in worse.items() if upper(difference) < 0]
    unclear = [arm for arm in worse if arm not in helps and arm not in harms]
    parts = (("worse than DCGAN", helps), ("better than DCGAN", harms), ("no clear difference", unclear))
    why = "; ".join(f"{words}: {', '.join(arms)}" for words, arms in parts if arms)
    if usual.low is None:
        return "not testable here", f"one seed says nothing of the noise; {why}"
    if len(helps) == len(worse):
        return "reproduced", why
    beyond = [arm for arm in harms if -(worse[arm].value or 0.0) > noise]
    if beyond or noise < FINE * scale:
        return "not reproduced", why
    return "not testable here", (
        f"the noise is larger than the effects: over its seeds the DCGAN's distance is known to ± {noise:.3g} ({noise / scale:.0%}); {why}"
    )


def _draw(setting: Setting, distances: dict[str, Estimate], panels: Panels) -> str:
    """Draw samples of the first seed for each arm, and all distances."""
    picture, axes = figure.new(2, 5, width=2.9, height=2.1)
    samples, title = panels
    for axis, (arm, pixels) in zip([*axes[:4], *axes[5:9]], samples.items(), strict=True):
        figure.images(axis, pixels, GRID_COLUMNS)
        figure.label(axis, arm + (f" ({title})" if arm == USUAL else ""))
    figure.bars(axes[4], distances, distances[USUAL].value)
    figure.label(axes[4], "FD (dashed: DCGAN)")
    axes[9].set_axis_off()
    return figure.save(picture, setting.out / "dcgan-guidelines.png")
