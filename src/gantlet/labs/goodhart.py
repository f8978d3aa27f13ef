"""When a measure becomes a target: generators trained on the Fréchet distance in one space, seen in others."""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from gantlet.actions.train import training_data
from gantlet.core.config import TrainConfig
from gantlet.core.drawing import figure
from gantlet.core.interfaces.extractors import Extractor
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.lab import Cell, LabResult
from gantlet.core.words import counted
from gantlet.data.opening import open_source
from gantlet.evaluation.across_spaces import FACTOR, Ratio, fitted_to, ratios
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.features.build import build_extractor
from gantlet.evaluation.inference.intervals import wilson
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.labs import LABS
from gantlet.labs.images import features_of, open_labelled
from gantlet.labs.lab import Lab, Setting
from gantlet.labs.training import train_and_sample
from gantlet.training.data import TrainingImages

SOURCE = "Yang et al. 2026, arXiv:2604.28190, for the objective; the claim is Goodhart's"
CLAIM = "A generator trained on the Fréchet distance in one space does well there and badly in another; honest ones do not differ so much."
SIZE, LEVEL, SHOWN = 8, 0.95, 8
SPACES = {
    "pixels": f"pixels[size={SIZE},channels=1]",
    "wavelet": f"wavelet[size={SIZE},level=2,channels=1]",
    "random-conv": f"random-conv[size={SIZE},channels=1]",
}
"""The built-in spaces that need no training; a classifier's features are the fourth."""
FITTED = {
    space: {"objective": f"frechet[space={space},size={SIZE},level=2,population=256]", "batch": 256} for space in SPACES
}
HONEST: dict[str, dict[str, object]] = {
    "non-saturating + R1": {"objective": "nonsaturating", "penalties": ("r1[gamma=1]",)},
    "WGAN-GP": {"objective": "wgan", "penalties": ("gradient-penalty",)},
    "RpGAN + R1 + R2": {"objective": "rpgan", "penalties": ("r1[gamma=0.5]", "r2[gamma=0.5]")},
    "hinge + spectral norm": {"objective": "hinge", "penalties": ("spectral-norm",)},
}
CAUGHT, ACCUSED = 0.9, 0.05
TOLERANCE = (
    f"of the generators trained on the distance at least {CAUGHT:.0%} are called fitted to their space, of the honest ones at most "
    f"{ACCUSED:.0%} to any"
)


@dataclass(frozen=True)
class Seen:
    """One generator: its arm, FDr in every space, and whether it is called fitted (to ``space``, where it was trained on one)."""

    arm: str
    space: str
    ratios: dict[str, Ratio]

    @property
    def called(self) -> bool:
        """Return whether it is called fitted."""
        return fitted_to(self.ratios, self.space) is not None


@LABS.register("goodhart", source=SOURCE, claim=CLAIM)
@dataclass(frozen=True)
class Goodhart(Lab):
    """Claim: a measure that becomes a target ceases to be a good measure; several spaces show it.

    Data: the built-in digits at 8 × 8 pixels. Fitted: a dense generator (three layers of 128, z ∈ R³²) that minimises the Fréchet distance
    in pixels, wavelet or random-conv features (objective frechet, batch 256). Honest: the same generator in four adversarial games.
    Measured: FDr (`frechet_ratio`) in these spaces and in the features of a classifier that was trained on the real digits, 1,437 real
    training images, 360 held-out ones and as many samples; and `evaluation.across_spaces.fitted_to`, with the training space named
    for the fitted and none for the honest ones. At smoke size two arms, without the classifier.

    Tolerance: at least 90 % of the fitted generators are called fitted, at most 5 % of the honest ones.
    """

    def run(self, setting: Setting) -> LabResult:
        """Train every arm with every seed."""
        seeds = setting.seeds(1, 5, 20)
        spaces: dict[str, Extractor] = {name: build_extractor(spec) for name, spec in SPACES.items()}
        if setting.size != "smoke":
            spaces["classifier"] = open_labelled("digits", 0, setting.progress).classifier
        data, held_out = (training_data(open_source(f"digits[split={split}]"), SIZE) for split in ("train", "test"))
        assert isinstance(data, TrainingImages) and isinstance(held_out, TrainingImages)
        real, unseen = (_banks(images.images, spaces) for images in (data, held_out))
        seen: list[Seen] = []
        pictures: dict[str, UInt8[np.ndarray, "n s s c"]] = {"real": data.images[:SHOWN]}
        arms = [(name, name, options) for name, options in FITTED.items()]
        plan = [*arms, *((name, "", options) for name, options in HONEST.items())]
        if setting.size == "smoke":
            plan = [plan[1], plan[3]]
        for seed in seeds:
            for name, space, options in plan:
                run = train_and_sample(config(setting, seed, options), data, len(held_out))
                seen.append(Seen(name, space, _ratios(real, unseen, _banks(run.samples, spaces))))
                pictures.setdefault(name, run.samples[:SHOWN])
                setting.progress("training", len(seen), len(plan) * len(seeds))
        return conclude(setting, seeds, seen, pictures)


