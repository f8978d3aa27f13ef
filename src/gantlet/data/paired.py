"""Pairs of images derived from any source: an input image (edges, gray, coarse, the class) and its target image."""

import dataclasses
import hashlib
from collections.abc import Callable

import numpy as np
from jaxtyping import UInt8
from scipy import ndimage

from gantlet.core.errors import BadFiles, ConfigError, DataError
from gantlet.core.specs import format_spec
from gantlet.data import SOURCES
from gantlet.data.decode import Undecodable
from gantlet.data.image_pairs import holds_pairs
from gantlet.data.opening import open_images
from gantlet.data.reading import Images, fit_square, sample_shapes, to_array
from gantlet.data.source import ImageSource

Pixels = UInt8[np.ndarray, "h w c"]
Inputs = Callable[[Pixels, int | None, int], Pixels]
FACTOR = 4
TASKS = ("edges", "gray", "downsampled", "class")


@SOURCES.register(
    "paired", source="Isola et al. 2017, arXiv:1611.07004, section 4 (tasks derived from the images themselves)"
)
def paired(of: str, task: str = "edges", factor: int = 0) -> ImageSource:
    """Pairs for image-to-image training, derived from any source of images: the images of ``of``, each with an input image.

    ``edges``: 255 where the brightness has an edge (Sobel magnitude at least half its own 99th percentile in that
    image), else 0. ``gray``: the brightness of a colour image. ``downsampled``: means of blocks of ``factor`` × ``factor``
    pixels, each block filled with its mean. ``class``: one gray level, 255·k/(K − 1) for class k of K.

    Args: of: the images, e.g. paired[of=mnist[root=DIR],task=edges]; task: one of these; factor: for downsampled, a power
    of 2 (0: 4).
    Raises: ConfigError for another task, for a factor with another task or out of range, and for images without labels
    (class) or without colour (gray); DataError for points.
    Convention: inputs are computed from the images as a network receives them (square, of its size), and have one channel;
    downsampled ones have as many as the images. The other split is paired too, so evaluation uses inputs never trained on.
    """
    source = open_images(of)
    if task not in TASKS:
        raise ConfigError(f"option 'task' of data source 'paired' must be one of {', '.join(TASKS)}; got {task!r}")
    if factor and (task != "downsampled" or factor < 2 or factor & (factor - 1)):
        raise ConfigError(
            f"option 'factor' of data source 'paired' is a power of 2 for task=downsampled; got {factor} for task={task}"
        )
    if source.inputs is not None:
        raise ConfigError(f"{source.spec} holds pairs already; give the original images")
    if own := holds_pairs(of):
        raise DataError(f"{of} holds pairs already, in the folders A and B; train on them: --data '{own}'")
    make = _maker(source, task, factor or FACTOR)
    options = {"task": task, **({"factor": factor} if factor else {})}

    def spec(inner: str) -> str:
        return format_spec("paired", {"of": inner, **options}) if inner else ""

    return dataclasses.replace(
        source,
        spec=spec(source.spec),
        digest=hashlib.sha256(f"{source.digest} paired {task} {factor}".encode()).hexdigest(),
        held_out=spec(source.held_out),
        latents=None,
        inputs=make,
    )


def pair_arrays(
    source: ImageSource,
    size: int,
    channels: int,
    progress: Callable[[int, int], None] | None = None,
    *,
    on_bad: str = "fail",
    input_channels: int = 0,
) -> tuple[Images, UInt8[np.ndarray, "n s s i"]]:
    """Return a paired source at size × size pixels: the images, and the input image of each.

    ``input_channels``: those that the inputs get at least (0: as they are); where one of them is in colour, all become so.
    Raises: as `to_array`; an input that cannot be decoded counts as its pair.
    """
    make, images = source.inputs, to_array(source, size, channels, on_bad, progress)
    assert make is not None  # checked by the caller
    labels = [None] * len(images.pixels) if images.labels is None else images.labels.tolist()
    inputs, bad, kept = [], [], []
    for place, (image, label, row) in enumerate(zip(images.pixels, labels, images.rows.tolist(), strict=True)):
        try:
            made = make(image, label, row)
            inputs.append(fit_square(made, size, made.shape[2]))
            kept.append(place)
        except Undecodable as error:
            bad.append((source.names[row], error.reason))
    if bad and (on_bad == "fail" or not kept):
        raise BadFiles(source.spec, bad, len(source))
    most = max(input_channels, *(made.shape[2] for made in inputs))
    whole = np.stack([made if made.shape[2] == most else np.repeat(made, most, axis=2) for made in inputs])
    left = Images(
        images.pixels[kept],
        None if images.labels is None else images.labels[kept],
        images.rows[kept],
        [*images.skipped, *bad],
    )
    return left if bad else images, whole


def _maker(source: ImageSource, task: str, factor: int) -> Inputs:
    if task == "class":
        n = len(source.classes)
        if source.labels is None or n < 2:
            raise ConfigError(
                f"task=class needs images with labels of at least 2 classes, and {source.spec} has none; use another task "
                "or sort the images into one folder per class"
            )
        return lambda image, label, _: _level(image, label, n)
    if task == "gray":
        if max(channels for _, _, channels in sample_shapes(source)) == 1:
            raise ConfigError(f"task=gray needs colour images, and those of {source.spec} are gray; use another task")
        return lambda image, *_: fit_square(image, image.shape[0], 1)
    if task == "downsampled":
        return lambda image, *_: downsampled(image, factor)
    return lambda image, *_: edges(image)


def edges(image: Pixels) -> UInt8[np.ndarray, "h w 1"]:
    """Return 255 where the Sobel magnitude of the brightness is at least half its own 99th percentile (and not 0)."""
    brightness = image.astype(np.float64).mean(axis=2)
    steepness = np.hypot(*(ndimage.sobel(brightness, axis, mode="nearest") for axis in (0, 1)))
    limit = float(np.percentile(steepness, 99)) / 2
    return np.where((steepness >= limit) & (steepness > 0), 255, 0).astype(np.uint8)[:, :, None]


def downsampled(image: Pixels, factor: int) -> Pixels:
    """Return the image with each block of factor × factor pixels filled with its rounded mean; raises DataError."""
    height, width, channels = image.shape
    if height % factor or width % factor or min(height, width) <= factor:
        raise DataError(
            f"images of {height}×{width} pixels cannot be cut into more than one block of {factor}×{factor}; use a smaller "
            "factor or a larger --resolution"
        )
    blocks = image.reshape(height // factor, factor, width // factor, factor, channels).mean(axis=(1, 3))
    return np.rint(blocks).astype(np.uint8).repeat(factor, axis=0).repeat(factor, axis=1)


def _level(image: Pixels, label: int | None, n: int) -> UInt8[np.ndarray, "h w 1"]:
    assert label is not None  # the source has labels
    return np.full((*image.shape[:2], 1), round(255 * label / (n - 1)), np.uint8)
