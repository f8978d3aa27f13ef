"""gantlet's side of the races: one function a task (see loop.py)."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

Task = Callable[[], list[float]]


def _features(folder: Path, precision: str) -> Task:
    from gantlet.core.files import sha256
    from gantlet.data.opening import open_source
    from gantlet.evaluation.features.extract import extract
    from gantlet.evaluation.features.inception_v3 import InceptionV3

    weights = folder / "inception.pth"
    extractor = InceptionV3(precision=precision, weights=str(weights), weights_sha256=sha256(weights))
    extractor.extract(np.zeros((1, 299, 299, 3), np.float32))  # loads the network
    source = open_source(str(folder / "fake"))

    def run() -> list[float]:
        features = extract(source, extractor, cache=False)[0].features
        np.save(folder / f"features-{precision}.npy", features)
        return [float(features.astype(np.float64).sum())]

    return run


def features(folder: Path) -> Task:
    """Inception features of a folder of images, in float32."""
    return _features(folder, "float32")


def features_bf16(folder: Path) -> Task:
    """Inception features of a folder of images, in bfloat16."""
    return _features(folder, "bfloat16")


def frechet(folder: Path) -> Task:
    """The Fréchet distance from means and covariances."""
    from gantlet.evaluation.metrics.frechet_distance import frechet_distance
    from gantlet.evaluation.stats.moments import Moments

    real, fake = (Moments.of(np.load(folder / f"{side}-features.npy")) for side in ("real", "fake"))
    return lambda: [frechet_distance(real, fake)]


def prdc(folder: Path) -> Task:
    """Precision, recall, density and coverage with k = 5."""
    from gantlet.evaluation.metrics.coverage import coverage
    from gantlet.evaluation.metrics.density import density
    from gantlet.evaluation.stats.neighbours import neighbours

    real, fake = (np.load(folder / f"{side}-features.npy") for side in ("real", "fake"))

    def run() -> list[float]:
        found = neighbours(real, fake, k=5)
        return [density(found.real_balls, 5), coverage(found.fakes_in_ball)]

    return run


def products(folder: Path) -> Task:
    """The matrix products that all distances within and between both sets need, and nothing else."""
    real, fake = (torch.from_numpy(np.load(folder / f"{side}-features.npy")) for side in ("real", "fake"))
    side = 1000

    def run() -> list[float]:
        total = 0.0
        for left, right, half in ((real, real, True), (fake, fake, True), (real, fake, False)):
            for i in range(0, len(left), side):
                for j in range(i if half else 0, len(right), side):
                    total += float((left[i : i + side] @ right[j : j + side].T)[0, 0])
        return [total]

    return run


def kernel(folder: Path) -> Task:
    """The kernel distance over all pairs."""
    from gantlet.evaluation.compute import compute
    from gantlet.evaluation.evidence import Evidence
    from gantlet.evaluation.stats.feature_bank import FeatureBank

    real, fake = (FeatureBank(np.load(folder / f"{side}-features.npy")) for side in ("real", "fake"))

    def run() -> list[float]:
        (estimate,) = compute(Evidence(real, fake), ["kernel_distance"])
        assert estimate.value is not None
        return [estimate.value]

    return run


def everything(folder: Path) -> Task:
    """An evaluation of two folders: all headline metrics with intervals, diagnosis and pictures."""
    from gantlet import EvaluateConfig, evaluate
    from gantlet.core.files import sha256

    weights = folder / "inception.pth"
    spec = f"inception-v3[weights={weights},weights_sha256={sha256(weights)}]"

    def run() -> list[float]:
        config = EvaluateConfig(features=spec, cache=False)
        report = evaluate(str(folder / "fake"), str(folder / "real"), config, out=folder / "report")
        value = report["frechet_distance"].value
        assert value is not None
        return [value, float(len(report.estimates))]

    return run
