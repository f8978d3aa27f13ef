"""A list of whole sets is several runs; what may be batches of one set is asked about; a metric that raises is named."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import gantlet
from gantlet.actions.run_sources import of_method, runs_in
from gantlet.core.errors import MetricFailed, UsageError

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 40, 8, 8, 3), dtype=np.uint8)
SETTINGS: dict[str, Any] = {"features": "pixels", "metrics": ["frechet_distance"], "cache": False}


def test_whole_sets_are_runs_and_single_images_are_one_set() -> None:
    tensors = [torch.from_numpy(each).permute(0, 3, 1, 2) for each in IMAGES]
    for several in (list(IMAGES), tensors, ["a/", "b/"], [Path("a"), "b"], (IMAGES[0], tensors[1])):
        assert len(runs_in("fake", several, "evaluate_runs")) == len(several)
    for one in (IMAGES[0], list(IMAGES[0]), "a/", [IMAGES[0]], iter(IMAGES), list(IMAGES[0][..., 0])):
        assert runs_in("fake", one, "evaluate_runs") == []
    for batches in ([IMAGES[0], IMAGES[1][:7]], [IMAGES[0]] * 21):
        with pytest.raises(UsageError, match="or batches of one set"):
            runs_in("fake", batches, "evaluate_runs")
    with pytest.raises(UsageError, match="holds single images"):
        of_method("runs", list(IMAGES[0]))


def test_lists_of_arrays_are_evaluated_as_runs() -> None:
    floats = [each / 255 for each in IMAGES]
    report = gantlet.evaluate(floats[:2], IMAGES[2], range="unit", **SETTINGS)
    assert isinstance(report, gantlet.RunsReport) and len(report.runs) == 2
    assert report.notes[0].startswith(
        "the list fake was read as 2 runs of one method, one set of images each; batches of one set: "
    )
    with pytest.raises(UsageError, match="notes must be a list of texts; got 'mine'"):
        gantlet.evaluate_runs(list(IMAGES[:2]), IMAGES[2], notes="mine", **SETTINGS)
    assert (
        report.estimates[0].estimate.value
        == gantlet.evaluate_runs(list(IMAGES[:2]), IMAGES[2], **SETTINGS).estimates[0].estimate.value
    )


def test_a_metric_that_raises_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "raising_metric.py").write_text(
        "from gantlet.core.interfaces.metadata import NO_INFLUENCE\nfrom gantlet.evaluation.metrics import METRICS\n\n\n"
        "@METRICS.register('raising', source='a test', needs=('features',), unit='nats', lower_is_better=True, unpaired=NO_INFLUENCE)\n"
        'def raising(evidence):\n    """A metric that raises."""\n    raise ValueError("no such luck")\n'
    )
    monkeypatch.chdir(tmp_path)
    settings = {**SETTINGS, "metrics": ["raising_metric:raising"]}
    try:
        with pytest.raises(MetricFailed, match="metric 'raising' of raising_metric raised ValueError: no such luck"):
            gantlet.evaluate(IMAGES[0], IMAGES[1], **settings)
    finally:
        from gantlet.evaluation.metrics import METRICS

        METRICS._entries.pop("raising", None)


def test_lists_of_arrays_are_compared_as_methods_and_the_result_says_so(tmp_path: Path) -> None:
    runs = np.random.default_rng(1).integers(0, 256, (4, 40, 8, 8, 3), dtype=np.uint8)
    result = gantlet.compare(list(runs[:2]), list(runs[2:]), IMAGES[2], out=tmp_path / "out", **SETTINGS)
    said = ["the list a was read as 2 runs of one method", "the list b was read as 2 runs of one method"]
    assert [note.partition(",")[0] for note in result.notes[:2]] == said
    assert said[1] in (tmp_path / "out" / "methods.html").read_text()
