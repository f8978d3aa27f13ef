"""The journal of a run: config.toml, events.jsonl (one line per logged step) and the sample grids."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from gantlet.core.config import TrainConfig
from gantlet.core.drawing.grids import COLUMNS
from gantlet.core.errors import CheckpointError, OutputError
from gantlet.core.files import explained, lies_below, write_bytes, write_text
from gantlet.core.output import SUBFOLDERS, require_inside
from gantlet.core.own_files import remember
from gantlet.core.visible import in_unicode, json_text
from gantlet.data.apart import require_apart
from gantlet.training.data import Pairs

RESULTS = ("report.html", "report.json", "MODEL_CARD.md", "events.jsonl")
"""What a training writes into its folder, beside config.toml."""
ROWS = 16
PAIR_COLUMNS = 4
"""Pairs in a row of a grid: input, output and truth of each."""


@dataclass(frozen=True)
class Journal:
    """The readable side of a run folder."""

    run: Path

    @property
    def events(self) -> Path:
        """Return the path of events.jsonl."""
        return self.run / "events.jsonl"

    def begin(self, config: TrainConfig) -> None:
        """Start a new run folder; raises CheckpointError when it holds a run already, OutputError when it cannot be
        written.
        """
        if is_run(self.run):
            raise CheckpointError(
                f"{self.run} already holds a run: go on with --resume, choose another --out, or delete it"
            )
        if (self.run / "config.toml").exists():
            raise OutputError(
                f"{self.run} holds a config.toml and no run; it would be replaced: choose another folder with --out"
            )
        write_text(self.events, "")  # first: a config.toml alone is the user's own
        self._write_config(config)

    def evaluated(self, step: int, score: float | None) -> bool:
        """Return whether a line holds the numbers of an evaluation after this step that gave this score."""
        lines = self.events.read_text("utf-8", "replace").split("\n") if lies_below(self.events, self.run) else []
        found = [line for line in lines if _step(line) == step and _event(line) == "evaluate" and '"value"' in line]
        return any(json.loads(line).get("score") == score for line in found)

    def drop_evaluation(self, step: int) -> None:
        """Drop the evaluation after a step, which a process wrote that was killed before its checkpoint knew of it."""
        lines = self.events.read_text("utf-8", "replace").split("\n") if lies_below(self.events, self.run) else []
        kept = [line for line in lines if _step(line) != step or _event(line) != "evaluate"]
        if kept != lines:
            write_text(self.events, "\n".join(kept))

    def rewind(self, config: TrainConfig, step: int) -> None:
        """Return to a checkpoint: drop every line (and half line) written after its step."""
        lines = self.events.read_text("utf-8", "replace").split("\n") if lies_below(self.events, self.run) else []
        remaining = [line for line in lines if _step(line) <= step]
        write_text(self.events, "".join(f"{line}\n" for line in remaining))
        for drawn, picture in pictures(self.run):
            if drawn > step:
                picture.unlink()
        self._write_config(config)

    def _write_config(self, config: TrainConfig) -> None:
        """Write config.toml, which the user that trains may read back without --trust."""
        write_text(self.run / "config.toml", config.to_toml())
        remember(self.run / "config.toml")

    def write(self, event: str, **values: Any) -> Mapping[str, Any]:
        """Append one line and return it; raises OutputError."""
        line = {"event": event, **values}
        with explained(self.events), self.events.open("a", encoding="utf-8") as file:
            file.write(json_text(line) + "\n")
        return line

    def picture(self, step: int, content: bytes) -> None:
        """Write a PNG to samples/step-XXXXXXXX.png."""
        write_bytes(self.run / "samples" / f"step-{step:08d}.png", content)


def is_run(folder: Path) -> bool:
    """Return whether a folder holds a run that can be resumed: a config.toml with a journal or checkpoints beside it."""
    return (folder / "config.toml").is_file() and any(
        (folder / name).exists() for name in ("events.jsonl", "checkpoints")
    )


def require_run(folder: Path) -> None:
    """Raise CheckpointError unless a folder holds a run that can be resumed."""
    if not is_run(folder):
        raise CheckpointError(
            f"there is no run to resume in {folder}: it holds no config.toml with a journal or checkpoints; start it without "
            "--resume, or with --resume auto"
        )


def require_no_run(out: Path) -> None:
    """Raise OutputError when a folder is a run's that has a report, or one that a training writes into."""
    run = out.parent if out.name in SUBFOLDERS else out
    if is_run(run) and (run != out or (out / "report.json").exists()):
        raise OutputError(
            f"{out} belongs to a run, and its report would be replaced; choose another folder with --out, such as {run / 'evaluation'}"
        )


