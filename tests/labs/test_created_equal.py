"""The lab created-equal: its verdict on planted tournaments, and a smoke run."""

from pathlib import Path

import numpy as np
import pytest

from gantlet.actions.tournament_result import assembled
from gantlet.actions.tournament_trials import Protocol, configured, settings_of
from gantlet.core.results.tournament import Trial
from gantlet.labs.created_equal import METHODS, conclude
from gantlet.labs.lab import Setting
from gantlet.labs.run import run_lab


def planted(means: dict[str, float], spread: float, folder: Path) -> tuple[str, str]:
    rng = np.random.default_rng(0)

    def runs(mean: float, count: int, width: float) -> dict[int, Trial]:
        scores = [float(score) for score in rng.normal(mean, width, count)]
        return {k: Trial(k, {"beta1": 0.5}, score, score + 1.0, 9.0) for k, score in enumerate(scores)}

    found = [(name, runs(mean + 20, 6, 5.0), runs(mean, 5, spread)) for name, mean in means.items()]
    result = conclude(Setting("smoke", out=folder), assembled(Protocol("digits"), True, 0.95, found))
    assert len(result.rows) == len(means) and (folder / "created-equal.png").is_file()
    return result.verdict, result.why


def test_verdicts(tmp_path: Path) -> None:
    equal = dict.fromkeys(("dcgan", "lsgan", "wgan"), 50.0)
    assert planted(equal, 2.0, tmp_path)[0] == "reproduced"
    verdict, why = planted({**equal, "wgan": 30.0}, 2.0, tmp_path)
    assert verdict == "not reproduced" and "better than the original: wgan" in why
    verdict, why = planted({**equal, "wgan": 90.0}, 2.0, tmp_path)
    assert verdict == "reproduced" and "worse: wgan" in why
    verdict, why = planted(equal, 30.0, tmp_path)
    assert verdict == "not testable here" and "not known to a fifth of it" in why


@pytest.mark.parametrize("method", METHODS)
def test_all_methods_have_the_same_networks(method: str) -> None:
    config = configured(
        method, settings_of(method, 0, 0), Protocol("digits", steps=10, network="infogan"), 0, Path("x")
    )
    assert config.network == ("infogan[norm=none]" if method in ("wgan-gp", "dragan") else "infogan")


@pytest.mark.slow
def test_smoke_run(tmp_path: Path) -> None:
    """A CPU minute: three methods, two settings and two seeds each, in a tournament that goes on when asked again."""
    result = run_lab("created-equal", Setting("smoke", out=tmp_path))
    assert len(result.rows) == 3 and (tmp_path / "created-equal/tournament.html").is_file()
    assert run_lab("created-equal", Setting("smoke", out=tmp_path)).rows == result.rows
