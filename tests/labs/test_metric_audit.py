"""metric-audit: the scores and the verdict on planted curves, a smoke run."""

from pathlib import Path

import numpy as np
import pytest

from gantlet.core.errors import TooFewSamples
from gantlet.labs import metric_audit as audit
from gantlet.labs.audit_scores import Curves, sizes
from gantlet.labs.lab import Setting
from gantlet.labs.metric_audit import MEASURES
from gantlet.labs.run import run_lab


def planted_curves(**seen: float) -> Curves:
    z = {name: [seen.get(name, 5.0)] * 3 for name in ("mixing", "collapse", "dropping", "samples", "copies")}
    return Curves({**z, "shift": [seen.get("shift", 0.0) * 5] * 4}, [0.1] * 3)


def planted_curves_by_metric(**blind: float) -> audit.CurvesByMetric:
    results = {("classifier", name): [planted_curves()] * 2 for name in MEASURES.values()}
    results["classifier", "IS"] = results["classifier", "Mode Score"] = [planted_curves(collapse=0.0, copies=0.0)] * 2
    if blind:
        results["classifier", "FD"] = [planted_curves(**blind)] * 2
    return results


def test_verdicts_on_planted_curves() -> None:
    def verdict(results: audit.CurvesByMetric) -> list[str]:
        detection = {
            n: audit.over_seeds(n, [c.scores()["collapse"] for c in results["classifier", n]])
            for n in ("IS", "FD", "coverage")
        }
        return audit._failed(audit.over_seeds("gap", audit._gap(results)), detection)

    assert verdict(planted_curves_by_metric()) == []
    assert "FD detects" in verdict(planted_curves_by_metric(collapse=0.0))[0]
    sharp = planted_curves_by_metric()
    sharp["classifier", "IS"] = sharp["classifier", "Mode Score"] = [planted_curves()] * 2
    assert len(verdict(sharp)) == 2
    assert planted_curves(shift=0.2).scores()["shift"] == 0  # a fifth of what pure noise costs
    assert planted_curves(mixing=1.0).scores()["shift"] == 0  # noise is missed, so tolerance does not count
    assert sizes(60) == [10, 20, 50, 60] and sizes(10) == [10]


def test_smoke(tmp_path: Path) -> None:
    result = run_lab("metric-audit", Setting("smoke", out=tmp_path))
    assert len(result.rows) == 5 + 5 + 7 and len(result.figures) == 4
    assert all((tmp_path / figure).stat().st_size > 20_000 for figure in result.figures)
    by_name = {row[:2]: row for row in result.rows}
    assert by_name["classifier", "IS"][3] == 0  # collapse inside classes
    assert by_name["classifier", "IS"][7] == 0  # copies


def test_too_few_images(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "few.npz", images=pixels, labels=np.arange(40) % 2)
    with pytest.raises(TooFewSamples, match="needs 300 images; there are 40"):
        run_lab("metric-audit", Setting("smoke", out=tmp_path), {"data": str(tmp_path / "few.npz")})
