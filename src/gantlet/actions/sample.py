"""Draw images from a trained generator into a folder, a .zip or an .npz, as one picture or as a film."""

import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from gantlet.actions.sample_pictures import Plan, planned, walked, write_film, write_picture
from gantlet.core.calls import called
from gantlet.core.drawing.pictures import png
from gantlet.core.errors import ConfigError, OutputError
from gantlet.core.files import as_path, distinct_names, explained, writing
from gantlet.core.locks import PART, sweep, take
from gantlet.data.apart import require_apart_from_training
from gantlet.data.kinds import Source, require_images
from gantlet.data.points import PointSource
from gantlet.data.source import ImageSource
from gantlet.data.training_images import nobody
from gantlet.evaluation.sides import Progress, nothing
from gantlet.training.runs.source import run as run_source

OTHERS = (".tar", ".gz", ".tgz", ".rar", ".7z", ".parquet", ".h5", ".hdf5", ".pt", ".jpg", ".jpeg")
"""Suffixes of files that are not written: a folder of such a name is not what was meant."""


@called
def sample(
    run: Path | str,
    out: Path | str,
    n: int | None = None,
    *,
    seed: int = 0,
    which: str = "newest",
    label: int | None = None,
    truncation: float | None = None,
    interpolate: int = 0,
    grid: str = "",
    progress: Progress = nothing,
    say: Callable[[str], None] = nobody,
) -> Path:
    """Write n generated images to ``out``: NAME.zip or a folder of PNG files (class folders where there are labels), or
    NAME.npz; points go to NAME.npy; a grid is one picture, NAME.png; a film of a walk is NAME.webp or NAME.gif.

    Args: run: a run folder; n: None: 1,000, all of a grid, or a film of 6 latents; which: newest (the moving average where there is one), ema,
    generator, best or final weights; label: only this class; truncation: ψ of the truncation trick, see `LoadedGenerator.truncated`;
    interpolate: images from each latent to the next, on a closed walk, see `LoadedGenerator.walk` (0: independent latents; a film: 24);
    grid: ROWSxCOLUMNS, of a film a walk in each tile, of the seeds that follow; progress, say: called with progress and notes.
    Returns: ``out``, which appears whole or not at all.
    Raises: OutputError when ``out`` exists or cannot be written; ConfigError for n < 1; CheckpointError; UsageError.
    """
    run, out = as_path(run, "run"), as_path(out, "out")
    if out.suffix.lower() in OTHERS:
        raise ConfigError(
            f"{out}: images are written as a folder, NAME.zip or NAME.npz, not as {out.suffix}; choose one of these"
        )
    plan = planned(out, n, interpolate, grid)
    if out.exists() and not (out.is_dir() and not any(out.iterdir()) and not out.suffix):
        raise OutputError(f"{out} exists already; choose another name, or move it away")
    require_apart_from_training(out, run)
    sweep(out.parent)
    if plan.steps:
        source: Source = walked(plan, run, which, label=label, truncation=truncation, seed=seed)
    else:
        source = run_source(str(run), which, n=plan.n, seed=seed, label=label, truncation=truncation)
    for note in source.notes:
        say(note)
    _write(plan, source, progress)
    return out


def _write(plan: Plan, source: Source, progress: Progress) -> None:
    if isinstance(source, PointSource):
        _write_points(plan.out, source)
        return
    images, suffix = require_images(source, "sample"), plan.out.suffix.lower()
    if plan.is_film:
        write_film(plan, images)
    elif plan.is_picture:
        write_picture(plan, images)
    else:
        {".zip": _write_zip, ".npz": _write_npz}.get(suffix, _write_folder)(plan.out, images, progress)


def _write_points(out: Path, source: PointSource) -> None:
    if out.suffix.lower() != ".npy":
        raise ConfigError(
            f"{source.spec} generates points, which are written as one array; choose a name such as points.npy, not {out}"
        )
    with writing(out, new=True) as temporary, temporary.open("wb") as file:
        np.save(file, source.points)


def _files(source: ImageSource, progress: Progress) -> Iterator[tuple[str, bytes]]:
    """Yield (relative name, PNG bytes) of each image."""
    digits = len(str(len(source) - 1))
    folders = distinct_names(source.classes)
    for i in range(len(source)):
        folder = f"{folders[int(source.labels[i])]}/" if source.labels is not None and source.classes else ""
        yield f"{folder}{i:0{digits}d}.png", png(source.read(i))
        if i % 50 == 49 or i == len(source) - 1:
            progress("images written", i + 1, len(source))


def _write_zip(out: Path, source: ImageSource, progress: Progress) -> None:
    with writing(out, new=True) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for name, data in _files(source, progress):
            archive.writestr(zipfile.ZipInfo(name), data)


def _write_npz(out: Path, source: ImageSource, progress: Progress) -> None:
    images = np.stack([source.read(i) for i in range(len(source))])
    progress("images drawn", len(source), len(source))
    arrays = (
        {"x": images}
        if source.labels is None
        else {"x": images, "y": source.labels, "classes": np.array(source.classes)}
    )
    with writing(out, new=True) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def _write_folder(out: Path, source: ImageSource, progress: Progress) -> None:
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=PART, dir=out.parent))
        handle = os.open(temporary, os.O_RDONLY)
        take(handle)
        try:
            for name, data in _files(source, progress):
                path = temporary / name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(data)
            temporary.chmod(0o755)
            temporary.rename(out)
        finally:
            os.close(handle)
            shutil.rmtree(temporary, ignore_errors=True)
