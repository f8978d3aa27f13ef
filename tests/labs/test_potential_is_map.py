"""The lab potential-is-map: verdicts on planted scores, and a smoke run."""

from pathlib import Path

import pytest

from gantlet.evaluation.inference.seeds import over_seeds
from gantlet.labs import potential_is_map as lab
from gantlet.labs.lab import Setting
from gantlet.labs.run import run_lab


@pytest.mark.parametrize(("critic", "verdict"), [(5.0, "reproduced"), (30.0, "not reproduced")])
def test_verdicts(tmp_path: Path, critic: float, verdict: str) -> None:
    values = {"wgan-qc": critic, "linear": 20.0}
    scores = {(name, d): over_seeds(name, [values.get(name, 50.0)] * 2) for name in lab.MAPS for d in (2, 4)}
    result = lab.conclude(Setting("smoke", out=tmp_path), (0, 1), scores, dict.fromkeys(scores, 0.5))
    assert result.verdict == verdict and len(result.rows) == 10


def test_smoke(tmp_path: Path) -> None:
    result = run_lab("potential-is-map", Setting("smoke", out=tmp_path))
    assert (tmp_path / result.figures[0]).stat().st_size > 10_000
    by_name = {row[1]: row[2] for row in result.rows if row[0] == 2}
    assert by_name["semidiscrete"] < by_name["linear"]  # type: ignore[operator]
