"""The mechanism: settings, numbers over seeds, files, and the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from gantlet.cli import main
from gantlet.core.errors import ConfigError, UnknownName
from gantlet.evaluation.inference.seeds import lower, over_seeds, upper
from gantlet.labs import LABS
from gantlet.labs.lab import Lab, Setting
from gantlet.labs.run import run_lab


def test_the_interval_over_seeds_is_students() -> None:
    values = [1.0, 2.0, 4.0]
    low, high = stats.t.interval(0.95, 2, loc=np.mean(values), scale=stats.sem(values))
    estimate = over_seeds("x", values)
    assert (lower(estimate), upper(estimate)) == pytest.approx((low, high), rel=1e-12)
    single = over_seeds("x", [3.0])
    assert single.low is None and lower(single) == upper(single) == 3.0


def test_a_setting_knows_its_sizes_and_seeds() -> None:
    assert Setting("smoke", seed=5).seeds(2, 10, 20) == (5, 6)
    assert Setting("full", repeats=3).seeds(2, 10, 20) == (0, 1, 2)
    with pytest.raises(ConfigError, match="smoke, laptop, full"):
        Setting("huge")


@pytest.mark.parametrize("name", LABS.names())
def test_every_lab_states_claim_and_tolerance(name: str) -> None:
    entry = LABS.entry(name)
    assert isinstance(entry.object(), Lab)
    assert "Claim:" in entry.document and "Tolerance:" in entry.document and entry.meta.claim.endswith(".")


def test_unknown_names_and_options(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean 'inception-score-blind'"):
        run_lab("inception-score-blnd", Setting("smoke", out=tmp_path))
    with pytest.raises(UnknownName, match="known: mean, variance"):
        run_lab("inception-score-blind", Setting("smoke", out=tmp_path), {"data": "digits"})


def test_the_command_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["lab", "inception-score-blind", "--size", "smoke", "--out", str(tmp_path)]
    assert main(words) == 0
    said = capsys.readouterr().out
    for part in ("claim", "tolerance", "verdict", "reproduced", "U(−100, 100)", "inception-score-blind.png"):
        assert part in said
    picture = (tmp_path / "inception-score-blind.png").read_bytes()
    assert main([*words, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "inception-score-blind.json").read_text())
    assert printed["verdict"] == "reproduced" and printed["seeds"] == [0, 1, 2]
    assert (tmp_path / "inception-score-blind.png").read_bytes() == picture
    assert main(["lab", "list"]) == 0
    assert "inception-score-intra-class" in capsys.readouterr().out
    assert main(["lab", "inception-score-blnd"]) == 2
