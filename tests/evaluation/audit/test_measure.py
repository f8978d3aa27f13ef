"""An auditor detects failures planted by hand; weakest and detected on curves with known answers."""

import numpy as np
import pytest

from gantlet.core.results.audit import AuditResult, Curve, Planted
from gantlet.evaluation.audit.measure import Auditor
from gantlet.evaluation.audit.plan import Plan, plant
from gantlet.evaluation.audit.pool import split_pool
from gantlet.evaluation.stats.feature_bank import FeatureBank

N = 60


@pytest.fixture(scope="module")
def planted() -> Plan:
    chance = np.random.default_rng(0)
    pixels = chance.integers(0, 256, (400, 4, 4, 1), dtype=np.uint8)
    pool = split_pool(pixels, None, pixels.reshape(400, -1).astype(np.float32), N, 0)
    return plant(pool, ["noise", "copies", "shift"], 0, null_pairs=8)


def test_a_failure_far_away_in_feature_space_is_seen_and_one_that_changes_nothing_is_not(planted: Plan) -> None:
    chance = np.random.default_rng(1)
    features = chance.standard_normal((400 + len(planted.extra), 3)).astype(np.float32)
    for rows in planted.fakes["noise"]:
        features[rows] += 100
    steps: list[int] = []
    auditor = Auditor(planted, FeatureBank(features), ["frechet_distance", "coverage", "inception_score"])
    auditor.step = lambda: steps.append(1)
    z = auditor.z()
    assert set(z) == {"frechet_distance", "coverage"}
    assert "no class probabilities" in auditor.left_out["inception_score"]
    for metric in z:
        assert min(z[metric]["noise"]) > 10
        assert max(z[metric]["shift"]) < 4  # honest features: a standard normal, roughly
    assert len(steps) == auditor.steps


def test_copies_are_told_by_the_gap_between_training_and_held_out_images(planted: Plan) -> None:
    features = np.random.default_rng(2).standard_normal((400 + len(planted.extra), 5)).astype(np.float32)
    auditor = Auditor(planted, FeatureBank(features), ["one_nn_accuracy", "authenticity"])
    z = auditor.z()
    assert z["one_nn_accuracy"]["copies"][-1] > 5 and z["authenticity"]["copies"][-1] > 5
    assert z["authenticity"]["copies"][0] < z["authenticity"]["copies"][-1]


def test_weakest_strength_and_share_seen() -> None:
    strengths = (0.1, 0.2, 0.4)
    assert Curve("s", "m", "f", ((5.0, 5.0, 5.0),)).weakest(strengths) == 0.1
    assert Curve("s", "m", "f", ((5.0, 1.0, 5.0),)).weakest(strengths) == 0.4
    assert Curve("s", "m", "f", ((5.0, 5.0, 2.9),)).weakest(strengths) is None
    two = Curve("s", "m", "f", ((0.0, 2.0, 5.0), (0.0, 4.2, 5.0)))
    assert two.mean == pytest.approx((0.0, 3.1, 5.0)) and two.weakest(strengths) == 0.2
    assert two.detected == pytest.approx(0.5)


def test_a_result_is_strict_json() -> None:
    curve = Curve("pixels", "coverage", "blur", ((1.0, 4.0),))
    planted = Planted("blur", "blurred", "sd", (0.1, 0.2))
    result = AuditResult("digits", 60, (0,), {"pixels": {}}, (planted,), (curve,), {})
    assert '"z"' in result.to_json() and result.curve("pixels", "coverage", "blur") is curve
    assert result.metrics("pixels") == ["coverage"]
    with pytest.raises(KeyError, match="no curve of 'recall'"):
        result.curve("pixels", "recall", "blur")
