"""Project an image onto a generator: the latent whose image is nearest, and how near the generator comes to images of its own."""

from pathlib import Path

import numpy as np
import torch

from gantlet.core.calls import called
from gantlet.core.drawing.grids import grid_png
from gantlet.core.errors import ConfigError, OutputError, UnreadableFile, UsageError
from gantlet.core.files import as_path, writing
from gantlet.core.interfaces.modules import module_capabilities
from gantlet.core.interfaces.networks import ImageShape
from gantlet.core.results.projection import Projection
from gantlet.data.decode import Undecodable, decode
from gantlet.data.reading import fit_square
from gantlet.evaluation.sides import Progress, nothing
from gantlet.training.runs.drawing import draw_labels, from_uint8, latents, to_uint8
from gantlet.training.runs.generator import LoadedGenerator, load_generator
from gantlet.training.runs.inversion import Inverted, invert
from gantlet.training.runs.source import known_weights

OWN = 19
"""Images of the generator's own: farther than all of them has probability 1/20 for one more of them."""
CANDIDATES = 500


@called
def project(
    run: Path | str,
    image: Path | str,
    out: Path | str,
    *,
    steps: int = 200,
    starts: int = 2,
    seed: int = 0,
    which: str = "newest",
    progress: Progress = nothing,
) -> Projection:
    """Search the latent whose image is nearest to an image; write the image, the generator's, and their difference to ``out``, NAME.png.

    The image is fitted to the generator's size as training images are. The same search runs for 19 images that the generator made, from
    latents that it is not told, for the distance that is usual.

    Args: run: a run folder; image: an image file; steps: of the descent; starts: descents for each image, from the nearest of 500 samples;
    which: newest (the moving average where there is one), ema, generator, best or final weights.
    Raises: UsageError for a generator of points or pairs, or one whose images have no gradient by its latent; ConfigError for
    steps or starts < 1; OutputError when ``out`` exists; UnreadableFile; CheckpointError.
    """
    run, image, out = as_path(run, "run"), as_path(image, "image"), as_path(out, "out")
    if steps < 1 or not 1 <= starts <= CANDIDATES:
        raise ConfigError(f"expected steps ≥ 1 and starts in [1, {CANDIDATES}]; got {steps} and {starts}")
    if out.suffix.lower() != ".png" or out.exists():
        raise OutputError(
            f"the projection is written to a new file NAME.png; got {out}" + (", which exists" if out.exists() else "")
        )
    generator = load_generator(run, known_weights(which))
    shape = _shape(run, generator)
    try:
        target = fit_square(decode(image), shape.size, shape.channels)
    except Undecodable as error:
        raise UnreadableFile(image, error.reason) from error
    own = np.asarray(generator.sample(OWN, seed=seed + 1))
    found = _search(run, generator, np.concatenate([target[None], own]), (steps, starts, seed), progress)
    levels = (found.distance.sqrt() * 127.5).tolist()
    label = None if found.labels is None else int(found.labels[0])
    with torch.no_grad():
        reached = to_uint8(generator.generator(found.z[:1], None if found.labels is None else found.labels[:1]))[0]
    apart = np.abs(target.astype(np.int16) - reached).astype(np.uint8)
    with writing(out, new=True) as temporary:
        temporary.write_bytes(grid_png(np.stack([target, reached, apart]), columns=3))
    length = float(found.z[0].norm()) / generator.latent**0.5
    before = float(found.before[0]) ** 0.5 * 127.5
    return Projection(
        str(run), str(image), tuple(found.z[0].tolist()), label, levels[0], tuple(levels[1:]), before, length
    )


def _shape(run: Path, generator: LoadedGenerator) -> ImageShape:
    if not isinstance(generator.shape, ImageShape) or generator.shape.inputs:
        kind = "points" if not isinstance(generator.shape, ImageShape) else "images from input images"
        raise UsageError(f"{run} generates {kind}; project needs a generator of images from latents")
    if any(module_capabilities(module).by_row for module in generator.generator.modules()):
        raise UsageError(
            f"{run}: its generator makes each row by another network, so that one latent has several images"
        )
    return generator.shape


def _search(
    run: Path, generator: LoadedGenerator, images: np.ndarray, how: tuple[int, int, int], progress: Progress
) -> Inverted:
    steps, starts, seed = how
    z = torch.cat(list(latents(generator.latent, CANDIDATES, seed)))
    counts = generator.class_counts if generator.n_classes else ()
    labels = torch.from_numpy(draw_labels(len(z), counts, seed)) if counts else None
    generator.generator.requires_grad_(False)

    def show(done: int, total: int) -> None:
        progress("steps of the search", done, total)

    try:
        return invert(generator.generator, from_uint8(images), z, labels, steps=steps, starts=starts, progress=show)
    except RuntimeError as error:
        if "does not require grad" not in str(error) and "not have been used in the graph" not in str(error):
            raise
        raise UsageError(
            f"{run}: no gradient of its generator's images reaches the latents, so no descent can follow it"
        ) from error
