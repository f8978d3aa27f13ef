"""A small convolutional classifier, trained in seconds: real labels in, class probabilities and 64 features out."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64, UInt8
from torch import Tensor, nn
from torch.nn import functional

from gantlet.core.errors import NonFiniteError, ShapeError, TooFewSamples
from gantlet.core.rng import torch_stream

FEATURES = 64
IMAGES_SEEN = 120_000
"""Training shows about this many images, over 2 to 25 passes."""


class SmallCNN(nn.Module):
    """Convolutions 3×3 with batch norm and ReLU, halving the side to at most 4, then 64 features and k logits.

    Above 16 pixels the first one has 5×5 and stride 2; images above 32 pixels are first averaged down by a whole
    factor. The features are taken before their ReLU.
    """

    def __init__(self, size: int, channels: int, n_classes: int) -> None:
        super().__init__()
        self.shrink = max(1, size // 32)
        side, width = size // self.shrink, 24 if size > 8 else 32
        layers: list[nn.Module] = [*(_conv(channels, width, 5, 2) if side > 16 else _conv(channels, width))]
        side = (side + 1) // 2 if side > 16 else side
        while side > 4:
            layers += [nn.MaxPool2d(2), *_conv(width, min(64, 2 * width))]
            side, width = side // 2, min(64, 2 * width)
        self.trunk = nn.Sequential(*layers, nn.Flatten())
        self.embed = nn.utils.skip_init(nn.Linear, width * side * side, FEATURES)
        self.head = nn.utils.skip_init(nn.Linear, FEATURES, n_classes)

    def forward(self, pixels: Float[Tensor, "b c s s"]) -> tuple[Float[Tensor, "b d"], Float[Tensor, "b k"]]:
        if self.shrink > 1:
            pixels = functional.avg_pool2d(pixels, self.shrink)
        features = self.embed(self.trunk(pixels))
        return features, self.head(functional.relu(features))


def _conv(channels_in: int, channels_out: int, kernel: int = 3, stride: int = 1) -> tuple[nn.Module, ...]:
    padding = kernel // 2
    conv = nn.utils.skip_init(nn.Conv2d, channels_in, channels_out, kernel, stride, padding, bias=False)
    return conv, nn.BatchNorm2d(channels_out), nn.ReLU(inplace=True)


@dataclass(frozen=True)
class Classifier:
    """A trained `SmallCNN` for size × size images with 1 or 3 channels."""

    network: SmallCNN
    size: int
    channels: int
    n_classes: int

    def outputs(
        self, images: UInt8[np.ndarray, "n s s c"] | Float32[np.ndarray, "n s s c"]
    ) -> tuple[Float32[np.ndarray, "n d"], Float32[np.ndarray, "n k"]]:
        """Return features [n, 64] and class probabilities [n, k]; raises ShapeError for images of another shape."""
        if images.shape[1:] != (self.size, self.size, self.channels):
            raise ShapeError(
                f"the classifier expects images of {self.size}×{self.size}×{self.channels}; got {images.shape[1:]}"
            )
        features = np.empty((len(images), FEATURES), np.float32)
        probabilities = np.empty((len(images), self.n_classes), np.float32)
        self.network.eval()
        with torch.inference_mode():
            for start in range(0, len(images), 512):
                rows = slice(start, start + 512)
                batch_features, logits = self.network(_scaled(torch.from_numpy(images[rows])))
                features[rows], probabilities[rows] = batch_features.numpy(), logits.softmax(dim=1).numpy()
        return features, probabilities

    def probabilities(self, images: UInt8[np.ndarray, "n s s c"]) -> Float32[np.ndarray, "n k"]:
        """Return class probabilities."""
        return self.outputs(images)[1]

    def predict(self, images: UInt8[np.ndarray, "n s s c"]) -> Int64[np.ndarray, " n"]:
        """Return the most probable class of each image."""
        return self.probabilities(images).argmax(axis=1).astype(np.int64)


def fit_classifier(
    images: UInt8[np.ndarray, "n s s c"],
    labels: Int64[np.ndarray, " n"],
    n_classes: int,
    *,
    seed: int = 0,
    epochs: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Classifier:
    """Train a `SmallCNN` on labelled images by Adam with a one-cycle learning rate and cross-entropy.

    Args: images: s ≥ 4, c = 1 or 3; labels: 0..n_classes−1; seed: of weights and order; epochs: passes over the images,
    0: as many as show about 120,000 images, from 2 to 25; progress: called with (epochs done, epochs).
    Returns: the classifier; equal inputs give equal weights on one machine. It is trained with one thread: faster for
    so small a network, and the sums do not depend on the number of cores.
    Raises: ShapeError, TooFewSamples (fewer than two images or classes present), NonFiniteError.
    """
    n, size, _, channels = images.shape
    if len(labels) != n or size < 4 or (n and (labels.min() < 0 or labels.max() >= n_classes)):
        raise ShapeError(
            f"expected n images of at least 4×4 and n labels in 0..{n_classes - 1}; got {n} and {len(labels)}"
        )
    if n < 2 or len(np.unique(labels)) < 2:
        raise TooFewSamples(f"a classifier needs images of at least two classes; got {n} of {len(np.unique(labels))}")
    epochs = epochs or int(np.clip(IMAGES_SEEN // n, 2, 25))
    network = SmallCNN(size, channels, n_classes)
    _initialise(network, torch_stream(seed, "classifier-init"))
    order = torch_stream(seed, "classifier-order")
    with _one_thread():
        _train(
            network, torch.from_numpy(images), torch.from_numpy(labels), order=order, epochs=epochs, progress=progress
        )
    return Classifier(network.eval(), size, channels, n_classes)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _initialise(network: SmallCNN, generator: torch.Generator) -> None:
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def _train(
    network: SmallCNN,
    images: Tensor,
    labels: Tensor,
    *,
    order: torch.Generator,
    epochs: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    batch = 64 if len(images) < 20_000 else 128
    starts = range(0, len(images) - 1, batch)  # a last batch of one image has no batch statistics
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=3e-3, total_steps=epochs * len(starts))
    network.train()
    for epoch in range(epochs):
        rows = torch.randperm(len(images), generator=order)
        for start in starts:
            chosen = rows[start : start + batch]
            _, logits = network(_scaled(images[chosen]))
            loss = functional.cross_entropy(logits, labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        if not torch.isfinite(loss):
            raise NonFiniteError(
                f"the classifier's loss is {loss.item()} after epoch {epoch + 1}; expected a finite number"
            )
        if progress:
            progress(epoch + 1, epochs)


def _scaled(images: UInt8[Tensor, "b s s c"] | Float[Tensor, "b s s c"]) -> Float[Tensor, "b c s s"]:
    return images.permute(0, 3, 1, 2).float() / 127.5 - 1
