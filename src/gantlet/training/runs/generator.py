"""A trained generator, loaded from its run folder and sampled reproducibly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float32, Int64, UInt8
from torch import Tensor, nn

from gantlet.core.calls import called
from gantlet.core.config import TrainConfig
from gantlet.core.errors import CheckpointError, UnknownName, UsageError
from gantlet.core.interfaces.modules import module_capabilities
from gantlet.core.interfaces.networks import ImageShape, Shape
from gantlet.core.trust import require_harmless_fields
from gantlet.data.samples import Samples
from gantlet.training.runs.build import build_generator
from gantlet.training.runs.drawing import CHUNK, checked_inputs, checked_labels, draw, draw_labels, walk
from gantlet.training.runs.header import header_of, read_checkpoint
from gantlet.training.runs.tensors import part, unchanged, weights_digest
from gantlet.training.runs.truncated import Truncated

OF_TRAINING = ("data", "out", "recipe", "penalties", "features", "weights", "select", "init_from")
"""Fields of a checkpoint's configuration that no generator is built from: they may name what was there at training."""

Which = Literal["newest", "ema", "generator", "best", "final"]


@dataclass(frozen=True)
class LoadedGenerator:
    """A generator with its configuration and data; ``class_counts``: training images of each class (empty: no labels)."""

    generator: nn.Module
    config: TrainConfig
    shape: Shape
    classes: tuple[str, ...]
    class_counts: tuple[int, ...]
    step: int
    images_seen: int

    @property
    def n_classes(self) -> int:
        """Return the number of classes that it takes; 0: the generator is unconditional."""
        return 0 if self.config.conditioning == "none" else len(self.class_counts)

    @property
    def latent(self) -> int:
        """Return the dimension of z."""
        return self.config.latent

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the weights."""
        return weights_digest(self.generator)

    def sample(
        self,
        n: int,
        labels: Int64[np.ndarray, " n"] | Sequence[int] | None = None,
        seed: int = 0,
        inputs: UInt8[np.ndarray, "n s s i"] | None = None,
    ) -> UInt8[np.ndarray, "n s s c"] | Float32[np.ndarray, "n d"]:
        """Return n images [n, s, s, c], or points [n, d]; image i depends on the weights, the seed, its label and i alone.

        ``labels`` None on a conditional generator: drawn at the training images' class frequencies. ``inputs``: the images
        that a generator of pairs makes images from.
        Raises: UsageError for n < 1, labels or inputs that do not fit, or where the generator takes none.
        """
        if n < 1:
            raise UsageError(f"expected at least 1 sample; got n = {n}")
        wanted = checked_labels(labels, n, self.n_classes)
        if wanted is None and self.n_classes:
            wanted = draw_labels(n, self.class_counts, seed)
        checked_inputs(inputs, n, self.shape)
        return draw(self.generator, self.config.latent, n, wanted, seed, inputs=inputs)

    def samples(self, n: int, seed: int = 0) -> Samples:
        """Return n images that are drawn when they are read, with ``grid()`` and ``show()``; raises UsageError for n < 1."""
        if n < 1:
            raise UsageError(f"expected at least 1 sample; got n = {n}")
        return Samples(self.config.recipe or self.config.network, self, n, seed)

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what a reader of its images should know."""
        return (self.generator.words,) if isinstance(self.generator, Truncated) else ()

    def truncated(self, psi: float) -> "LoadedGenerator":
        """Return the generator behind the truncation trick: less variety, more typical images; see `Truncated`.

        Raises: UsageError for ψ out of range, and where there is no latent to truncate.
        """
        return replace(self, generator=Truncated(self.generator, self._from_latents(), psi))

    def walk(
        self, n: int, steps: int, *, label: int | None = None, seed: int = 0
    ) -> UInt8[np.ndarray, "n s s c"] | Float32[np.ndarray, "n d"]:
        """Return n images (or points) on a closed walk: ``steps`` on the great circle from each of n/steps latents to the next.

        The latents are those of ``sample(n // steps, seed=seed)``: every ``steps``-th image of the walk is one of these.
        Raises: UsageError for numbers that do not fit, a conditional generator without a label, and where there are no latents.
        """
        latent = self._from_latents()
        if steps < 1 or n % steps or n < 2 * steps:
            raise UsageError(
                f"a walk of {steps} images from each latent to the next has a multiple of {steps}, at least {2 * max(1, steps)}; got {n}"
            )
        if latent < 2:
            raise UsageError("a great circle needs a latent of 2 dimensions or more; this generator's has 1")
        if any(module_capabilities(module).by_row for module in self.generator.modules()):
            raise UsageError(
                "this generator makes each row by another network, so there is no way from an image to the next"
            )
        if self.n_classes and label is None:
            raise UsageError(
                f"this generator is conditional, and a walk stays in one class: choose a label in 0…{self.n_classes - 1}"
            )
        labels = checked_labels(None if label is None else [label] * n, n, self.n_classes)
        return walk(self.generator, latent, n, labels, seed, steps=steps)

    def _from_latents(self) -> int:
        """Return the dimension of z; raises UsageError for a generator of pairs."""
        if isinstance(self.shape, ImageShape) and self.shape.inputs:
            raise UsageError(
                "this generator makes images from input images, and has no latents to truncate or to walk between"
            )
        return self.latent

    @torch.no_grad()
    def render(
        self, z: Float32[np.ndarray, "n k"], labels: Int64[np.ndarray, " n"] | None
    ) -> Float32[np.ndarray, "n s s c"]:
        """Return the images of given latents in 0…255, clamped but not rounded."""
        device = next(self.generator.parameters()).device
        images = []
        for start in range(0, len(z), CHUNK):
            rows = slice(start, start + CHUNK)
            wanted = None if labels is None else torch.from_numpy(labels[rows]).to(device)
            outputs = self.generator(torch.from_numpy(z[rows]).to(device), wanted)
            images.append(((outputs.float() + 1) * 127.5).clamp(0, 255).permute(0, 2, 3, 1).cpu().numpy())
        return np.concatenate(images)


