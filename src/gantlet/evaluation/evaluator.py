"""The Evaluator: the real side prepared once, so that any number of fakes can be evaluated against it."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64

from gantlet.core.calls import called
from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import ShapeError
from gantlet.core.output import REPORT, require_ours
from gantlet.core.results.report import Report
from gantlet.core.toml_config import updated
from gantlet.core.words import counted
from gantlet.data.apart import require_apart
from gantlet.data.arrays import array_source
from gantlet.data.kinds import Source
from gantlet.data.pictures import is_picture, picture_pixels
from gantlet.data.tensors import as_array, pixels
from gantlet.evaluation.assemble import assemble
from gantlet.evaluation.extraction import extract_generated
from gantlet.evaluation.find import find
from gantlet.evaluation.opening import cut_to, open_given, take_given
from gantlet.evaluation.overlap import apart_from
from gantlet.evaluation.prepare import prepare, settled
from gantlet.evaluation.protocols import fixed
from gantlet.evaluation.sides import Progress, Space, nothing


class Evaluator:
    """Evaluates images as they come out of a generator; the real images' features are extracted once (and cached).

    >>> evaluator = Evaluator("photos/")  # doctest: +SKIP
    >>> for step, batch in enumerate(loader):  # doctest: +SKIP
    ...     if step % 1000 == 0:
    ...         report = evaluator(generator(z), range="symmetric", images_seen=step * 64)
    ...         print(report["coverage"].text)

    Args: real, config, range and further keywords: as for `gantlet.evaluate`; shape: side and channels of a
    trained generator's images, to which real ones are brought; progress: called with (stage, done, total).
    Raises: what `gantlet.evaluate` raises about the real images.
    """

    spaces: list[Space]
    """The real side in each feature space; the first gives the verdict."""

    @called
    def __init__(
        self,
        real: Any,
        config: EvaluateConfig | None = None,
        *,
        range: str = "",
        shape: tuple[int, int] | None = None,
        progress: Progress = nothing,
        **settings: Any,
    ) -> None:
        plain, given = take_given(settings, range)
        config = fixed(updated(EvaluateConfig, config, plain, "gantlet.Evaluator"))
        self.spaces = prepare(open_given("real", real, range), config, progress, shape, given)

    def asking(self, metrics: tuple[str, ...]) -> "Evaluator":
        """Return an evaluator over the same real side for other metrics."""
        other = object.__new__(type(self))
        other.spaces = []
        for space in self.spaces:
            config = settled(dataclasses.replace(space.config, metrics=metrics), space.real.source)
            other.spaces.append(dataclasses.replace(space, config=config, seconds={}, references={}))
        return other

    def evaluate(self, fake: Source, *, out: Path | str | None = None, images_seen: int | None = None) -> Report:
        """Return the Report on an opened source; writes report.json and pictures into ``out`` where one is given."""
        if out is not None:
            space = self.spaces[0]
            sides_read = (
                fake,
                *(side.source for side in (space.real, space.train, space.held_out) if side is not None),
            )
            require_apart(Path(out), *(source.spec for source in sides_read))
            require_ours(Path(out), REPORT)
        started = time.perf_counter()
        sides = extract_generated(self.spaces, fake)
        spaces = [apart_from(side, space) for space, side in zip(self.spaces, sides, strict=True)]
        findings = [find(space, side) for space, side in zip(spaces, sides, strict=True)]
        return assemble(
            spaces, sides, findings, started, out=None if out is None else Path(out), images_seen=images_seen
        )

    @called
    def __call__(
        self,
        images: Any,
        labels: Any = None,
        *,
        range: str = "",
        images_seen: int | None = None,
        out: Path | str | None = None,
    ) -> Report:
        """Return the Report on generated images.

        Args: images: [n, c, h, w], uint8, or floats in ``range`` (unit, symmetric, byte: never guessed), or a list of images or of
        batches; labels: [n] class indices of the real source's classes, where it has any; out: a folder for report.json and
        pictures. Of more than the configuration's ``n`` a random part is taken (seeded).
        Raises: UsageError for floats without a range; DataError, ShapeError (labels that do not fit), TooFewSamples.
        """
        if isinstance(images, list | tuple) and any(map(is_picture, images)):
            images = [picture_pixels("the batch", image) for image in images]
        batch = pixels(images, range)
        classes = self.spaces[0].train.source.classes
        wanted = None if labels is None else _class_indices(labels, len(batch), len(classes))
        source = array_source("images", batch, wanted, classes if wanted is not None else ())
        return self.evaluate(cut_to(source, self.spaces[0].config), out=out, images_seen=images_seen)


def _class_indices(labels: Any, n: int, classes: int) -> Int64[np.ndarray, " n"]:
    """Return labels as integers; raises ShapeError for anything but one class index per image."""
    wanted = as_array(labels)
    whole = wanted.dtype.kind in "ui" or (wanted.dtype.kind == "f" and bool((wanted == np.rint(wanted)).all()))
    if whole and wanted.shape == (n,) and wanted.min() >= 0 and wanted.max() < classes:
        return wanted.astype(np.int64)
    spread = f" from {wanted.min()} to {wanted.max()}" if whole and wanted.size else f" of type {wanted.dtype}"
    raise ShapeError(
        f"expected {counted(n, 'label')} from 0 to {classes - 1}, the classes of the real images; got shape {wanted.shape}{spread}"
    )
