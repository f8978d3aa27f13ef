"""weight-clipping: the smoke size points the way of the claim, its figure is written, the shares are what the weights say."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gantlet.core.errors import ConfigError
from gantlet.labs.lab import Setting
from gantlet.labs.run import run_lab
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


def test_relu_leaves_dead_units_where_they_started() -> None:
    """A unit that never fires has no gradient, so its incoming weights are bit for bit the initial ones; LeakyReLU has none."""
    points = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    for activation, expected in (("relu", True), ("leaky-relu", False)):
        start, later = (train("clipping", points, (steps, 32, 4), 0, activation) for steps in (0, 200))
        rows = [(start.network[i].weight == later.network[i].weight).all(dim=1).any().item() for i in (2, 4, 6)]
        assert any(rows) is expected


def test_another_activation_is_refused() -> None:
    with pytest.raises(ConfigError, match="leaky-relu or relu"):
        run_lab("weight-clipping", Setting("smoke"), {"activation": "tanh"})
