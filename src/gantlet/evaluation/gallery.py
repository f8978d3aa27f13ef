"""The pictures of a report: grids, suspects beside the training images they copy, outliers, and one strip per mode."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from gantlet.core.config import EvaluateConfig
from gantlet.core.drawing import pictures
from gantlet.core.drawing.scatter import scatter
from gantlet.core.output import write_picture
from gantlet.core.results.marks import CLASS
from gantlet.core.results.report import ModeCount, Outlier, Suspect
from gantlet.core.specs import class_map
from gantlet.data.kinds import require_images
from gantlet.evaluation.findings import Far, Findings, Pair
from gantlet.evaluation.image_rows import grid_of, rows_by_class, source_rows
from gantlet.evaluation.sides import Side

COLUMNS = 10
TILE = 64
"""Side in pixels of the images in a grid, at most."""
MOST_CLASSES = 40
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
    config: EvaluateConfig

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
        """Write for each class its first ten fakes and its first ten real images (role ``class NAME``: both files, '' for none) where
        both sides have labels and there are at most 40 classes; else a grid of the first hundred fakes and one of real images.
        """
        if self.out is None:
            return {}
        if self.fake.source.kind == "points":
            drawn = scatter(self.real.rows.features, self.fake.rows.features)
            return {"fakes": [write_picture(self.out, "points", drawn)]}
        renamed = class_map(self.config.classes)
        found = rows_by_class(self.real, {"fakes": self.fake, "reals": self.real}, renamed, MOST_CLASSES, COLUMNS)
        if found:
            return {
                f"{CLASS}{label}": [self._row(f"class-{index:02d}-{role}", role, each) for role, each in rows.items()]
                for index, (label, rows) in enumerate(found.items())
            }
        return {
            role: [self._row(role, role, np.arange(min(100, side.rows.n)))]
            for role, side in (("fakes", self.fake), ("reals", self.real))
            if side.bank.rows is not None and side.rows.n
        }

    def _row(self, name: str, role: str, rows: Int64[np.ndarray, " n"]) -> str:
        """Write some images of a side as one picture; '' where there are none."""
        side = {"fakes": self.fake, "reals": self.real}[role]
        return self._write(name, grid_of(side, rows, COLUMNS, TILE)) if len(rows) else ""
