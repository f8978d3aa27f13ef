"""gantlet's metrics as a torchmetrics.Metric: update, compute, reset, several processes; with intervals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gantlet.core.errors import TooFewSamples
from gantlet.core.results.estimate import Estimate
from gantlet.data.tensors import pixels
from gantlet.evaluation.compute import compute, resolve
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.features.build import build_extractor
from gantlet.evaluation.stats.feature_bank import FeatureBank

try:
    from torchmetrics import Metric
except ModuleNotFoundError as error:
    if error.name != "torchmetrics":
        raise
    raise ModuleNotFoundError(
        "gantlet.integrations.torchmetrics needs torchmetrics: pip install 'gantlet[torchmetrics]'", name=error.name
    ) from error

BATCH = 16
SIDES = ("real", "fake")
_REAL = ("real_features", "real_probabilities")


class GenerativeMetrics(Metric):
    """Any of gantlet's metrics of real and generated images, updated batch by batch.

    >>> metric = GenerativeMetrics("efficientnet-lite0", ["frechet_distance_debiased", "coverage"])  # doctest: +SKIP
    >>> metric.update(real_batch, real=True); metric.update(fake_batch, real=False)  # doctest: +SKIP
    >>> metric.compute()  # doctest: +SKIP
    {'frechet_distance_debiased': tensor(12.3), 'coverage': tensor(0.91)}
    >>> metric.estimates["coverage"].text  # doctest: +SKIP
    '0.91 [0.89, 0.93]'

    The features of all images are the state (float32 [n, d] per side); under several processes they are gathered, so that
    the result does not depend on their number.

    Args: features: an extractor that needs no training images, e.g. efficientnet-lite0, pixels, inception-v3[weights=…];
    metrics: names (gantlet list metrics); seed, level: of the intervals; reset_real: False keeps the real images at
    ``reset``; range: of floating-point batches, unit [0, 1], symmetric [−1, 1] or byte [0, 255].
    Raises: UnknownName; DataError for a batch that cannot be read.
    """

    is_differentiable = False
    full_state_update = False
    higher_is_better = None

    def __init__(
        self,
        features: str = "efficientnet-lite0",
        metrics: Sequence[str] = ("frechet_distance_debiased", "precision", "recall", "coverage"),
        *,
        seed: int = 0,
        level: float = 0.95,
        reset_real: bool = True,
        range: str = "unit",
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        for name in metrics:
            resolve(name)
        self.extractor = build_extractor(features)
        self.names, self.seed, self.level = list(metrics), seed, level
        self.reset_real, self.range = reset_real, range
        self.estimates: dict[str, Estimate] = {}
        for side in SIDES:
            for part in ("features", "probabilities"):
                self.add_state(f"{side}_{part}", default=[], dist_reduce_fx="cat")

    def update(self, images: Tensor, *, real: bool) -> None:
        """Add a batch of images [b, c, h, w], uint8 or floating point, to the real or to the generated images."""
        batch = pixels(images, self.range)
        side = SIDES[0] if real else SIDES[1]
        for start in np.arange(0, len(batch), BATCH):
            prepared = np.stack([self.extractor.prepare(image) for image in batch[start : start + BATCH]])
            features, probabilities = self.extractor.extract(prepared)
            getattr(self, f"{side}_features").append(torch.from_numpy(features).to(self.device))
            if probabilities is not None:
                getattr(self, f"{side}_probabilities").append(torch.from_numpy(probabilities).to(self.device))

    def compute(self) -> dict[str, Tensor]:
        """Return each metric's value; the intervals are in ``estimates``.

        Raises: TooFewSamples without images on one side, or where a metric is undefined (with the reason).
        """
        real, fake = (self._bank(side) for side in SIDES)
        estimates = compute(Evidence(real, fake, self.seed, self.level), self.names)
        undefined = [f"{e.metric}: {'; '.join(e.notes)}" for e in estimates if e.value is None]
        if undefined:
            raise TooFewSamples(" / ".join(undefined))
        self.estimates = {e.metric: e for e in estimates}
        return {e.metric: torch.tensor(e.value, dtype=torch.float64) for e in estimates}

    def reset(self) -> None:
        """Remove all images; real images remain where ``reset_real`` is False."""
        real_state = (
            {} if self.reset_real else {name: list(getattr(self, name)) for name in _REAL}
        )  # reset clears the lists
        super().reset()
        for name, value in real_state.items():
            setattr(self, name, value)

    def _bank(self, side: str) -> FeatureBank:
        features = _join(getattr(self, f"{side}_features"))
        if features is None:
            raise TooFewSamples(f"no {side} images yet; call update(images, real={side == 'real'})")
        return FeatureBank(features, _join(getattr(self, f"{side}_probabilities")))


def _join(state: list[Tensor] | Tensor) -> np.ndarray | None:
    """Return a state's rows as one array: a list of batches, or one tensor after the processes' states were gathered."""
    parts = [part for part in ([state] if isinstance(state, Tensor) else state) if part.numel()]
    return np.ascontiguousarray(torch.cat(parts).cpu().numpy()) if parts else None
