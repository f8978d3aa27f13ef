"""A trained generator as a source: its samples are drawn on the fly."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int64

from gantlet.core.errors import ConfigError, UsageError, nearest
from gantlet.core.interfaces.networks import ImageShape, PointShape
from gantlet.core.specs import format_spec
from gantlet.data import SOURCES
from gantlet.data.kinds import Source
from gantlet.data.points import PointSource, point_array
from gantlet.data.samples import Samples
from gantlet.data.source import ImageSource, LatentImages

if TYPE_CHECKING:
    from gantlet.training.runs.generator import Which

WEIGHTS: tuple["Which", ...] = ("newest", "ema", "generator", "best", "final")


@SOURCES.register("run", source="gantlet's run folders", generated=True)
def run(
    path: str,
    which: str = "newest",
    *,
    n: int = 0,
    seed: int = 0,
    labels: str = "auto",
    label: int | None = None,
    inputs: str = "",
    truncation: float | None = None,
) -> Source:
    """Samples of a trained run's generator, written run:PATH or run:PATH@ema, @generator, @best, @final.

    Images are drawn once, when first read, in blocks of 200. The classes of a conditional generator are drawn at
    random with the frequencies of its training images, and these classes are the labels. Convention: not equally many
    of each class, so that the classes' shares can be held against the real images'. A generator of pairs makes its images
    from the inputs of the run's held-out split, in order and again from the first where n is larger; an output has its
    input's name and label.

    Args: path: the run folder; which: newest or the weights above; n: number of images; seed: of latents and classes;
    labels: auto (the wanted classes) or none; label: draw this class alone; inputs: for a generator of pairs, a source
    of input images in the place of the held-out ones; truncation: ψ of the truncation trick, for more typical images and less variety.
    Raises: UsageError for n < 1, DataError when the generator returns anything but n uint8 images; CheckpointError.
    """
    if n < 1:
        raise UsageError(f"run:{path} needs the number of images: run:{path}[n=1000]")
    if labels not in ("auto", "none"):
        raise ConfigError(f"option 'labels' of data source 'run' must be auto or none; got {labels!r}")
    from gantlet.training.runs.generator import load_generator

    generator = load_generator(Path(path), known_weights(which))
    generator = generator if truncation is None else generator.truncated(truncation)
    if isinstance(generator.shape, ImageShape) and generator.shape.inputs:
        from gantlet.training.runs.translated import translated

        if label is not None:
            raise UsageError(f"run:{path} makes images from input images and takes no label")
        name = f"run:{path}" + (f"@{which}" if which != "newest" else "")
        return translated(generator, name, n, seed, run=Path(path), labels=labels, inputs=inputs)
    if inputs:
        raise UsageError(f"run:{path} makes images from latents and takes no inputs")
    counts = generator.class_counts if generator.n_classes else ()
    wanted = _wanted(path, n, counts, label, seed)
    chosen = {key: value for key, value in (("label", label), ("truncation", truncation)) if value is not None}
    spec = format_spec(f"run:{path}" + (f"@{which}" if which != "newest" else ""), {"n": n, "seed": seed, **chosen})
    labelled = wanted is not None and labels == "auto"
    if isinstance(generator.shape, PointShape):
        points = point_array(spec, np.asarray(generator.sample(n, labels=wanted, seed=seed)))
        of_class = (wanted, tuple(generator.classes)) if labelled else (None, ())
        return PointSource(spec, points, *of_class, notes=generator.notes)
    made_of = f"run {generator.digest} seed {seed} n {n} label {label}"
    made_of += "" if truncation is None else f" truncation {truncation}"
    in_proportion = ("its classes are drawn in the proportions of its training images",)
    return ImageSource(
        spec=spec,
        names=[f"{spec}#{i}" for i in range(n)],
        read=Samples(spec, generator, n, seed, labels=wanted).read,
        digest=hashlib.sha256(made_of.encode()).hexdigest(),
        labels=wanted if labelled else None,
        classes=tuple(generator.classes) if labelled else (),
        notes=(*(in_proportion if counts and label is None else ()), *generator.notes),
        latents=LatentImages(generator.latent, generator.render, counts),
    )


def known_weights(text: str) -> "Which":
    """Return the name of weights; raises UsageError for another word, with the nearest."""
    for known in WEIGHTS:
        if text == known:
            return known
    raise UsageError(f"unknown weights {text!r}{nearest(text, WEIGHTS)}")


def _wanted(path: str, n: int, counts: tuple[int, ...], label: int | None, seed: int) -> Int64[np.ndarray, " n"] | None:
    """Return the wanted classes: one, or all at the training images' frequencies; None: unconditional."""
    from gantlet.training.runs.drawing import draw_labels

    if label is None:
        return draw_labels(n, counts, seed) if counts else None
    if not 0 <= label < len(counts):
        known = f"it has the classes 0 to {len(counts) - 1}" if counts else "its generator is unconditional"
        raise UsageError(f"run:{path} cannot draw label {label}: {known}")
    return np.full(n, label, np.int64)
