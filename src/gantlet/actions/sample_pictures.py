"""What `gantlet sample` draws as one picture or as a film: a grid of images, and a walk through the latent space."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from gantlet.core.drawing.grids import FILMS, as_picture, film, grid_png, tiled
from gantlet.core.errors import ConfigError
from gantlet.core.files import writing
from gantlet.core.interfaces.networks import PointShape
from gantlet.data.points import PointSource, point_array
from gantlet.data.source import ImageSource
from gantlet.training.runs.generator import load_generator
from gantlet.training.runs.source import known_weights

IMAGES, KEYS, STEPS = 1000, 6, 24
"""Images of a set, latents of a film and its frames from each to the next, where the call says nothing."""
MOST = 10_000
"""Images of a walk or a picture: they are held in memory."""
MILLISECONDS = 40
"""Of a frame."""
TILE, ALONE = 64, 128
"""Pixels of a side to which small images of a film are enlarged: of a tile in a grid, and of one alone."""
ENCODED = (".mp4", ".webm", ".mov", ".avi", ".mkv")


@dataclass(frozen=True)
class Plan:
    """What is drawn: ``n`` images for each of rows × columns walks (0 steps: no walk), as files, one picture or a film."""

    out: Path
    n: int
    steps: int
    rows: int
    columns: int

    @property
    def is_film(self) -> bool:
        """Return whether it moves."""
        return self.out.suffix.lower() in FILMS

    @property
    def is_picture(self) -> bool:
        """Return whether it is one picture."""
        return self.rows > 0 and not self.is_film

    @property
    def walks(self) -> int:
        """Return the number of walks: each tile of a film is one."""
        return max(1, self.rows * self.columns) if self.is_film else 1


def planned(out: Path, n: int | None, steps: int, grid: str) -> Plan:
    """Return what is drawn into a file of this name; raises ConfigError for numbers and names that do not fit each other."""
    rows, columns = _grid(grid)
    _require_name(out, rows > 0)
    if steps < 0:
        raise ConfigError(f"expected at least 1 image from each latent to the next; got {steps}")
    if out.suffix.lower() in FILMS:
        steps = steps or STEPS
        usual = KEYS * steps
    else:
        usual = rows * columns or IMAGES
        if rows and n not in (None, usual):
            raise ConfigError(f"a grid of {rows}x{columns} shows {usual} images; got n = {n}, which may be left out")
    n = usual if n is None else n
    if not 1 <= n <= 10**8:
        raise ConfigError(f"expected n in [1, 100,000,000] images to draw; got {n}")
    plan = Plan(out, n, steps, rows, columns)
    if (steps or rows) and n * plan.walks > MOST:
        raise ConfigError(
            f"a walk or a picture holds at most {MOST:,} images; got {n * plan.walks:,}: lower n, the grid or the steps"
        )
    return plan


def _require_name(out: Path, is_grid: bool) -> None:
    suffix = out.suffix.lower()
    if suffix in ENCODED:
        raise ConfigError(
            f"{out}: there is no encoder of {suffix} here; write NAME.gif, which ffmpeg turns into one, or NAME.webp"
        )
    if is_grid and suffix not in (".png", *FILMS):
        raise ConfigError(f"{out}: a grid is one picture, NAME.png, or a film of walks, NAME.webp or NAME.gif")
    if suffix == ".png" and not is_grid:
        raise ConfigError(
            f"{out}: one picture is a grid of images; give --grid ROWSxCOLUMNS, such as 4x8 (in Python: grid='4x8')"
        )


def _grid(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9]\d{0,3})[x×]([1-9]\d{0,3})", text.strip().lower())
    if text and match is None:
        raise ConfigError(f"expected a grid as ROWSxCOLUMNS, such as 4x8; got {text!r}")
    return (int(match[1]), int(match[2])) if match else (0, 0)


def walked(
    plan: Plan, run: Path, which: str, *, label: int | None, truncation: float | None, seed: int
) -> ImageSource | PointSource:
    """Return the images (or points) of the walks that are planned, walk after walk; walk i has the latents of seed + i."""
    generator = load_generator(run, known_weights(which))
    generator = generator if truncation is None else generator.truncated(truncation)
    walks = [generator.walk(plan.n, plan.steps, label=label, seed=seed + i) for i in range(plan.walks)]
    images, spec = np.concatenate(walks), f"run:{run}"
    labels = None if label is None else np.full(len(images), label, np.int64)
    classes = () if label is None else generator.classes
    if isinstance(generator.shape, PointShape):
        return PointSource(spec, point_array(spec, images), labels, classes, notes=generator.notes)
    names = [f"{spec}#{i}" for i in range(len(images))]
    digest = f"walk {generator.digest}"
    return ImageSource(spec, names, images.__getitem__, digest, labels, classes, notes=generator.notes)


def write_picture(plan: Plan, source: ImageSource) -> None:
    """Write images as one picture, row by row."""
    with writing(plan.out, new=True) as temporary:
        temporary.write_bytes(grid_png(_pixels(source), plan.columns))


def write_film(plan: Plan, source: ImageSource) -> None:
    """Write walks, one after the other in the source, as a film that loops; with a grid each tile is a walk of its own."""
    images = _pixels(source)
    walks = images.reshape(plan.walks, plan.n, *images.shape[1:])
    least = TILE if plan.walks > 1 else ALONE
    frames = [as_picture(tiled(walks[:, i], max(1, plan.columns), least)) for i in range(plan.n)]
    with writing(plan.out, new=True) as temporary:
        temporary.write_bytes(film(frames, plan.out.suffix.lower(), [MILLISECONDS] * plan.n))


def _pixels(source: ImageSource) -> UInt8[np.ndarray, "n s s c"]:
    return np.stack([source.read(i) for i in range(len(source))])
