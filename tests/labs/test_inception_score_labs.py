"""The labs on the Inception Score: closed forms, verdicts on planted inputs, and a smoke run of each."""

from pathlib import Path

import numpy as np
import pytest

from gantlet.core.errors import ConfigError, TooFewSamples
from gantlet.evaluation.inference.seeds import over_seeds
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.labs import inception_score_blind as blind
from gantlet.labs import inception_score_ignores_data as ignores
from gantlet.labs import inception_score_intra_class as intra
from gantlet.labs.images import by_class, repeated, short
from gantlet.labs.lab import Setting
from gantlet.labs.run import run_lab


def test_closed_form_of_the_uniform_law() -> None:
    # ∫₀^∞ h(logistic(t)) dt = π²/6, so E h = π²·variance/(12·mean·a), a = 100; the cut tail is below e^−100
    for mean, variance in ((1.0, 2.0), (2.0, 1.0)):
        expected = 2 * np.exp(-(np.pi**2) * variance / (12 * mean * 100))
        assert blind.closed_form("U(−100, 100)", mean, variance) == pytest.approx(expected, abs=1e-6)


def test_blind_reproduces_for_overlapping_modes_and_not_for_distant_ones(tmp_path: Path) -> None:
    near = run_lab("inception-score-blind", Setting("smoke", out=tmp_path))
    assert near.verdict == "reproduced" and near.ours.low is not None and near.ours.low > 0.25
    far = run_lab("inception-score-blind[mean=8,variance=1]", Setting("smoke", out=tmp_path))
    assert far.verdict == "not reproduced" and "closed forms" in far.why
    with pytest.raises(ConfigError, match="positive"):
        blind.InceptionScoreBlind(mean=0.0)


def test_intra_class_smoke(tmp_path: Path) -> None:
    result = run_lab("inception-score-intra-class", Setting("smoke", out=tmp_path))
    assert result.verdict == "reproduced"
    assert [row[0] for row in result.rows] == list(intra.DISTINCT)
    assert (tmp_path / result.figures[0]).stat().st_size > 10_000


def planted(score_at_one: float, distance_at_one: float) -> np.ndarray:
    values = np.ones((len(intra.FACTORS), 2, len(intra.DISTINCT)))
    values[0, :, 0] = score_at_one
    values[1, :, 0] = distance_at_one
    values[2, :, 0] = 5.0
    values[3:, :, 0] = 0.3
    return values


@pytest.mark.parametrize(
    ("score", "distance", "verdict", "part"),
    [
        (0.99, 9.0, "reproduced", "worsens by 9×"),
        (0.5, 9.0, "not reproduced", "IS keeps 0.5"),
        (0.99, 1.5, "not reproduced", "missed by frechet_distance"),
    ],
)
def test_intra_class_verdicts(tmp_path: Path, score: float, distance: float, verdict: str, part: str) -> None:
    result = intra.conclude(Setting("smoke", out=tmp_path), (0, 1), planted(score, distance), "planted")
    assert result.verdict == verdict and part in result.why


def test_rows_of_classes() -> None:
    assert repeated(np.array([7, 3]), 5).tolist() == [7, 3, 7, 3, 7]
    assert [g.tolist() for g in by_class(np.array([1, 0, 1]), 1, "x")] == [[1], [0, 2]]
    with pytest.raises(TooFewSamples, match="a class of 1 image;"):
        by_class(np.array([1, 0, 1]), 2, "x")
    assert short("mnist[root=/far/away,split=test]") == "mnist[split=test]" and short("/far/a.zip") == "a.zip"


def test_ignores_data_smoke(tmp_path: Path) -> None:
    result = run_lab("inception-score-ignores-data", Setting("smoke", out=tmp_path), {"others": "digits[split=test]"})
    # further digits are the classifier's own kind: they score high, and the lab says so
    assert result.verdict == "not reproduced" and "digits[split=test]" in result.why
    assert len(result.rows) == 5 and (tmp_path / result.figures[0]).stat().st_size > 10_000


def row(name: str, ratio: float, apart: float = 0.0) -> ignores.Row:
    values = [
        over_seeds(key, [value, value]) for key, value in (("a", 9 * ratio), ("b", ratio), ("c", 1.0), ("d", 9.0))
    ]
    return ignores.Row(name, "not real" not in name, *values, apart)


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ([row("own", 1.0), row("photos", 0.3)], "reproduced"),
        ([row("own", 1.0), row("photos", 0.3), row("noise (not real)", 0.9)], "reproduced"),
        ([row("own", 1.0), row("photos", 0.8)], "not reproduced"),
        ([row("own", 1.0), row("photos", 0.3, apart=1.0)], "not reproduced"),
    ],
)
def test_ignores_data_verdicts(tmp_path: Path, rows: list[ignores.Row], verdict: str) -> None:
    assert ignores.conclude(Setting("smoke", out=tmp_path), (0, 1), rows).verdict == verdict


def test_the_score_has_no_real_image_in_it() -> None:
    chance = np.random.default_rng(0)
    probabilities = chance.dirichlet(np.full(4, 0.3), 80).astype(np.float32)
    fake = FeatureBank(chance.standard_normal((80, 3)).astype(np.float32), probabilities)
    near = FeatureBank(fake.features[::-1].copy(), probabilities)
    far = FeatureBank(fake.features + 50, probabilities)
    scores = [ignores.compute(ignores.Evidence(real, fake), ["inception_score"])[0].value for real in (near, far)]
    assert scores[0] == scores[1]
