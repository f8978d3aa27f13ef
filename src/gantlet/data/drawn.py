"""Generators that live in a Python program: a function, a torch module, or anything with ``sample``."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np

from gantlet.core.calls import plain, shown
from gantlet.core.errors import DataError, GantletError, UsageError
from gantlet.core.rng import sequence
from gantlet.core.words import counted

Latent = int | tuple[int, ...] | list[int]


@runtime_checkable
class Drawable(Protocol):
    """What images are drawn from by name, as what `gantlet.load` returns."""

    def sample(self, n: int, *, seed: int) -> Any:
        """Return n images; equal seeds give equal images."""


def is_generator(value: Any) -> bool:
    """Return whether images can be drawn from a value: it is called, or has a method ``sample``."""
    return not isinstance(value, type) and (callable(value) or has_sample(value))


def has_sample(value: Any) -> bool:
    """Return whether a value is drawn from by ``value.sample(n, seed=seed)``, as what `gantlet.load` returns."""
    return isinstance(value, Drawable) and not is_module(value)


def is_module(value: Any) -> bool:
    """Return whether a value is a torch module, without importing torch."""
    return any(base.__module__.startswith("torch.nn") and base.__name__ == "Module" for base in type(value).__mro__)


def batches(what: str, generator: Any, n: int, seed: int, *, latent: Latent, batch: int) -> Iterator[Any]:
    """Yield ``n`` images of a generator, ``batch`` at a time.

    Batch k is drawn with a seed of its own, derived from ``seed`` and k. With ``latent`` the generator is called on z ~ N(0, I)
    [b, latent] (a torch module in evaluation mode, without gradients, on its own device); a function as function(b, seed), or
    function(b) where it takes no more.
    Raises: UsageError for n < 1, a ``latent`` that is no dimension, and a module without it; DataError for what the generator raises.
    """
    if n < 1 or batch < 1:
        raise UsageError(f"{what}: expected n ≥ 1 images to draw, batch ≥ 1 at a time; got n={n}, batch={batch}")
    draw = _drawing(what, generator, latent_shape(what, latent))
    for k, start in enumerate(range(0, n, batch)):
        count = min(batch, n - start)
        block_seed = int(sequence(seed, f"draw-{k}").generate_state(1, np.uint32)[0])
        try:
            result = draw(count, block_seed)
        except GantletError:
            raise
        except Exception as error:
            raise DataError(
                f"{what}: drawing {counted(count, 'image')} with the seed {block_seed} raised {type(error).__name__}: {error}"
            ) from error
        yield result


def latent_shape(what: str, latent: Any) -> tuple[int, ...]:
    """Return the shape of one z: (128,) for 128, () for 0, which is none; raises UsageError for what is no dimension."""
    sizes = [plain(size) for size in (latent if isinstance(latent, Sequence) else (latent,))]
    if isinstance(latent, str) or any(isinstance(size, bool) or not isinstance(size, int) for size in sizes):
        raise UsageError(
            f"{what}: latent must be the dimension of z ~ N(0, I), e.g. latent=128, or its shape, latent=(128, 1, 1); got {shown(latent)}"
        )
    if sizes == [0]:
        return ()
    if not sizes or min(sizes) < 1:
        raise UsageError(f"{what}: expected latent ≥ 1, the dimension of z ~ N(0, I); got latent={latent}")
    return tuple(sizes)


def require_no_latent(what: str, value: Any, latent: Any) -> None:
    """Raise UsageError where a ``latent`` is given beside images that are not drawn, for which it would do nothing."""
    if latent_shape(what, latent):
        kind = repr(value) if isinstance(value, str) else f"of type {type(value).__name__}"
        raise UsageError(f"{what}: latent is for a torch module or a function of z; {what} is {kind}: leave latent out")


def _drawing(what: str, generator: Any, latent: tuple[int, ...]) -> Callable[[int, int], Any]:
    """Return the function (count, seed) → images that a generator is drawn by."""
    if has_sample(generator):
        if latent:
            raise UsageError(
                f"{what}: latent is for a torch module or a function of z; {type(generator).__name__} is drawn from by its own "
                "sample(n, seed=…): leave latent out"
            )
        return lambda count, seed: generator.sample(count, seed=seed)
    if latent:
        return _from_latents(what, generator, latent)
    if is_module(generator):
        raise UsageError(
            f"{what} is the torch module {type(generator).__name__}: give the dimension of its z ~ N(0, I) by latent=, e.g. "
            "latent=128, or a function of (n, seed) that returns n images"
        )
    try:
        signature = inspect.signature(generator)
    except (TypeError, ValueError):
        return cast(Callable[[int, int], Any], generator)
    if _takes(signature, 2):
        return cast(Callable[[int, int], Any], generator)
    if _takes(signature, 1):
        return lambda count, _: generator(count)
    raise UsageError(f"{what}{signature} cannot be called as function(n, seed); wrap it: lambda n, seed: …")


def _takes(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


def _from_latents(what: str, generator: Any, shape: tuple[int, ...]) -> Callable[[int, int], Any]:
    import torch

    weight = next(iter(generator.parameters()), None) if is_module(generator) else None

    def draw(count: int, seed: int) -> Any:
        z = torch.randn(count, *shape, generator=torch.Generator().manual_seed(seed))
        if weight is not None:
            z = z.to(weight.device, weight.dtype if weight.is_floating_point() else None)
        training = is_module(generator) and generator.training
        try:
            if training:
                generator.eval()
            with torch.no_grad():
                return generator(z)
        except (RuntimeError, ValueError, IndexError) as error:
            if is_module(generator) and (wanted := _wanted(generator, shape)):
                raise UsageError(f"{what}: z has the shape {_said(shape)}, but {wanted}") from error
            raise
        finally:
            if training:
                generator.train()

    return draw


def _wanted(module: Any, shape: tuple[int, ...]) -> str:
    """Return what the first layer of a module takes, and the latent that gives it, where ``shape`` is another; else ''."""
    from torch import nn

    for layer in module.modules():
        if isinstance(layer, nn.Linear) and layer.in_features:
            fits, takes = shape[-1] == layer.in_features, f"{counted(layer.in_features, 'number')}"
            latent: Latent = layer.in_features
        elif isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and layer.in_channels:
            fits, takes = len(shape) == 3 and shape[0] == layer.in_channels, f"{counted(layer.in_channels, 'channel')}"
            latent = (layer.in_channels, 1, 1)
        else:
            continue
        first = f"the first layer of {type(module).__name__}, {type(layer).__name__}, takes {takes}"
        return "" if fits else f"{first}: give latent={_said(latent)}"
    return ""


def _said(latent: Latent) -> str:
    return f"{latent[0]}" if isinstance(latent, tuple) and len(latent) == 1 else f"{latent}"
