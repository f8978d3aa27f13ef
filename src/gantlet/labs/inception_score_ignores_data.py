"""The Inception Score does not use the real data: real images unlike the classifier's training data score low."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from gantlet.core.drawing import figure
from gantlet.core.errors import TooFewSamples
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.lab import Cell, LabResult
from gantlet.core.rng import numpy_stream
from gantlet.core.words import counted
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.seeds import over_seeds, upper
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.labs import LABS
from gantlet.labs.images import LabelledImages, features_of, open_labelled, short, square_pixels
from gantlet.labs.lab import Lab, Setting

SOURCE = "Barratt & Sharma 2018, arXiv:1801.01973"
CLAIM = (
    "The Inception Score uses generated images only; images unlike the classifier's training data score low however "
    "real they are."
)
LOW, SAME = 0.75, 0.05
TOLERANCE = (
    f"every other set of real images scores below {LOW:g} of the IS of the classifier's own images (upper end over seeds), "
    f"while the FD between its two halves is no larger than for equal distributions (permutation p > {SAME:g} in most seeds)"
)
FEWEST = 40


@dataclass(frozen=True)
class Row:
    """Results of one set of images over seeds: IS, its ratio to that of the classifier's own images, FD to its other half
    and to the classifier's images, and the share of seeds in which a test distinguishes the halves.
    """

    name: str
    real: bool
    score: Estimate
    ratio: Estimate
    self_distance: Estimate
    distance: Estimate
    distinguished: float


@LABS.register("inception-score-ignores-data", source=SOURCE, claim=CLAIM)
@dataclass(frozen=True)
class InceptionScoreIgnoresData(Lab):
    """Claim: the Inception Score ignores the real data; real images unlike the classifier's training data score low.

    A classifier is trained on ``data``. Half of each set of images serves as the real data, half as the fakes, so that the
    fakes are real images. Sets: ``data`` itself; patches of two photographs (scikit-learn's China and flower); ``data``
    turned upside down and inverted; ``data`` with its pixels shuffled by one permutation (no real images, for comparison);
    and ``others``. Measured over seeds (which half): IS, the FD between the halves and the FD to ``data``, all with
    the one classifier.

    Tolerance: every other real set scores below 0.75 of the IS of ``data`` at the upper end of its interval, while the
    permutation test of FD does not distinguish its halves (p > 0.05) in most seeds.

    Args: data: labelled images; others: further sources of real images, separated by semicolons.
    Raises: ConfigError (no labels), TooFewSamples (a set of fewer than 40 images).
    """

    data: str = "digits"
    others: str = ""

    def run(self, setting: Setting) -> LabResult:
        """Score every set of images under the classifier of ``data``."""
        seeds = setting.seeds(2, 10, 20)
        images = open_labelled(self.data, 0, setting.progress)
        sets = {
            short(images.source.spec): images.pixels,
            **variants(images),
            "patches of photographs": photographs(images),
        }
        sets |= {short(spec): square_pixels(spec) for spec in filter(None, self.others.split(";"))}
        most = setting.of(400, 2000, 10_000)
        banks: dict[str, FeatureBank] = {}
        for done, (name, pixels) in enumerate(sets.items()):
            if len(pixels) < FEWEST:
                raise TooFewSamples(f"{name} has {counted(len(pixels), 'image')}; this lab needs {FEWEST} in each set")
            chosen = numpy_stream(setting.seed, "subset").permutation(len(pixels))[:most]
            banks[name] = features_of(pixels[chosen], images.classifier)
            setting.progress("features", done + 1, len(sets))
        rows = [measure(name, bank, next(iter(banks.values())), seeds) for name, bank in banks.items()]
        return conclude(setting, seeds, rows)


def variants(images: LabelledImages) -> dict[str, UInt8[np.ndarray, "n s s c"]]:
    """Return the classifier's own images upside down with inverted brightness, and with shuffled pixels."""
    n, size, _, channels = images.pixels.shape
    order = numpy_stream(0, "pixel-order").permutation(size * size)
    shuffled = images.pixels.reshape(n, size * size, channels)[:, order].reshape(images.pixels.shape)
    return {"upside down, inverted": 255 - images.pixels[:, ::-1], "pixels shuffled (not real)": shuffled}


def photographs(images: LabelledImages) -> UInt8[np.ndarray, "n s s c"]:
    """Return patches of scikit-learn's two photographs, halved twice, as large as the classifier's images."""
    from sklearn.datasets import load_sample_images

    size, channels = images.classifier.shape
    patches = []
    for photo in load_sample_images().images:
        height, width = (photo.shape[0] // 4 * 4, photo.shape[1] // 4 * 4)
        small = photo[:height, :width].reshape(height // 4, 4, width // 4, 4, 3).mean(axis=(1, 3))
        pixels = small.mean(axis=2, keepdims=True) if channels == 1 else small
        whole = np.rint(pixels).astype(np.uint8)
        step = max(2, size // 2)
        for top in range(0, whole.shape[0] - size + 1, step):
            patches += [
                whole[top : top + size, left : left + size] for left in range(0, whole.shape[1] - size + 1, step)
            ]
    return np.stack(patches)


def measure(name: str, bank: FeatureBank, own: FeatureBank, seeds: tuple[int, ...]) -> Row:
    """Return IS and both FDs of one set over random halves; the classifier's own images are halved in the same way."""
    values: dict[str, list[float]] = {key: [] for key in ("score", "ratio", "self", "other", "apart")}
    for seed in seeds:
        (real, fake), (own_real, own_fake) = (halves(side, seed) for side in (bank, own))
        score, near = compute(Evidence(real, fake, seed), ["inception_score", "frechet_distance"])
        own_score, far = compute(Evidence(own_real, own_fake, seed), ["inception_score"])[0], Evidence(own_real, fake)
        distance = compute(far, ["frechet_distance"])[0]
        assert score.value and own_score.value and near.value is not None and distance.value is not None
        values["score"].append(score.value)
        values["ratio"].append(score.value / own_score.value)
        values["self"].append(near.value)
        values["other"].append(distance.value)
        values["apart"].append(float(near.details["p_value"] <= SAME))
    means = {key: over_seeds(f"{key}: {name}", values[key]) for key in ("score", "ratio", "self", "other")}
    apart = float(np.mean(values["apart"]))
    return Row(name, "not real" not in name, means["score"], means["ratio"], means["self"], means["other"], apart)


def halves(bank: FeatureBank, seed: int) -> tuple[FeatureBank, FeatureBank]:
    """Return two random halves of a bank."""
    order = numpy_stream(seed, "halves").permutation(bank.n)
    return bank.take(order[::2]), bank.take(order[1::2])


def conclude(setting: Setting, seeds: tuple[int, ...], rows: list[Row]) -> LabResult:
    """Return the verdict on the rows, the classifier's own images first, and draw the figure."""
    others = [row for row in rows[1:] if row.real]
    high = [row.name for row in others if upper(row.ratio) >= LOW]
    apart = [row.name for row in others if row.distinguished >= 0.5]
    worst = max(others, key=lambda row: upper(row.ratio))
    why = f"the highest ratio has {worst.name}: {worst.ratio.text} of the IS of {rows[0].name}"
    if high:
        why += f"; above the tolerance: {', '.join(high)}"
    if apart:
        why += f"; halves distinguished: {', '.join(apart)}"
    table: list[tuple[Cell, ...]] = [
        (row.name, row.score.value, row.ratio.value, row.self_distance.value, row.distance.value, row.distinguished)
        for row in rows
    ]
    return LabResult(
        "inception-score-ignores-data", CLAIM, SOURCE, f"the largest IS(other real images) / IS({rows[0].name})", None,
        "no number; the argument is by the formula, which has no real image in it", worst.ratio, TOLERANCE,
        "not reproduced" if high or apart else "reproduced", why,
        ("images", "IS", "share", "FD to self", "FD to first", "distinguished"), tuple(table), (_draw(setting, rows),),
        setting.size, seeds,
    )  # fmt: skip


def _draw(setting: Setting, rows: list[Row]) -> str:
    picture, axes = figure.new(1, 3, width=3.3, height=0.45 * len(rows) + 1.1)
    names = [row.name for row in rows]
    panels = (
        ("Inception Score ↑", [row.score for row in rows]),
        ("FD to their own other half ↓", [row.self_distance for row in rows]),
        (f"FD to {rows[0].name} ↓", [row.distance for row in rows]),
    )
    colours = [figure.COLOURS[0] if k == 0 else figure.COLOURS[1 if row.real else 3] for k, row in enumerate(rows)]
    top = max(row.distance.value or 0.0 for row in rows)
    for index, (axis, (title, estimates)) in enumerate(zip(axes, panels, strict=True)):
        bars = axis.barh(names, [e.value or 0.0 for e in estimates], color=colours, height=0.6)
        axis.bar_label(bars, fmt="%.3g", padding=3, fontsize=8)
        axis.margins(x=0.18)
        axis.invert_yaxis()
        if index:
            axis.set_yticklabels([])
            axis.set_xlim(0, 1.2 * top)
        figure.label(axis, title)
    return figure.save(picture, setting.out / "inception-score-ignores-data.png")