def config(setting: Setting, seed: int, options: dict[str, object]) -> TrainConfig:
    """Return the configuration of one arm."""
    steps = setting.of(20, 800, 5_000)
    return TrainConfig.from_mapping(
        {"network": "mlp[width=128,depth=3]", "latent": 32, "batch": 64, "steps": steps, "seed": seed,
         "lr_generator": 1e-3, "lr_discriminator": 1e-3, "log_every": steps, **options}
    )  # fmt: skip


def _banks(images: UInt8[np.ndarray, "n s s c"], spaces: dict[str, Extractor]) -> dict[str, FeatureBank]:
    return {name: features_of(images, extractor) for name, extractor in spaces.items()}


def _ratios(
    real: dict[str, FeatureBank], held_out: dict[str, FeatureBank], fake: dict[str, FeatureBank]
) -> dict[str, Ratio]:
    found = []
    for name, bank in fake.items():
        evidence = Evidence(real[name], bank, given={"held_out": held_out[name]})
        found.append(dataclasses.replace(compute(evidence, ["frechet_ratio"])[0], features=name))
    return ratios(found)


def conclude(
    setting: Setting, seeds: tuple[int, ...], seen: list[Seen], pictures: dict[str, UInt8[np.ndarray, "n s s c"]]
) -> LabResult:
    """Return the verdict on how many generators of each kind are called fitted."""
    spaces = list(seen[0].ratios)
    rows: list[tuple[Cell, ...]] = []
    for arm in dict.fromkeys(one.arm for one in seen):
        of_arm = [one for one in seen if one.arm == arm]
        medians = [math.exp(float(np.median([one.ratios[space].logarithm for one in of_arm]))) for space in spaces]
        kind = "fitted" if of_arm[0].space else "honest"
        rows.append((arm, kind, len(of_arm), sum(one.called for one in of_arm), *medians))
    fitted, honest = ([one.called for one in seen if bool(one.space) == side] for side in (True, False))
    caught, accused = sum(fitted) / len(fitted), sum(honest) / len(honest)
    measure = "share of the generators trained on the distance that are called fitted"
    ours = Estimate(measure, caught, *wilson(sum(fitted), len(fitted), LEVEL), "wilson", LEVEL)
    gaps = [
        max(r.logarithm for r in one.ratios.values()) - min(r.logarithm for r in one.ratios.values())
        for one in seen
        if not one.space
    ]
    why = (
        f"called fitted: {sum(fitted)} of {len(fitted)} trained on the distance, {sum(honest)} of {counted(len(honest), 'honest one')}, whose ratios "
        f"differ between spaces by {math.exp(float(np.median(gaps))):.1f} times in the median and {math.exp(max(gaps)):.1f} at most "
        f"(called out beyond {FACTOR:.0f})"
    )
    return LabResult(
        "goodhart", CLAIM, SOURCE, measure, None, "Goodhart gives no number", ours, TOLERANCE,
        "reproduced" if caught >= CAUGHT and accused <= ACCUSED else "not reproduced", why,
        ("arm", "kind", "trainings", "called fitted", *(f"FDr, {space}" for space in spaces)),
        tuple(rows), (_draw(setting, seen, pictures),), setting.size, seeds,
    )  # fmt: skip


def _draw(setting: Setting, seen: list[Seen], pictures: dict[str, UInt8[np.ndarray, "n s s c"]]) -> str:
    """Draw FDr by space, one line per generator and one panel per arm, with some of its samples above."""
    spaces, arms = list(seen[0].ratios), list(dict.fromkeys(one.arm for one in seen))
    picture, axes = figure.new(2, (len(arms) + 2) // 2, width=2.9, height=2.6)
    for index, (axis, arm) in enumerate(zip(axes, arms, strict=False)):
        for one in (one for one in seen if one.arm == arm):
            values = [math.exp(one.ratios[space].logarithm) for space in spaces]
            axis.plot(
                range(len(spaces)), values, color=figure.COLOURS[index], linewidth=0.9, marker="o", markersize=2.5
            )
        axis.set_yscale("log")
        axis.axhline(1, color="black", linewidth=0.8, linestyle=":")
        axis.set_xticks(range(len(spaces)), spaces, rotation=20, fontsize=7)
        trained = "trained on " if seen[[one.arm for one in seen].index(arm)].space else ""
        figure.label(axis, f"{trained}{arm}", "", "FDr")
    sheet = np.concatenate([np.concatenate(list(rows[..., 0]), axis=1) for rows in pictures.values()])
    axes[len(arms)].imshow(sheet, cmap="gray", interpolation="nearest")
    axes[len(arms)].set_yticks([SIZE * (i + 0.5) for i in range(len(pictures))], list(pictures), fontsize=6)
    axes[len(arms)].set_xticks([])
    axes[len(arms)].set_title("samples of the first seed", fontsize=8)
    for axis in axes[len(arms) + 1 :]:
        axis.set_axis_off()
    return figure.save(picture, setting.out / "goodhart.png")
