"""From the same images and the same random Inception weights to the same Fréchet distance as torch-fidelity's."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from gantlet.data.arrays import array_source
from gantlet.features.extract import extract
from gantlet.features.inception_v3 import InceptionV3
from gantlet.files import sha256
from gantlet.metrics.frechet_distance import frechet_distance

N = 70


def test_frechet_distance_from_images(
    torch_fidelity: Callable[[str], ModuleType], inception_state: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    weights = tmp_path / "inception.pth"
    torch.save(inception_state, weights)
    rng = np.random.default_rng(0)
    sides = [np.uint8(rng.integers(0, high, (N, 40, 32, 3))) for high in (256, 200)]
    ours = InceptionV3(tap="64", weights=str(weights), weights_sha256=sha256(weights))
    moments = [extract(array_source("images", side), ours, cache=False)[0].moments for side in sides]
    theirs = torch_fidelity("feature_extractor_inceptionv3").FeatureExtractorInceptionV3(
        "inception-v3-compat", ["64"], feature_extractor_weights_path=str(weights)
    )
    metric, statistics = torch_fidelity("metric_fid"), []
    with torch.inference_mode():
        for side in sides:
            (features,) = theirs.eval()(torch.from_numpy(side).permute(0, 3, 1, 2))
            statistics.append(metric.fid_features_to_statistics(features))
    (expected,) = metric.fid_statistics_to_metric(*statistics, False).values()
    # features agree to 1e-6 relative (float32); the distance is of the order of their squares and keeps ten times that
    assert frechet_distance(*moments) == pytest.approx(expected, rel=1e-5)
