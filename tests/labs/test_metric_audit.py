"""metric-audit: the planted failures are what they say, the scores and the verdict on planted curves, a smoke run."""

from pathlib import Path

import numpy as np
import pytest

from gantlet.errors import TooFewSamples
from gantlet.labs import audit_failures as failures
from gantlet.labs import metric_audit as audit
from gantlet.labs.audit_measures import MEASURES, Curves, curves, sizes
from gantlet.labs.interface import Setting, run_lab
from gantlet.stats.feature_bank import FeatureBank

N = 60


@pytest.fixture(scope="module")
def images() -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(0)
    labels = np.arange(400) % 4
    pixels = chance.integers(0, 60, (400, 8, 8, 1)) + 40 * labels[:, None, None, None]
    return pixels.astype(np.uint8), labels


@pytest.fixture(scope="module")
def planted(images: tuple[np.ndarray, np.ndarray]) -> failures.Plan:
    return failures.plan(*images, N, 6, 0)


def test_the_honest_sets_are_disjoint(planted: failures.Plan) -> None:
    fresh = planted.fakes["overfitting"][0][N // 10 :]
    assert len({*planted.real, *planted.held_out, *fresh}) == 2 * N + len(fresh)
    for a, b in planted.nulls:
        assert len({*a, *b}) == 2 * N


def test_each_failure_has_its_strength(images: tuple[np.ndarray, np.ndarray], planted: failures.Plan) -> None:
    pixels, labels = images
    for test, shares in failures.STRENGTHS.items():
        assert [len(rows) for rows in planted.fakes[test]] == [N] * len(shares)
    for share, rows in zip(failures.STRENGTHS["mixing"], planted.fakes["mixing"], strict=True):
        assert (rows >= len(pixels)).sum() == round(share * N)
    for share, rows in zip(failures.STRENGTHS["overfitting"], planted.fakes["overfitting"], strict=True):
        assert np.isin(rows, planted.real).sum() == round(share * N)
    assert len(np.unique(planted.fakes["collapse"][-1])) <= failures.MODES_PER_CLASS * 4
    assert len(np.unique(planted.fakes["dropping"][0])) == N
    modes, medoids = failures.modes_of(pixels, labels, 0)
    assert (labels[medoids][modes] == labels).all()  # a mode lies inside one class
    gone = round(0.6 * len(medoids))
    assert len(np.unique(modes[planted.fakes["dropping"][-1]])) == len(medoids) - gone


def test_shifts_and_noise() -> None:
    chance = np.random.default_rng(0)
    ramp = np.broadcast_to(np.arange(0, 160, 10, dtype=np.uint8)[None, None, :, None], (5, 16, 16, 1)).copy()
    moved = failures.shifted(ramp, 0.0625, chance).astype(int)
    # a shift of at most one pixel changes a ramp of 10 a pixel by at most 10, and by rounding 1; cubic edges overshoot
    assert 0 < np.abs(moved - ramp)[:, :, 3:-3].max() <= 11
    noise = failures.noise(ramp, 7, chance)
    assert (
        noise.shape == (7, 16, 16, 1) and (noise == ramp[:1]).all()
    )  # every image has the same pixels: so has the noise


def test_curves_of_a_metric_that_counts_noise(planted: failures.Plan) -> None:
    total = 400 + len(planted.extra)
    features = np.random.default_rng(1).standard_normal((total, 3)).astype(np.float32)
    features[400 : 400 + N] += 100
    bank = FeatureBank(features)
    fd = next(m for m in MEASURES if m.name == "FD")
    found = curves(fd, bank, planted)
    assert found.noise_is_worse and found.scores()["mixing"] == 1 and found.scores()["shift"] == 1
    assert (
        len(found.z["samples"]) == len(found.seconds) == len(sizes(N)) and found.z["mixing"][-1] > found.z["mixing"][0]
    )
    assert sizes(60) == [10, 20, 50, 60] and sizes(10) == [10]


def planted_curves(**seen: float) -> Curves:
    z = {name: [seen.get(name, 5.0)] * 3 for name in ("mixing", "collapse", "dropping", "samples", "overfitting")}
    return Curves({**z, "samples": z["samples"] + [z["samples"][0]]}, [seen.get("shift", 0.0)] * 4, True, [0.1] * 4)


def planted_found(**blind: float) -> audit.Found:
    found = {("classifier", m.name): [planted_curves()] * 2 for m in MEASURES}
    found["classifier", "IS"] = found["classifier", "Mode Score"] = [planted_curves(collapse=0.0, overfitting=0.0)] * 2
    if blind:
        found["classifier", "FD"] = [planted_curves(**blind)] * 2
    return found


def test_verdicts_on_planted_curves() -> None:
    def verdict(found: audit.Found) -> list[str]:
        sees = {
            n: audit.over_seeds(n, [c.scores()["collapse"] for c in found["classifier", n]])
            for n in ("IS", "FD", "coverage")
        }
        return audit._failed(audit.over_seeds("gap", audit._gap(found)), sees)

    assert verdict(planted_found()) == []
    assert "FD sees" in verdict(planted_found(collapse=0.0))[0]
    sharp = planted_found()
    sharp["classifier", "IS"] = sharp["classifier", "Mode Score"] = [planted_curves()] * 2
    assert len(verdict(sharp)) == 2
    assert planted_curves(shift=0.2).scores()["shift"] == 0


def test_smoke(tmp_path: Path) -> None:
    found = run_lab("metric-audit", Setting("smoke", out=tmp_path))
    assert len(found.rows) == 5 + 5 + 7 and len(found.figures) == 4
    assert all((tmp_path / figure).stat().st_size > 20_000 for figure in found.figures)
    by_name = {row[:2]: row for row in found.rows}
    assert by_name["classifier", "IS"][3] == 0  # collapse inside classes
    assert by_name["classifier", "IS"][7] == 0  # copies


def test_too_few_images(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "few.npz", images=pixels, labels=np.arange(40) % 2)
    with pytest.raises(TooFewSamples, match="the audit needs 300 images"):
        run_lab("metric-audit", Setting("smoke", out=tmp_path), {"data": str(tmp_path / "few.npz")})
