"""A run's or an evaluation's numbers and pictures in TensorBoard, Weights & Biases or Trackio."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from gantlet.core.errors import DataError, UnknownName, UsageError
from gantlet.core.files import explained, lies_below
from gantlet.core.output import require_inside
from gantlet.core.results.report import Report
from gantlet.data.decode import decode
from gantlet.training.journal import pictures
from gantlet.training.runs.events import Scalars, scalars_by_step


class Logger(Protocol):
    """Receives named numbers and pictures."""

    def numbers(self, values: Scalars, step: int) -> None:
        """Write named numbers at one step."""

    def picture(self, name: str, path: Path, step: int) -> None:
        """Write a PNG file at one step."""

    def close(self) -> None:
        """Finish writing."""


def scalars(report: Report) -> Scalars:
    """Return a report's numbers by name: METRIC, METRIC/low, METRIC/high and METRIC/real (the reference)."""
    numbers: Scalars = {}
    for estimate in report.estimates:
        parts = {"": estimate.value, "/low": estimate.low, "/high": estimate.high}
        parts["/real"] = estimate.reference.value if estimate.reference else None
        numbers |= {f"{estimate.title}{part}": value for part, value in parts.items() if value is not None}
    return numbers


def log(folder: Path, to: str, *, project: str = "gantlet", out: Path | None = None) -> int:
    """Write the events, sample grids and report of a run folder (or an evaluation's report) to a logger.

    Args: folder: it holds events.jsonl or report.json; to: tensorboard, wandb or trackio; project: the logger's project;
    out: the logger's folder; default: FOLDER/NAME-OF-THE-LOGGER.
    Returns: the number of lines of events and reports written. Raises: UnknownName; UsageError when the folder holds
    neither, or the logger is not installed (the message names the package); OutputError; DataError for a damaged picture.
    """
    if to not in LOGGERS:
        raise UnknownName("logger", to, LOGGERS)
    events, report = list(scalars_by_step(folder)), folder / "report.json"
    if not events and not report.is_file():
        raise UsageError(
            f"{folder} holds neither events.jsonl nor report.json; give the folder of a run or an evaluation"
        )
    require_inside(*((folder, to) if out is None else (out, "")), deep=True)
    with _writing(out or folder / to):
        try:
            logger = LOGGERS[to](out or folder / to, project, folder.name)
        except ImportError as error:
            raise UsageError(f"logger {to!r} is not installed ({error}): pip install {to}") from error
        with contextlib.closing(logger):
            for step, values in events:
                logger.numbers(values, step)
            for step, path in pictures(folder):
                if not lies_below(path, folder):
                    raise DataError(f"{path} is a link to a file elsewhere, which is not sent; remove it")
                logger.picture("samples", path, step)
            last = max((step for step, _ in events), default=0)
            if report.is_file():
                logger.numbers(scalars(Report.load(report)), last)
    return len(events) + report.is_file()


@contextlib.contextmanager
def _writing(out: Path) -> Iterator[None]:
    """Turn a failed write into an OutputError; a logger's own thread raises it too, where nobody but Python would print it."""
    hook = threading.excepthook

    def quiet(arguments: threading.ExceptHookArgs) -> None:
        if not isinstance(arguments.exc_value, OSError):
            hook(arguments)

    threading.excepthook = quiet
    try:
        with explained(out):
            yield
    finally:
        threading.excepthook = hook


def _image(path: Path) -> np.ndarray:
    pixels = decode(path)
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels


class TensorBoard:
    """Event files for TensorBoard, by torch.utils.tensorboard."""

    def __init__(self, out: Path, project: str, name: str) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(out))

    def numbers(self, values: Scalars, step: int) -> None:
        """Write named numbers at one step."""
        for key, value in values.items():
            self.writer.add_scalar(key, value, step)

    def picture(self, name: str, path: Path, step: int) -> None:
        """Write a PNG file at one step."""
        self.writer.add_image(name, _image(path), step, dataformats="HWC")

    def close(self) -> None:
        """Finish writing."""
        self.writer.close()


@dataclass
class Tracker:
    """Weights & Biases, or Trackio, which has the same interface."""

    module: Any

    def numbers(self, values: Scalars, step: int) -> None:
        """Write named numbers at one step."""
        self.module.log(values, step=step)

    def picture(self, name: str, path: Path, step: int) -> None:
        """Write a PNG file at one step."""
        self.module.log({name: self.module.Image(_image(path))}, step=step)

    def close(self) -> None:
        """Finish writing."""
        self.module.finish()


def _wandb(out: Path, project: str, name: str) -> Tracker:
    import wandb

    out.mkdir(parents=True, exist_ok=True)
    wandb.init(project=project, name=name, dir=str(out))
    return Tracker(wandb)


def _trackio(out: Path, project: str, name: str) -> Tracker:
    os.environ["TRACKIO_DIR"] = str(out.resolve())  # read when trackio is imported
    import trackio

    trackio.init(project=project, name=name)
    return Tracker(trackio)


LOGGERS: dict[str, Callable[[Path, str, str], Logger]] = {
    "tensorboard": TensorBoard,
    "wandb": _wandb,
    "trackio": _trackio,
}
