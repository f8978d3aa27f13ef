"""Estimates and reports refuse NaN and survive JSON."""

import math

import pytest

from gantlet.core.errors import NonFiniteError
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.report import Report


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
@pytest.mark.parametrize("field", ["value", "low", "high"])
def test_a_number_that_is_not_finite_is_never_a_result(field: str, wrong: float) -> None:
    with pytest.raises(NonFiniteError, match=field):
        Estimate("fid", **{"value": 1.0, field: wrong})


def test_undefined_needs_a_reason() -> None:
    with pytest.raises(NonFiniteError, match="without a reason"):
        Estimate("fid", None)
    assert Estimate("fid", None, notes=("too few images",)).text == "undefined"


def test_text_shows_the_interval() -> None:
    assert Estimate("fid", 1.23456, 1.0, 2.0).text == "1.235 [1, 2]"
    assert Estimate("fid", 1.23456).text == "1.235"


def test_a_report_knows_its_metrics() -> None:
    report = Report({"name": "pixels"}, "a", "b", 1, 1, 0, (Estimate("coverage", 0.5),))
    assert "coverage" in report and "recall" not in report
    with pytest.raises(KeyError, match="no 'recall' in this report; it has coverage"):
        report["recall"]
