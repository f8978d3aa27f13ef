"""The loader: the next batch of real images with their labels and latents, as a function of the state alone."""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.beginning import Pair
from gantlet.core.interfaces.modules import Batch
from gantlet.core.interfaces.networks import PLANES, PointShape, stages
from gantlet.core.numerics.mapped import is_mapped
from gantlet.core.processes import ALONE, Processes
from gantlet.core.rng import for_rows
from gantlet.training.data import TrainingData, TrainingPoints, image_order
from gantlet.training.state import TrainState


def require_usable(config: TrainConfig, images: TrainingData) -> None:
    """Raise ConfigError when images (or points) and configuration do not fit: resolution, channels, labels, fewer images than a batch."""
    if isinstance(images.shape, PointShape):
        _require_no_image_options(config, images.source)
    elif stages(images.shape, PLANES) and config.resolution not in (0, images.shape.size):
        raise ConfigError(
            f"resolution is {config.resolution}, but the images of {images.source} came with {images.shape.size} "
            f"pixels; resize them or set resolution to 0"
        )
    if len(images) < config.batch:
        raise ConfigError(
            f"a batch of {config.batch} needs at least as many images; {images.source} holds "
            f"{len(images)}. Lower --batch or add images"
        )
    if config.conditioning != "none" and images.labels is None:
        raise ConfigError(
            f"conditioning {config.conditioning!r} needs labels, and {images.source} has none; use "
            f"--conditioning none or labelled data "
            "(class sub-folders, or an npz with labels)"
        )
    if not config.out:
        raise ConfigError("out is empty; name the run folder, e.g. --out runs/mine")


def _require_no_image_options(config: TrainConfig, source: str) -> None:
    for option, value in (("resolution", config.resolution), ("mirror", config.mirror)):
        if value:
            raise ConfigError(f"{option} is for images, and {source} holds points; leave it out")


def _held(array: np.ndarray, device: torch.device) -> Tensor:
    """Return training data as a tensor that shares their memory where it can: on the device, or a mapped file on the host."""
    held = torch.from_numpy(np.require(array, requirements=("C", "W")))
    return held if is_mapped(array) else held.to(device)


class Loader:
    """Training images (or points), returned batch by batch on the device: held there, or read from a mapped file."""

    def __init__(
        self, config: TrainConfig, images: TrainingData, device: torch.device, group: Processes = ALONE
    ) -> None:
        self.config, self.n, self.device, self.group = config, len(images), device, group
        points = isinstance(images, TrainingPoints)
        self.reals = _held(images.points if isinstance(images, TrainingPoints) else images.images, device)
        pairs = None if isinstance(images, TrainingPoints) else images.pairs
        self.inputs = None if pairs is None else _held(pairs.inputs, device)
        self.at = self._points if points else self._images
        self.labels = None if images.labels is None else torch.from_numpy(images.labels).to(device)
        self.pair: Pair | None = None
        """Which training image goes with which latent; None: as both are drawn."""

    def next(self, state: TrainState) -> Batch:
        """Return the next batch (with several processes, the rows of this process); the state's position and random streams move on."""
        batch = self.config.batch
        rows = torch.from_numpy(image_order(self.n, self.config.seed, state.drawn, batch)).to(self.device)
        state.drawn += batch
        mine = self.group.share(batch)
        z = torch.randn(batch, self.config.latent, generator=state.streams["latent"]).to(self.device)
        if self.pair is not None:  # the whole batch, whatever the number of processes
            rows = self.pair(z, rows, None if self.classes is None else self.classes[rows])
        rows, z = rows[mine], z[mine]
        real = self.at(rows, state.streams["mirror"])
        labels, inputs = None if self.labels is None else self.labels[rows], None
        if self.inputs is not None:  # both images of a pair are mirrored or none
            channels = self.inputs.shape[3]
            inputs, real = real[:, :channels], real[:, channels:]
        return Batch(real, labels, z, inputs)

    @property
    def classes(self) -> Int64[Tensor, " n"] | None:
        """Return the labels of all training images where the run is conditional."""
        return None if self.config.conditioning == "none" else self.labels

    def everything(self) -> Iterator[Float[Tensor, "b *shape"]]:
        """Yield all training images (or points) once, in their own order and not mirrored."""
        for part in self.reals.split(self.config.batch):
            yield part if part.is_floating_point() else self._planes(part)

    def _points(self, rows: Int64[Tensor, " b"], stream: torch.Generator) -> Float[Tensor, "b d"]:
        return self.reals[rows]

    def _planes(self, pixels: UInt8[Tensor, "b s s c"]) -> Float[Tensor, "b c s s"]:
        """Return images on the device in [−1, 1], channel after channel in memory."""
        b, height, width, channels = pixels.shape
        planes = pixels.new_empty(b, channels, height, width).copy_(pixels.permute(0, 3, 1, 2))
        return planes.to(self.device).float() / 127.5 - 1

    def _images(self, rows: Int64[Tensor, " b"], stream: torch.Generator) -> Float[Tensor, "b c s s"]:
        real = self._planes(self.reals[rows.to(self.reals.device)])
        if self.inputs is not None:
            real = torch.cat([self._planes(self.inputs[rows.to(self.inputs.device)]), real], dim=1)
        if self.config.mirror:
            flip = for_rows(len(rows), lambda n: torch.rand(n, generator=stream) < 0.5).to(self.device)
            real = torch.where(flip[:, None, None, None], real.flip(3), real)
        return real.contiguous(memory_format=torch.channels_last)
