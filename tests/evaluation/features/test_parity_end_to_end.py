"""From the same images and the same random Inception weights to the Fréchet distance of torch-fidelity and pytorch-fid."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image

from gantlet.core.files import sha256
from gantlet.data.arrays import array_source
from gantlet.data.opening import open_source
from gantlet.evaluation.features.extract import extract
from gantlet.evaluation.features.inception_v3 import InceptionV3
from gantlet.evaluation.metrics.frechet_distance import frechet_distance

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


PYTORCH_FID = """
import sys, torch
from pytorch_fid import fid_score, inception
inception.load_state_dict_from_url = lambda *_, **__: torch.load(sys.argv[1])
print(repr(float(fid_score.calculate_fid_given_paths(sys.argv[2:4], 16, "cpu", 64, num_workers=0))))
"""


@pytest.mark.slow  # 140 passes of Inception beside another interpreter
def test_frechet_distance_from_files_is_pytorch_fids(inception_state: dict[str, torch.Tensor], tmp_path: Path) -> None:
    """pytorch-fid needs torchvision, so it runs under an interpreter of its own: $GANTLET_RIVALS, as in the races."""
    rivals = os.environ.get("GANTLET_RIVALS", "")
    if not rivals:
        pytest.skip("the oracle pytorch-fid runs under another interpreter; $GANTLET_RIVALS names none")
    weights = tmp_path / "inception.pth"
    torch.save(inception_state, weights)
    rng = np.random.default_rng(0)
    folders = [tmp_path / name for name in ("real", "fake")]
    for folder, high in zip(folders, (256, 200), strict=True):
        folder.mkdir()
        for i in range(N):
            Image.fromarray(np.uint8(rng.integers(0, high, (40, 32, 3)))).save(folder / f"{i:02d}.png")
    command = [rivals, "-c", PYTORCH_FID, *map(str, (weights, *folders))]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    told = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert told.returncode == 0, told.stderr[-2000:]
    ours = InceptionV3(tap="64", resize="pytorch-fid", weights=str(weights), weights_sha256=sha256(weights))
    moments = [extract(open_source(str(folder)), ours, cache=False)[0].moments for folder in folders]
    # as above: float32 features, 1e-6 apart
    assert frechet_distance(*moments) == pytest.approx(float(told.stdout.split()[-1]), rel=1e-5)
