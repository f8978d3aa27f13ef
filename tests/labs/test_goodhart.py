"""goodhart: the smoke size runs and draws; its verdict follows from the ratios."""

import math
from pathlib import Path

import numpy as np

from gantlet.evaluation.across_spaces import Ratio
from gantlet.labs.goodhart import Seen, conclude
from gantlet.labs.lab import Setting
from gantlet.labs.run import run_lab


def test_smoke(tmp_path: Path) -> None:
    result = run_lab("goodhart", Setting("smoke", out=tmp_path))
    assert (tmp_path / "goodhart.png").is_file()
    assert [row[:2] for row in result.rows] == [("wavelet", "fitted"), ("non-saturating + R1", "honest")]
    assert all(row[2] == 1 and min(row[4:]) > 1 for row in result.rows)


def test_the_verdict_counts_both_kinds(tmp_path: Path) -> None:
    def seen(space: str, *values: float) -> Seen:
        names = ("pixels", "wavelet", "classifier")
        return Seen(space or "game", space, {n: Ratio(math.log(v), 0.1) for n, v in zip(names, values, strict=True)})

    pictures = {"real": np.zeros((8, 8, 8, 1), np.uint8)}
    told = [seen("wavelet", 100, 2, 300), seen("pixels", 2, 40, 90), seen("", 8, 5, 20)]
    assert conclude(Setting(out=tmp_path), (0,), told, pictures).verdict == "reproduced"
    missed = [seen("wavelet", 3, 2, 4), *told[1:]]
    assert conclude(Setting(out=tmp_path), (0,), missed, pictures).verdict == "not reproduced"
    accused = [*told[:2], seen("", 2, 100, 5)]
    assert conclude(Setting(out=tmp_path), (0,), accused, pictures).verdict == "not reproduced"
