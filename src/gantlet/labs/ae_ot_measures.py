"""Measures of one generator in the lab ae-ot: modes, bridging, Fréchet distance, and how near the training set it stays."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64, UInt8
from torch import nn

from gantlet.core.rng import numpy_stream
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.metrics.modes import class_counts
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.labs.images import LabelledImages, features_of
from gantlet.transport.cells import assign

UNSURE = 0.01
QUERIES = 1000
"""Number of images per set for which the nearest training image is searched."""


@dataclass(frozen=True, eq=False)
class Measures:
    """One set of images: ``modes`` found, the ``least`` share of a class over its real one, ``bridging``, the Fréchet
    ``distance`` (value, low, high), and medians of the distances to the nearest training ``code`` and ``image``, over
    those of held-out real images.
    """

    modes: int
    least: float
    bridging: float
    distance: tuple[float, float, float]
    code: float
    image: float


@dataclass(frozen=True, eq=False)
class Evaluator:
    """Evaluates all image sets of one seed against training images, held-out images with their features, and an encoder."""

    train: LabelledImages
    test: UInt8[np.ndarray, "m s s c"]
    bank: FeatureBank
    encoder: nn.Module

    def measure(self, images: UInt8[np.ndarray, "k s s c"], seed: int) -> Measures:
        """Return the measures of one set of images."""
        bank = features_of(images, self.train.classifier)
        real, fake = (class_counts(one) / one.n for one in (self.bank, bank))
        (distance,) = compute(Evidence(self.bank, bank, seed), ["frechet_distance"])
        assert distance.value is not None and distance.low is not None and distance.high is not None
        code, image = self._nearness(images)
        own_code, own_image = self._held_out
        return Measures(
            modes=int((fake > 0).sum()),
            least=float((fake[real > 0] / real[real > 0]).min()),
            bridging=float((_certainty(bank) < np.quantile(_certainty(self.bank), UNSURE)).mean()),
            distance=(distance.value, distance.low, distance.high),
            code=code / own_code,
            image=image / own_image,
        )

    def beside(self, images: UInt8[np.ndarray, "k s s c"]) -> UInt8[np.ndarray, "k s s c"]:
        """Return the training image nearest to each image."""
        return self.train.pixels[nearest(self._train_rows, _rows(images))[1]]

    def reconstructions(self, decoder: nn.Module, seed: int) -> UInt8[np.ndarray, "k s s c"]:
        """Return as many training images as there are held-out ones, encoded and decoded, as examples of copies."""
        order = numpy_stream(seed, "reconstructions").permutation(len(self.train.pixels))[: len(self.test)]
        with torch.no_grad():
            parts = torch.from_numpy(encode(self.encoder, self.train.pixels[order])).split(500)
            images = torch.cat([decoder.eval()(codes) for codes in parts])
        scaled = ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        return scaled.permute(0, 2, 3, 1).contiguous().numpy()

    def _nearness(self, images: UInt8[np.ndarray, "k s s c"]) -> tuple[float, float]:
        subset = images[:QUERIES]
        codes = nearest(self._train_codes, encode(self.encoder, subset))[0]
        return float(np.median(codes)), float(np.median(nearest(self._train_rows, _rows(subset))[0]))

    @cached_property
    def _held_out(self) -> tuple[float, float]:
        return self._nearness(self.test[numpy_stream(0, "held-out").permutation(len(self.test))])

    @cached_property
    def _train_rows(self) -> Float32[np.ndarray, "n p"]:
        return _rows(self.train.pixels)

    @cached_property
    def _train_codes(self) -> Float32[np.ndarray, "n c"]:
        return encode(self.encoder, self.train.pixels)


def nearest(
    train: Float32[np.ndarray, "n d"], query: Float32[np.ndarray, "m d"]
) -> tuple[Float64[np.ndarray, " m"], Int64[np.ndarray, " m"]]:
    """Return each query row's distance to its nearest training row, and the index of that row.

    The nearest is found in float32 by max ⟨q, t⟩ − |t|²/2 about the training mean; its distance is computed from differences.
    """
    middle = train.mean(axis=0)
    rows, queries = (torch.from_numpy(side - middle) for side in (train, query))
    index = assign(queries, rows, -rows.square().sum(dim=1) / 2)[1].numpy()
    return np.linalg.norm(query.astype(np.float64) - train[index], axis=1), index


@torch.no_grad()
def encode(encoder: nn.Module, images: UInt8[np.ndarray, "k s s c"]) -> Float32[np.ndarray, "k e"]:
    """Return the codes of images."""
    encoder.eval()
    scaled = (torch.from_numpy(part).permute(0, 3, 1, 2).float() / 127.5 - 1 for part in _parts(images))
    return torch.cat([encoder(part).features for part in scaled]).numpy()


def _parts(images: UInt8[np.ndarray, "k s s c"]) -> list[UInt8[np.ndarray, "b s s c"]]:
    return [images[start : start + 500] for start in range(0, len(images), 500)]


def _rows(images: UInt8[np.ndarray, "k s s c"]) -> Float32[np.ndarray, "k p"]:
    return images.reshape(len(images), -1).astype(np.float32) / 255


def _certainty(bank: FeatureBank) -> Float64[np.ndarray, " k"]:
    assert bank.probabilities is not None  # a classifier's bank has them
    return bank.probabilities.max(axis=1).astype(np.float64)
