"""Drawing from a generator: latents in whole chunks, labels at the training images' frequencies, pixels in 0…255."""

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64, UInt8
from torch import Tensor, nn

from gantlet.core.errors import UsageError
from gantlet.core.interfaces.networks import ImageShape, Shape
from gantlet.core.numerics.latents import closed_walk
from gantlet.core.rng import numpy_stream, torch_stream

CHUNK = 100
"""Images drawn at once, always all of them, so that image i does not depend on their number."""


def draw_labels(n: int, class_counts: Sequence[int] | Int64[np.ndarray, " k"], seed: int) -> Int64[np.ndarray, " n"]:
    """Return n labels drawn at the frequencies of ``class_counts``."""
    counts = np.asarray(class_counts, dtype=np.float64)
    return numpy_stream(seed, "sample-labels").choice(len(counts), size=n, p=counts / counts.sum()).astype(np.int64)


def checked_labels(
    labels: Int64[np.ndarray, " m"] | Sequence[int] | None, n: int, n_classes: int
) -> Int64[np.ndarray, " n"] | None:
    """Return labels as an array; raises UsageError when they do not fit n images or the classes."""
    if labels is None:
        return None
    if n_classes == 0:
        raise UsageError("labels were given, but this generator is unconditional; leave them out")
    wanted = np.asarray(labels, dtype=np.int64)
    if wanted.shape != (n,) or wanted.min() < 0 or wanted.max() >= n_classes:
        raise UsageError(
            f"expected {n} labels in 0…{n_classes - 1}; got shape {wanted.shape}, values {wanted.min()}…{wanted.max()}"
        )
    return wanted


def checked_inputs(inputs: UInt8[np.ndarray, "..."] | None, n: int, shape: Shape) -> None:
    """Raise UsageError unless there are n input images of a generator's shape where it takes any, and none elsewhere."""
    got = None if inputs is None else inputs.shape
    wanted = (n, shape.size, shape.size, shape.inputs) if isinstance(shape, ImageShape) and shape.inputs else None
    if got != wanted:
        raise UsageError(
            f"expected input images uint8 {wanted}; got {got}"
            if wanted
            else "input images were given, but this generator makes images from latents; leave them out"
        )


def draw(
    generator: nn.Module,
    latent: int,
    n: int,
    labels: Int64[np.ndarray, " n"] | None,
    seed: int,
    *,
    inputs: UInt8[np.ndarray, "n s s i"] | None = None,
) -> UInt8[np.ndarray, "n s s c"] | Float32[np.ndarray, "n d"]:
    """Return n images (or points) of a generator in evaluation mode, drawn in whole chunks; its mode is left as it was."""
    return _images(generator, latents(latent, n, seed), n, labels, inputs)


def walk(
    generator: nn.Module, latent: int, n: int, labels: Int64[np.ndarray, " n"] | None, seed: int, *, steps: int
) -> UInt8[np.ndarray, "n s s c"] | Float32[np.ndarray, "n d"]:
    """Return n images (or points) on the closed walk through the first n // steps latents of `draw`: see `closed_walk`."""
    keys = torch.cat(list(latents(latent, n // steps, seed)))[: n // steps]
    way = torch.from_numpy(closed_walk(keys.double().numpy(), steps).astype(np.float32))
    whole = way[torch.arange(CHUNK * math.ceil(n / CHUNK)) % n]
    return _images(generator, whole.split(CHUNK), n, labels, None)


def latents(latent: int, n: int, seed: int) -> Iterator[Float[Tensor, "chunk k"]]:
    """Yield latents of N(0, I) in whole chunks, for n images at least."""
    stream = torch_stream(seed, "sample-latent")
    for _ in range(math.ceil(n / CHUNK)):
        yield torch.randn(CHUNK, latent, generator=stream)


@torch.no_grad()
def _images(
    generator: nn.Module,
    latents: Iterable[Float[Tensor, "chunk k"]],
    n: int,
    labels: Int64[np.ndarray, " n"] | None,
    inputs: UInt8[np.ndarray, "n s s i"] | None,
) -> UInt8[np.ndarray, "n s s c"] | Float32[np.ndarray, "n d"]:
    """Return what a generator makes of latents that come in whole chunks: the first n images or points."""
    device = next(generator.parameters()).device
    was_training = generator.training
    generator.eval()
    chunks = []
    for chunk, z in enumerate(latents):
        rows = chunk * CHUNK + np.resize(np.arange(min(CHUNK, n - chunk * CHUNK)), CHUNK)
        wanted = None if labels is None else torch.from_numpy(labels[rows]).to(device)
        extra = () if inputs is None else (from_uint8(inputs[rows]).to(device),)
        outputs = generator(z.to(device), wanted, *extra)
        chunks.append(to_uint8(outputs) if outputs.dim() == 4 else outputs.float().cpu().numpy())
    generator.train(was_training)
    return np.concatenate(chunks)[:n]


def to_uint8(images: Float[Tensor, "b c h w"]) -> UInt8[np.ndarray, "b h w c"]:
    """Map [−1, 1] to 0…255: round((x + 1)·127.5), clamped at the ends of uint8."""
    pixels = ((images.detach().float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(pixels.permute(0, 2, 3, 1).cpu().numpy())


def from_uint8(images: UInt8[np.ndarray, "b h w c"]) -> Float[Tensor, "b c h w"]:
    """Map 0…255 to [−1, 1]: x/127.5 − 1."""
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))).float() / 127.5 - 1
