"""The pictures of a report: grids, suspects beside the training images they copy, outliers, and one strip per mode."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt8

from gantlet.core.drawing import pictures
from gantlet.core.drawing.scatter import scatter
from gantlet.core.output import write_picture
from gantlet.core.results.report import ModeCount, Outlier, Suspect
from gantlet.data.kinds import require_images
from gantlet.data.source import ImageSource
from gantlet.evaluation.findings import Far, Findings, Pair
from gantlet.evaluation.sides import Side

COLUMNS = 10
MOST_STRIPS = 40
STRIP = 48
"""Side in pixels of the images in a mode's strip."""


@dataclass(frozen=True)
class Gallery:
    """Writes pictures into ``out``/pictures; with ``out`` None it names the images and writes nothing."""

    out: Path | None
    real: Side
    train: Side
    fake: Side

    @property
    def _sides(self) -> dict[str, Side]:
        return {"real": self.real, "train": self.train, "fake": self.fake}

    @cached_property
    def _rows(self) -> dict[str, Int64[np.ndarray, " n"]]:
        return {name: source_rows(side) for name, side in self._sides.items()}

    def _image(self, side: str, row: int, pixels: int = pictures.THUMBNAIL) -> np.ndarray:
        source = require_images(self._sides[side].source, "a picture")
        return pictures.thumbnail(source.read(int(self._rows[side][row])), pixels)

    def _write(self, name: str, image: np.ndarray) -> str:
        assert self.out is not None  # the callers ask
        return write_picture(self.out, name, pictures.png(image))

    def suspects(self, pairs: Sequence[Pair]) -> tuple[Suspect, ...]:
        """Name the fakes closest to a training image, each with both pictures."""
        suspects = []
        for rank, pair in enumerate(pairs):
            files = ["", ""]
            if self.out is not None:
                for side, (name, row) in enumerate((("fake", pair.fake), ("train", pair.train))):
                    files[side] = self._write(f"suspect-{rank:02d}-{name}", self._image(name, row))
            names = self.fake.rows.names[pair.fake], self.train.rows.names[pair.train]
            suspects.append(Suspect(*names, pair.distance, pair.ratio, *files))
        return tuple(suspects)

    def outliers(self, far: Sequence[Far]) -> tuple[Outlier, ...]:
        """Name the images without a counterpart on the other side, each with its picture."""
        outliers = []
        for rank, entry in enumerate(far):
            file = ""
            if self.out is not None:
                file = self._write(f"outlier-{rank:02d}-{entry.side}", self._image(entry.side, entry.row))
            outliers.append(Outlier(entry.side, self._sides[entry.side].rows.names[entry.row], entry.ratio, file))
        return tuple(outliers)

    def modes(self, findings: Findings) -> tuple[ModeCount, ...]:
        """Give each mode its strip: its most typical real image, then fakes of it (gray where there are fewer)."""
        if self.out is None or len(findings.modes) > MOST_STRIPS or not findings.examples:
            return findings.modes
        longest = max((len(rows) for rows in findings.examples), default=0)
        counts = []
        for index, (mode, rows) in enumerate(zip(findings.modes, findings.examples, strict=True)):
            blank = np.full((STRIP, STRIP, 3), 128, np.uint8)
            images = [blank if rows[0] < 0 else self._image("real", rows[0], STRIP)]
            images += [self._image("fake", row, STRIP) for row in rows[1:]]
            images += [blank] * (longest - len(rows))
            file = self._write(f"mode-{index:02d}", pictures.grid(images, longest))
            counts.append(dataclasses.replace(mode, picture=file))
        return tuple(counts)

    def grids(self) -> dict[str, list[str]]:
        """Write a grid of fakes and one of real images: ten of each class where both sides have labels, else the first hundred."""
        if self.out is None:
            return {}
        if self.fake.source.kind == "points":
            drawn = scatter(self.real.rows.features, self.fake.rows.features)
            return {"fakes": [write_picture(self.out, "points", drawn)]}
        sides = {
            role: (side, bank)
            for role, side in (("fakes", self.fake), ("reals", self.real))
            if (bank := side.bank.rows) is not None
        }
        classed = (
            self.real.source.classes == self.fake.source.classes
            and len(sides) == 2
            and all(bank.labels is not None and 1 < len(side.source.classes) <= 40 for side, bank in sides.values())
        )
        grids = {}
        for role, (side, bank) in sides.items():
            rows = np.arange(min(100, bank.n))
            if classed and bank.labels is not None:
                rows = by_class(bank.labels, len(side.source.classes), COLUMNS)
            if len(rows):
                source = require_images(side.source, "a grid")
                grids[role] = [self._write(role, grid_of(source, source_rows(side)[rows], COLUMNS))]
        return {"by_class": grids.pop("fakes"), **grids} if classed and "fakes" in grids else grids


def source_rows(side: Side) -> Int64[np.ndarray, " n"]:
    """Return the source's index of each row of the bank (files that were skipped have none)."""
    if not side.skipped:
        return np.arange(len(side.source))
    skipped = set(side.skipped)
    return np.array([i for i, name in enumerate(side.source.names) if name not in skipped], np.int64)


def grid_of(source: ImageSource, rows: Int64[np.ndarray, " n"], columns: int) -> UInt8[np.ndarray, "h w c"]:
    """Return the images at ``rows`` of a source as one."""
    side = max(24, min(pictures.THUMBNAIL, 640 // columns))
    return pictures.grid([pictures.thumbnail(source.read(int(i)), side) for i in rows], columns)


def by_class(labels: Int64[np.ndarray, " n"], n_classes: int, columns: int) -> Int64[np.ndarray, " m"]:
    """Return the rows of the first ``columns`` images of each class, class by class; classes with fewer are left out."""
    firsts = [np.flatnonzero(labels == k)[:columns] for k in range(n_classes)]
    return np.concatenate([np.empty(0, np.int64), *(rows for rows in firsts if len(rows) == columns)]).astype(np.int64)