def require_untrained(run: Path, checkpoint_every: int) -> None:
    """Raise CheckpointError when a run that holds no checkpoint once had one: its files are not those of a run that barely began.

    It was evaluated, or its journal holds a step after the first checkpoint's.
    """
    evaluated = [name for name in RESULTS if name != "events.jsonl" and (run / name).exists()]
    lines = (
        (run / "events.jsonl").read_text("utf-8", "replace").split("\n")
        if lies_below(run / "events.jsonl", run)
        else []
    )
    steps = [step for line in lines if checkpoint_every < (step := _step(line)) < float("inf")]
    if evaluated or steps:
        seen = f"it holds {evaluated[0]}" if evaluated else f"its journal says step {max(steps):.0f}"
        raise CheckpointError(
            f"{run} holds no checkpoint to go on from, though {seen}: bring its checkpoints back, or start anew in another folder "
            "with --out"
        )


def require_free(config: TrainConfig, *, resume: bool = False) -> None:
    """Raise OutputError unless a run may be written into its folder: not among its images, and without links elsewhere.

    A new run wants a folder that holds none, and no file that would be replaced; to ``resume`` takes one that holds a run
    (CheckpointError).
    """
    out = Path(config.out)
    require_inside(out, *SUBFOLDERS)
    require_apart(out, config.data)
    for name, value in vars(config).items():
        if in_unicode(value) not in (value, list(value) if isinstance(value, tuple) else value):
            raise OutputError(
                f"{name} = {value!r} holds bytes that are no UTF-8, and no config.toml can; rename the folder"
            )
    if resume:
        require_run(out)
        return
    if (out / "checkpoints").exists():
        raise OutputError(f"{out} holds a run already; continue it with --resume, or choose another folder with --out")
    if (out / "config.toml").exists() and not is_run(out):
        raise OutputError(
            f"{out} holds a config.toml and no run; it would be replaced: choose another folder with --out"
        )
    if other := [name for name in RESULTS if _filled(out / name) and not (out / "config.toml").exists()]:
        raise OutputError(f"{out} is no run, and its {other[0]} would be replaced; choose another folder with --out")


def pictures(run: Path) -> list[tuple[int, Path]]:
    """Return (step, path) of each sample grid of a run, in order; other files beside them are left alone."""
    found = (
        (re.fullmatch(r"step-(\d{8,18})", path.stem, re.ASCII), path) for path in (run / "samples").glob("step-*.png")
    )
    return sorted((int(match[1]), path) for match, path in found if match)


def triples(pairs: Pairs, outputs: UInt8[np.ndarray, "m s s c"]) -> UInt8[np.ndarray, "k h w c"]:
    """Return input, output and truth of each pair side by side in a gray frame, filled up to whole rows of PAIR_COLUMNS."""
    m, size, _, channels = outputs.shape
    inputs = pairs.shown[:m]
    inputs = inputs if inputs.shape[3] == channels else np.repeat(inputs, channels, axis=3)
    line = max(1, size // 8)
    framed = np.full((m + -m % PAIR_COLUMNS, size + line, 3 * size + line, channels), 128, np.uint8)
    framed[:m, :size, : 3 * size] = np.concatenate([inputs, outputs, pairs.truth[:m]], axis=2)
    return framed


def grid_labels(n_classes: int) -> np.ndarray:
    """Return the wanted labels of a sample grid: one class per row, at most ROWS of them."""
    return np.repeat(np.arange(min(n_classes, ROWS), dtype=np.int64), COLUMNS)


def _filled(path: Path) -> bool:
    """Return whether a file is there; an empty events.jsonl is that of a training that was killed as it began."""
    return path.exists() and not (path.name == "events.jsonl" and path.is_file() and path.stat().st_size == 0)


def _event(line: str) -> str:
    return str(json.loads(line)["event"])


def _step(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
