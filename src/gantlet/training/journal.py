"""The journal of a run: config.toml, events.jsonl (one line a logged step) and the sample grids."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from gantlet.config import TrainConfig
from gantlet.errors import CheckpointError
from gantlet.files import explained, write_bytes, write_text

COLUMNS = 8
ROWS = 16
TILE = 32
"""Smaller images are enlarged, pixel by pixel, to at least this many pixels."""


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
        if (self.run / "config.toml").exists():
            raise CheckpointError(
                f"{self.run} already holds a run: go on with --resume, choose another --out, or delete it"
            )
        write_text(self.run / "config.toml", config.to_toml())
        write_text(self.events, "")

    def rewind(self, config: TrainConfig, step: int) -> None:
        """Go back to a checkpoint: drop every line (and half line) written after its step."""
        lines = self.events.read_text(errors="replace").splitlines() if self.events.is_file() else []
        kept = [line for line in lines if _step(line) <= step]
        write_text(self.events, "".join(f"{line}\n" for line in kept))
        for picture in (self.run / "samples").glob("step-*.png"):
            if int(picture.stem.removeprefix("step-")) > step:
                picture.unlink()
        write_text(self.run / "config.toml", config.to_toml())

    def write(self, event: str, **values: Any) -> Mapping[str, Any]:
        """Append one line and return it; raises OutputError."""
        line = {"event": event, **values}
        with explained(self.events), self.events.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, allow_nan=False, ensure_ascii=False) + "\n")
        return line

    def picture(self, step: int, content: bytes) -> None:
        """Write a PNG to samples/step-XXXXXXXX.png."""
        write_bytes(self.run / "samples" / f"step-{step:08d}.png", content)


def grid_png(images: UInt8[np.ndarray, "n s s c"]) -> bytes:
    """Return a grid of samples, eight in a row, as the bytes of a PNG file."""
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(grid(images).squeeze(-1) if images.shape[3] == 1 else grid(images)).save(content, format="PNG")
    return content.getvalue()


def grid(images: UInt8[np.ndarray, "n s s c"]) -> UInt8[np.ndarray, "h w c"]:
    """Lay images out in rows of COLUMNS, enlarged by a whole factor to at least TILE pixels; n is a multiple of
    COLUMNS.
    """
    _, size, _, channels = images.shape
    factor = -(-TILE // size)
    large = images.repeat(factor, axis=1).repeat(factor, axis=2)
    tiled = large.reshape(-1, COLUMNS, size * factor, size * factor, channels).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(tiled.reshape(-1, COLUMNS * size * factor, channels))


def grid_labels(n_classes: int) -> np.ndarray:
    """Return the wanted labels of a sample grid: one class a row, at most ROWS of them."""
    return np.repeat(np.arange(min(n_classes, ROWS), dtype=np.int64), COLUMNS)


def _step(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
