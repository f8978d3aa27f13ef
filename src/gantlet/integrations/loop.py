"""gantlet inside one's own training loop, without callbacks: prepare the real side once, then judge any batch of images."""

from pathlib import Path
from typing import Any

import numpy as np

from gantlet.actions.evaluate import judged
from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import ShapeError
from gantlet.core.results.report import Report
from gantlet.data.arrays import array_source
from gantlet.data.opening import open_source
from gantlet.data.source import ImageSource
from gantlet.evaluation.extraction import Progress, nothing
from gantlet.evaluation.prepare import prepare
from gantlet.evaluation.protocols import fixed
from gantlet.integrations.tensors import pixels


class Evaluator:
    """Judges images as they come out of a generator; the real images' features are extracted once (and cached).

    >>> judge = Evaluator("photos/")  # doctest: +SKIP
    >>> for step, batch in enumerate(loader):  # doctest: +SKIP
    ...     if step % 1000 == 0:
    ...         report = judge(generator(z), range="symmetric", images_seen=step * 64)
    ...         print(report["coverage"].text)

    Args: real: a source string or an opened source; config: as for `gantlet.evaluate`; progress: called with (stage,
    done, total). Raises: what `gantlet.evaluate` raises about the real images.
    """

    def __init__(
        self, real: str | ImageSource, config: EvaluateConfig | None = None, *, progress: Progress = nothing
    ) -> None:
        source = open_source(real) if isinstance(real, str) else real
        self.judges = prepare(source, fixed(config or EvaluateConfig()), progress)

    def __call__(
        self,
        images: Any,
        labels: Any = None,
        *,
        range: str = "unit",
        images_seen: int | None = None,
        out: Path | None = None,
    ) -> Report:
        """Return the Report on generated images.

        Args: images: [n, c, h, w], uint8, or floats in ``range`` (unit, symmetric, byte); labels: [n] class indices of
        the real source's classes, where it has any; out: a folder for report.json and pictures.
        Raises: DataError, ShapeError (labels that do not fit), TooFewSamples.
        """
        made = pixels(images, range)
        classes = self.judges[0].train.source.classes
        wanted = None
        if labels is not None:
            array = labels.detach().cpu().numpy() if hasattr(labels, "detach") else labels
            wanted = np.asarray(array, np.int64)
            if wanted.shape != (len(made),) or wanted.min() < 0 or wanted.max() >= len(classes):
                raise ShapeError(
                    f"expected {len(made)} labels from 0 to {len(classes) - 1}, the classes of the real images; got "
                    f"shape {wanted.shape} from {wanted.min()} to {wanted.max()}"
                )
        source = array_source("images", made, wanted, classes if wanted is not None else ())
        return judged(self.judges, source, out=out, images_seen=images_seen)
