"""The pictures of a report: grids, suspects beside the training images they copy, outliers, and one strip a mode."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from gantlet.core.drawing import pictures
from gantlet.core.drawing.scatter import write_scatter
from gantlet.core.files import write_bytes
from gantlet.core.results.report import ModeCount, Outlier, Suspect
from gantlet.data.points import PointSource, require_images
from gantlet.data.source import ImageSource
from gantlet.evaluation.extraction import Images
from gantlet.evaluation.findings import Far, Findings, Pair

COLUMNS = 10
MOST_STRIPS = 40
STRIP = 48
"""Side in pixels of the images in a mode's strip."""


@dataclass(frozen=True)
class Gallery:
    """Writes pictures into ``out``/pictures; with ``out`` None it names the images and writes nothing."""

    out: Path | None
    real: Images
    train: Images
    fake: Images

    @cached_property
    def _rows(self) -> dict[str, Int64[np.ndarray, " n"]]:
        sides = {"real": self.real, "train": self.train, "fake": self.fake}
        return {name: source_rows(images) for name, images in sides.items()}

    def _image(self, side: str, row: int, pixels: int = pictures.THUMBNAIL) -> np.ndarray:
        images: Images = getattr(self, side)
        return pictures.thumbnail(images.source.read(int(self._rows[side][row])), pixels)

    def _write(self, name: str, image: np.ndarray) -> str:
        assert self.out is not None  # the callers ask
        write_bytes(self.out / "pictures" / f"{name}.png", pictures.png(image))
        return f"pictures/{name}.png"

    def suspects(self, pairs: Sequence[Pair]) -> tuple[Suspect, ...]:
        """Name the fakes closest to a training image, each with both pictures."""
        found = []
        for rank, pair in enumerate(pairs):
            files = ["", ""]
            if self.out is not None:
                for side, (name, row) in enumerate((("fake", pair.fake), ("train", pair.train))):
                    files[side] = self._write(f"suspect-{rank:02d}-{name}", self._image(name, row))
            names = self.fake.bank.names[pair.fake], self.train.bank.names[pair.train]
            found.append(Suspect(*names, pair.distance, pair.ratio, *files))
        return tuple(found)

    def outliers(self, far: Sequence[Far]) -> tuple[Outlier, ...]:
        """Name the images without a counterpart on the other side, each with its picture."""
        found = []
        for rank, entry in enumerate(far):
            images: Images = getattr(self, entry.side)
            file = ""
            if self.out is not None:
                file = self._write(f"outlier-{rank:02d}-{entry.side}", self._image(entry.side, entry.row))
            found.append(Outlier(entry.side, images.bank.names[entry.row], entry.ratio, file))
        return tuple(found)

    def modes(self, found: Findings) -> tuple[ModeCount, ...]:
        """Give each mode its strip: its most typical real image, then fakes of it (gray where there are fewer)."""
        if self.out is None or len(found.modes) > MOST_STRIPS or not found.examples:
            return found.modes
        longest = max((len(rows) for rows in found.examples), default=0)
        shown = []
        for index, (mode, rows) in enumerate(zip(found.modes, found.examples, strict=True)):
            blank = np.full((STRIP, STRIP, 3), 128, np.uint8)
            images = [blank if rows[0] < 0 else self._image("real", rows[0], STRIP)]
            images += [self._image("fake", row, STRIP) for row in rows[1:]]
            images += [blank] * (longest - len(rows))
            file = self._write(f"mode-{index:02d}", pictures.grid(images, longest))
            shown.append(dataclasses.replace(mode, picture=file))
        return tuple(shown)

    def grids(self) -> dict[str, list[str]]:
        """Write a grid of fakes and one of real images: ten of each class where both sides have labels, else the first hundred."""
        if self.out is None:
            return {}
        if isinstance(self.fake.source, PointSource):
            return {
                "fakes": [
                    write_scatter(
                        self.out / "pictures" / "points.png", self.real.bank.features, self.fake.bank.features
                    )
                ]
            }
        sides = {"fakes": self.fake, "reals": self.real}
        classed = all(side.bank.labels is not None and 1 < len(side.source.classes) <= 40 for side in sides.values())
        made = {}
        for role, side in sides.items():
            if side.source.statistics:
                continue
            rows = np.arange(min(100, side.bank.n))
            if classed and side.bank.labels is not None:
                rows = by_class(side.bank.labels, len(side.source.classes), COLUMNS)
            path = self.out / "pictures" / f"{role}.png"
            if len(rows):
                made[role] = [write_grid(path, require_images(side.source, "a grid"), source_rows(side)[rows], COLUMNS)]
        return {"by_class": made.pop("fakes"), **made} if classed and "fakes" in made else made


def source_rows(images: Images) -> Int64[np.ndarray, " n"]:
    """Return the source's index of each row of the bank (files that were skipped have none)."""
    if not images.skipped:
        return np.arange(len(images.source))
    skipped = set(images.skipped)
    return np.array([i for i, name in enumerate(images.source.names) if name not in skipped], np.int64)


def write_grid(path: Path, source: ImageSource, rows: Int64[np.ndarray, " n"], columns: int) -> str:
    """Write the images at ``rows`` of a source as one PNG; return its file name relative to the report's folder."""
    side = max(24, min(pictures.THUMBNAIL, 640 // columns))
    write_bytes(
        path, pictures.png(pictures.grid([pictures.thumbnail(source.read(int(i)), side) for i in rows], columns))
    )
    return f"{path.parent.name}/{path.name}"


def by_class(labels: Int64[np.ndarray, " n"], n_classes: int, columns: int) -> Int64[np.ndarray, " m"]:
    """Return the rows of the first ``columns`` images of each class, class by class; classes with fewer are left out."""
    firsts = [np.flatnonzero(labels == k)[:columns] for k in range(n_classes)]
    return np.concatenate([np.empty(0, np.int64), *(rows for rows in firsts if len(rows) == columns)]).astype(np.int64)
