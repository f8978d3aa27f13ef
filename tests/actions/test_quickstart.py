"""The quickstart goes on wherever it was stopped: it has no --resume."""

from pathlib import Path
from typing import Any

import pytest

from gantlet.actions.quickstart import quickstart
from gantlet.core.config import TrainConfig
from gantlet.core.files import write_text
from gantlet.core.results.report import Report


def test_it_goes_on_from_the_first_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resumed: list[bool] = []

    def run(config: TrainConfig, resume: bool, *_: object) -> Report:
        resumed.append(resume)
        return Report({"name": "pixels"}, "a", "b", 1, 1, 0, ())

    monkeypatch.setattr("gantlet.actions.train._train", run)
    settings: dict[str, Any] = {"steps": 1, "say": lambda text: None}
    quickstart(tmp_path / "run", **settings)
    (tmp_path / "run").mkdir()
    quickstart(tmp_path / "run", **settings)  # killed before it wrote anything
    write_text(tmp_path / "run" / "events.jsonl", "")
    quickstart(tmp_path / "run", **settings)  # killed as it began
    write_text(tmp_path / "run" / "config.toml", "")
    quickstart(tmp_path / "run", **settings)  # killed before its first checkpoint
    assert resumed == [False, False, False, True]
