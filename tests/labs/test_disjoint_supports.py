"""disjoint-supports: the smoke size reproduces, its figure is written, its points lie where they should."""

from pathlib import Path

import pytest
import torch

from gantlet.core.errors import ConfigError
from gantlet.labs.disjoint_supports import segments
from gantlet.labs.lab import Setting
from gantlet.labs.run import run_lab


def test_smoke(tmp_path: Path) -> None:
    result = run_lab("disjoint-supports", Setting("smoke", out=tmp_path))
    assert result.verdict == "reproduced", result.why
    assert (tmp_path / "disjoint-supports.png").is_file()
    assert len(result.rows) == 4


def test_points_lie_on_two_lines() -> None:
    real, fake = segments(0.5, 10, torch.Generator().manual_seed(0))
    assert (real[:, 0] == 0).all() and (fake[:, 0] == 0.5).all()
    assert ((real[:, 1] >= 0) & (real[:, 1] < 1)).all()


def test_bad_options() -> None:
    with pytest.raises(ConfigError):
        run_lab("disjoint-supports[steps=-1]", Setting("smoke"))
