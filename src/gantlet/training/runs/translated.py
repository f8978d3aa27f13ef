"""A generator of pairs as a source: the images that it makes from given input images."""

import hashlib
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.networks import ImageShape
from gantlet.core.specs import format_spec
from gantlet.core.trust import require_harmless
from gantlet.core.words import counted
from gantlet.data import SOURCES
from gantlet.data.kinds import require_images
from gantlet.data.opening import open_images, open_source
from gantlet.data.paired import pair_arrays
from gantlet.data.random_split import with_held_out
from gantlet.data.reading import to_array
from gantlet.data.samples import Samples
from gantlet.data.source import ImageSource
from gantlet.training.runs.generator import LoadedGenerator
from gantlet.training.runs.own_data import recorded


def translated(
    generator: LoadedGenerator, name: str, n: int, seed: int, *, run: Path, labels: str, inputs: str
) -> ImageSource:
    """Return n images that a generator makes, from the input images of ``inputs`` or of its run's held-out split.

    Raises: DataError when the run's data are not there any more, ConfigError when they hold no pairs any more.
    """
    shape = generator.shape
    assert isinstance(shape, ImageShape)  # the caller has checked
    inputs_source, images = _input_images(generator, shape, run, inputs)
    rows = np.arange(n) % len(images)
    rounds = [f"~{again}" if again else "" for again in np.arange(n) // len(images)]
    spec = format_spec(name, {"n": n, "seed": seed, **({"inputs": inputs} if inputs else {})})
    labelled = labels == "auto" and inputs_source.labels is not None
    whole = f"run {generator.digest} seed {seed} n {n} inputs {inputs_source.digest}"
    return ImageSource(
        spec=spec,
        names=[inputs_source.names[int(row)] + again for row, again in zip(rows, rounds, strict=True)],
        read=Samples(spec, generator, n, seed, inputs=images[rows]).read,
        digest=hashlib.sha256(whole.encode()).hexdigest(),
        labels=inputs_source.labels[rows] if labelled and inputs_source.labels is not None else None,
        classes=inputs_source.classes if labelled else (),
    )


def _input_images(
    generator: LoadedGenerator, shape: ImageShape, run: Path, inputs: str
) -> tuple[ImageSource, UInt8[np.ndarray, "m s s i"]]:
    if inputs:
        source = open_images(inputs)
        if source.inputs is None:
            return source, to_array(source, shape.size, shape.inputs).pixels
    else:
        file = run / "config.toml"
        said = generator.config.data
        own = file.is_file() and recorded(file).data == said  # else it is the checkpoint's word alone
        text = require_harmless(said, file if own else run / "checkpoints", inside=run, known=SOURCES.names())
        source = require_images(with_held_out(open_source(text), generator.config.held_out)[0], "this")
        source = open_images(source.held_out) if source.held_out else source
    if source.inputs is None:
        raise ConfigError(f"{source.spec} holds no pairs; name the input images: run:PATH[inputs=SOURCE]")
    images = pair_arrays(source, shape.size, shape.channels, input_channels=shape.inputs)[1]
    if images.shape[3] != shape.inputs:
        raise ConfigError(
            f"the inputs of {source.spec} have {counted(images.shape[3], 'channel')}, and the generator takes {shape.inputs}"
        )
    return source, images
