"""weight-clipping: the smoke size points the way of the claim, its figure is written, the shares are what the weights say."""

from pathlib import Path

import numpy as np
import torch

from gantlet.labs.interface import Setting, run_lab
from gantlet.labs.weight_clipping import CLIP, train


def test_smoke(tmp_path: Path) -> None:
    result = run_lab("weight-clipping", Setting("smoke", out=tmp_path))
    shares = {row[:2]: float(row[2] or 0) for row in result.rows}
    for data in ("8 Gaussians", "25 Gaussians", "swiss roll"):  # 600 steps: on the way to the limits, not there yet
        assert shares[data, "clipping"] > 0.2 > 0.02 > shares[data, "penalty"]
    assert len(result.rows) == 6 and (tmp_path / "weight-clipping.png").stat().st_size > 20_000


def test_no_weight_starts_at_a_limit_and_none_leaves_it() -> None:
    points = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    start, later = (train("clipping", points, (steps, 16, 2), 0) for steps in (0, 300))
    assert start.share == 0 and np.abs(start.weights).max() <= CLIP / 2 * (1 + 1e-6)
    assert np.abs(later.weights).max() <= CLIP * (1 + 1e-6)
    assert later.share == float((np.abs(later.weights) >= 0.95 * CLIP).mean()) and later.share > 0.3
