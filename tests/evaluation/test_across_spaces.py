"""Spaces that disagree: which is named, how often by chance, and the mean over spaces."""

import math

import numpy as np
import pytest

from gantlet.core.results.estimate import Estimate
from gantlet.evaluation.across_spaces import FACTOR, Ratio, fitted_to, mean_over_spaces, ratios, said


def one(space: str, value: float, error: float = 0.1) -> Estimate:
    details = {"form": "plain", "log_standard_error": error}
    return Estimate(
        "frechet_ratio", float(value), value / 1.2, value * 1.2, "delta", features=space, details=details, unit="times"
    )


def test_the_space_that_images_are_fitted_to_is_named() -> None:
    found = [one("pixels", 150), one("wavelet", 2), one("classifier", 90)]
    fitted = fitted_to(ratios(found))
    assert fitted is not None and (fitted.space, fitted.other) == ("wavelet", "pixels")
    assert fitted.factor == pytest.approx(75)
    assert FACTOR < fitted.least < 75
    (line,) = said(found)
    assert line.startswith("caution: fitted to this metric") and "in wavelet and 150 times in pixels" in line
    assert said([one("pixels", 16), one("wavelet", 5), one("classifier", 30)]) == []
    assert fitted_to(ratios(found), "pixels") is None
    assert fitted_to(ratios(found), "elsewhere") is None
    assert fitted_to(ratios(found[:1])) is None


@pytest.mark.parametrize("named", ["", "a"])
def test_spaces_at_the_factor_are_called_out_as_seldom_as_stated(named: str) -> None:
    rng = np.random.default_rng(0)
    errors = {"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.2}
    true = {name: 0.0 if name == "a" else math.log(FACTOR) for name in errors}
    called = 0
    for _ in range(4000):
        # independent noise, and noise in common with the opposite sign: the worst case of the bound
        common = rng.standard_normal()
        drawn = {name: common * (1 if name == "a" else -1) for name in errors}
        found = {name: Ratio(true[name] + errors[name] * drawn[name], errors[name]) for name in errors}
        called += fitted_to(found, named) is not None
    assert called / 4000 <= 0.01 + 3 * (0.01 * 0.99 / 4000) ** 0.5
    assert not named or called > 0


def test_the_mean_over_spaces_is_one_more_estimate() -> None:
    (mean,) = mean_over_spaces([one("a", 2, 0.1), one("b", 4, 0.2), Estimate("coverage", 0.5, features="a")])
    assert mean.value == pytest.approx(3)
    assert mean.high - mean.value == pytest.approx(1.959964 * (0.2 + 0.8) / 2, rel=1e-6)
    assert mean.details["spaces"] == ["a", "b"]
    assert mean_over_spaces([one("a", 2)]) == ()
    undefined = Estimate("frechet_ratio", None, features="b", notes=("undefined: none",))
    assert mean_over_spaces([one("a", 2), undefined]) == ()
