"""How long a training takes is said once, from the median of its first steps; progress has rates and what is left."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gantlet.actions.pace import MEASURED, Pace
from gantlet.cli import progress as shown
from gantlet.cli.bars import NotedBars
from gantlet.core.config import TrainConfig
from gantlet.core.durations import duration, rate


def clock(*durations: float) -> Iterator[float]:
    now = 100.0
    yield now
    for seconds in durations:
        now += seconds
        yield now


def said(durations: list[float], total: int = 1000) -> list[tuple[int, str]]:
    ticks = clock(*durations)
    pace = Pace(clock=lambda: next(ticks))
    lines = [(step, pace.note(step, total)) for step in range(1, len(durations) + 2)]
    return [(step, line) for step, line in lines if line]


def test_it_is_said_once_from_the_median() -> None:
    ((step, line),) = said([0.5, 0.5, 5.0, 0.5, 0.5, 0.5, 0.5, 0.5])
    assert step == MEASURED + 1
    assert line.startswith("the 993 generator steps left will take about 8 min here (2 steps/s, measured on 6")


def test_slow_steps_are_told_sooner() -> None:
    ((step, line),) = said([60.0, 60.0, 60.0], total=500)
    assert step == 3 and "8 h 17 min" in line and "60 s/step" in line
    assert said([0.1, 0.1]) == []


def test_words() -> None:
    assert [duration(s) for s in (0, 89, 120, 5340, 12_000, 200_000)] == [
        "0 s", "89 s", "2 min", "89 min", "3 h 20 min", "2 d 7 h",
    ]  # fmt: skip
    assert rate(0.25) == "4 steps/s" and rate(37.5) == "37.5 s/step"


def test_without_a_terminal_a_line_a_minute(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(shown.time, "monotonic", lambda: now[0])
    with shown.Progress() as progress:
        for second in range(200):
            now[0] = float(second)
            progress(f"training, generator steps: loss D {second}", second // 4, 100)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4  # after 10 s, 70 s, 130 s and 190 s
    assert lines[1] == "training, generator steps: 17 of 100, 4.12 s/step, 6 min left, loss D 70"


def test_a_terminal_has_the_note_below_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", terminal)
    with shown.Progress() as progress:
        progress("training, generator steps: loss D 1, runs/x/samples/step-00000500.png", 3, 100)
        assert isinstance(progress._bar, NotedBars)
        assert "step-00000500.png" in progress._bar.note
        progress.say("a line above")
    assert "a line above" in terminal.getvalue()


def test_a_training_says_it_and_names_the_newest_samples(tmp_path: Path) -> None:
    from gantlet import train

    lines: list[str] = []
    stages: list[str] = []
    config = TrainConfig(
        data="digits", out=str(tmp_path / "run"), steps=12, batch=4, network="dcgan[width=4,norm=none]", evaluate=False,
        sample_every=5, log_every=2,
    )  # fmt: skip
    train(config, say=lines.append, progress=lambda stage, done, total: stages.append(stage))
    (line,) = [line for line in lines if "generator steps left" in line]
    assert "the 5 generator steps" in line and "evaluations" not in line
    last = stages[-1]
    assert "loss D " in last and last.endswith("samples/step-00000010.png")
    assert Path(last.rpartition(", ")[2]).is_file()
