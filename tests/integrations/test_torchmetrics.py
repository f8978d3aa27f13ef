"""The torchmetrics class: batches give what a whole set gives, processes agree, errors say what to do."""

import numpy as np
import pytest
import torch

from gantlet.core.errors import DataError, TooFewSamples, UsageError
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.features.pixels import Pixels
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.integrations.torchmetrics import GenerativeMetrics

SPACE = "pixels[size=8,channels=1]"
NAMES = ["frechet_distance", "coverage"]


def batch(n: int, seed: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (n, 1, 8, 8), dtype=np.uint8))


def filled(sizes: tuple[int, ...] = (150, 150)) -> GenerativeMetrics:
    metric = GenerativeMetrics(SPACE, NAMES)
    for real, seed in ((True, 0), (False, 1)):
        images = batch(sum(sizes), seed)
        for part in torch.split(images, list(sizes)):
            metric.update(part, real=real)
    return metric


def test_equals_the_metrics_on_the_whole_sets() -> None:
    metric = filled((100, 37, 163))
    banks = [FeatureBank(Pixels(8, 1).extract(batch(300, seed).permute(0, 2, 3, 1).numpy())[0]) for seed in (0, 1)]
    expected = {e.metric: e for e in compute(Evidence(*banks), NAMES)}
    result = metric.compute()
    assert {name: float(value) for name, value in result.items()} == {n: e.value for n, e in expected.items()}
    assert metric.estimates == expected


def test_floats_are_rounded_and_their_range_is_checked() -> None:
    metric = GenerativeMetrics(SPACE, NAMES, range="symmetric")
    images = batch(20, 0)
    metric.update(images.float() / 127.5 - 1, real=True)
    metric.update(images, real=False)
    assert torch.equal(torch.cat(metric.real_features), torch.cat(metric.fake_features))
    with pytest.raises(DataError):
        GenerativeMetrics(SPACE, NAMES).update(images.float(), real=True)


def test_reset_forgets_and_can_keep_the_real_images() -> None:
    metric = filled()
    first = metric.compute()
    metric.reset()
    with pytest.raises(TooFewSamples, match="no real images yet"):
        metric.compute()
    keeping = GenerativeMetrics(SPACE, NAMES, reset_real=False)
    keeping.update(batch(300, 0), real=True)
    keeping.reset()
    keeping.update(batch(300, 1), real=False)
    assert keeping.compute() == first


def test_two_processes_give_what_one_gives() -> None:
    parts = [GenerativeMetrics(SPACE, NAMES, distributed_available_fn=lambda: True) for _ in range(2)]
    for rank, metric in enumerate(parts):
        for real, seed in ((True, 0), (False, 1)):
            metric.update(batch(300, seed)[rank::2], real=real)
    states = {
        name: [torch.cat(getattr(metric, name)) for metric in parts] for name in ("real_features", "fake_features")
    }

    def gather(tensor: torch.Tensor, group: object = None) -> list[torch.Tensor]:
        return next((both for both in states.values() if torch.equal(both[0], tensor)), [tensor, tensor])  # else: empty

    parts[0].dist_sync_fn = gather
    result, alone = parts[0].compute(), filled().compute()
    # the rows come in another order; sums in float64 then differ by rounding
    assert all(float(result[name]) == pytest.approx(float(alone[name]), rel=1e-9) for name in NAMES)


def test_what_cannot_be_computed_says_why() -> None:
    with pytest.raises(UsageError, match="FID is"):
        GenerativeMetrics(SPACE, ["fid"])
    metric = GenerativeMetrics(SPACE, ["inception_score"])
    metric.update(batch(30, 0), real=True)
    metric.update(batch(30, 1), real=False)
    with pytest.raises(TooFewSamples, match="no class probabilities"):
        metric.compute()