def checkpoints(run: Path) -> list[Path]:
    """Return a run's regular checkpoints, oldest first."""
    return sorted((run / "checkpoints").glob("step-*.safetensors"))


@called
def load(run: str | Path, which: Which = "newest") -> LoadedGenerator:
    """Load a trained generator: ``gantlet.load("runs/quickstart").sample(16)``; see `load_generator`."""
    return load_generator(Path(run), which)


def load_generator(run: Path, which: Which = "newest") -> LoadedGenerator:
    """Load the generator of a run folder.

    Args: run: its path; which: ``newest`` (the last checkpoint, its moving average where there is one), ``final`` and ``best``
    (the same of these checkpoints), ``ema`` or ``generator`` (this network of the last checkpoint).
    Raises: CheckpointError when the run, the checkpoint or the network is not there, or is damaged; UntrustedError when the
    checkpoint names a part by module:attribute.
    """
    path, (tensors, header) = unchanged(run, lambda: (path := checkpoint_of(run, which), read_checkpoint(path)))
    config, counts = header.made_with, header.class_counts
    require_harmless_fields(config, path, but=OF_TRAINING)
    has_average = any(name.startswith("average/") for name in tensors)
    if which == "ema" and not has_average:
        raise CheckpointError(
            f"{run} keeps no moving average of its generator: its techniques are {list(config.techniques)}; "
            "ask for the generator itself (run:PATH@generator, or --which generator)"
        )
    weights = part(tensors, "average" if has_average and which != "generator" else "generator")
    try:
        generator = _built(config, header.made_for, 0 if config.conditioning == "none" else len(counts), weights)
    except UnknownName as error:
        raise CheckpointError(
            f"{path} was made with the {error.kind} {error.name!r}, which is not installed here; install the package that it "
            "comes from"
        ) from error
    except (UsageError, RuntimeError, ValueError) as error:
        raise CheckpointError(
            f"{path} does not hold the weights of the generator that it names ({error}); it is damaged"
        ) from error
    return LoadedGenerator(generator, config, header.made_for, header.classes, counts, header.step, header.images_seen)


def _built(config: TrainConfig, shape: Shape, n_classes: int, weights: Mapping[str, Tensor]) -> nn.Module:
    """Return the generator with its weights; raises RuntimeError where they are those of another network.

    Its shapes are compared before any memory is taken for it: a header may ask for a network of any width.
    """
    with torch.device("meta"), torch.random.fork_rng(devices=[]):
        wanted = {name: tensor.shape for name, tensor in build_generator(config, shape, n_classes).named_parameters()}
    for name, expected in wanted.items():  # buffers may have the size of the data
        if name not in weights or expected != weights[name].shape:
            raise RuntimeError(f"the shape of {name} is another")
    with torch.random.fork_rng(devices=[]):
        generator = build_generator(config, shape, n_classes)
    generator.load_state_dict(dict(weights))
    return generator.eval()


def checkpoint_of(run: Path, which: str) -> Path:
    """Return the checkpoint's file of a run; raises as `load_generator`."""
    if not (run / "config.toml").is_file():
        raise CheckpointError(f"{run} is not a run folder: it holds no config.toml")
    final, best = run / "checkpoints" / "final.safetensors", run / "checkpoints" / "best.safetensors"
    if which in ("best", "final"):
        wanted = best if which == "best" else final
        if not wanted.is_file():
            reason = "its evaluations gave no score" if which == "best" else "it has not ended"
            raise CheckpointError(f"{run} has no {which} checkpoint: {reason}; resume it, or use @newest")
        return wanted
    if which not in ("newest", "ema", "generator"):
        raise UsageError(f"expected newest, ema, generator, best or final after @; got {which!r}")
    regular = [*checkpoints(run), *([final] if final.is_file() else [])]
    if not regular:
        raise CheckpointError(f"{run} has no checkpoint yet; let it train for longer, or lower --checkpoint-every")
    return max(regular, key=lambda path: header_of(path).step)
