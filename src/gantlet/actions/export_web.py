"""Write a trained generator as a page that draws from it in a browser: a static folder for any host, offline."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gantlet.actions.export import checked_model
from gantlet.core.calls import called
from gantlet.core.errors import CheckpointError, ConfigError, OutputError
from gantlet.core.files import as_path, explained
from gantlet.core.interfaces.networks import ImageShape
from gantlet.core.locks import PART, sweep, take
from gantlet.core.words import counted
from gantlet.data.apart import require_apart_from_training
from gantlet.training.runs.generator import LoadedGenerator, Which, load_generator
from gantlet.training.runs.influence import influence
from gantlet.web.graph import unknown_part
from gantlet.web.page import Facts, files, is_ours


class WebResult(NamedTuple):
    """Result of an export as a page: its folder, its size, the directions and their summed share of the influence in [0, 1]."""

    folder: Path
    bytes: int
    directions: int
    share: float

    @property
    def sentence(self) -> str:
        """Return it in words, with the way to open the page."""
        return (
            f"{self.bytes / 1e6:.1f} MB, with {counted(self.directions, 'direction')} of the latent that make "
            f"{100 * self.share:.0f} % of its influence; see it by: python -m http.server -d {self.folder}"
        )


@called
def export_web(run: Path | str, out: Path | str, *, which: Which = "newest") -> WebResult:
    """Write the generator of a run to the folder ``out`` as a page that draws images in a browser.

    The page holds the model in ONNX and runs it by its own scripts: seeds, classes, the way between two seeds, and sliders
    along the directions of `influence`; it asks no other host. A folder that such an export wrote is replaced.

    Args: which: newest (the moving average where there is one), ema, generator, best or final weights.
    Raises: ConfigError for points, for a generator of pairs, without onnx and onnxruntime, and for a model with an operator
    that the page does not know; CheckpointError for a run that has not ended, unless ``which`` chooses its weights; OutputError
    when ``out`` holds other files or cannot be written.
    """
    run, out = as_path(run, "run"), as_path(out, "out")
    _require_free(out)
    require_apart_from_training(out, run)
    loaded = load_generator(run, which)
    if not isinstance(loaded.shape, ImageShape):
        raise ConfigError(
            f"{run} generates points, and the page shows images; gantlet export RUN --out NAME.onnx takes it"
        )
    if loaded.shape.inputs:
        raise ConfigError(
            f"{run} makes images from input images, and the page draws from latents alone; gantlet export RUN --out NAME.onnx takes it"
        )
    if which == "newest" and not (run / "checkpoints" / "final.safetensors").is_file():
        raise CheckpointError(
            f"{run} has not ended (it is at step {loaded.step:,}): let it end, resume it, or choose the weights that it has with "
            "--which generator or --which ema"
        )
    model, _ = checked_model(loaded, run)
    unknown = unknown_part(model)
    if unknown:
        raise ConfigError(
            f"{run}: its generator needs {unknown}, which the page does not know; gantlet export RUN --out NAME.onnx takes it"
        )
    found = influence(loaded.generator, loaded.latent, loaded.n_classes)
    contents = files(_facts(run, loaded, loaded.shape, found.directions, found.shares), model)
    _write(out, contents)
    size = sum(map(len, contents.values()))
    return WebResult(out, size, len(found.shares), float(found.shares.sum()))


def _facts(run: Path, loaded: LoadedGenerator, shape: ImageShape, directions: np.ndarray, shares: np.ndarray) -> Facts:
    return Facts(
        name=run.resolve().name,
        network=loaded.config.network,
        side=shape.size,
        channels=shape.channels,
        latent=loaded.latent,
        classes=list(loaded.classes) if loaded.n_classes else [],
        step=loaded.step,
        directions=np.round(directions, 6).tolist(),
        shares=np.round(shares, 6).tolist(),
    )


def _require_free(out: Path) -> None:
    if not os.path.lexists(out):
        return
    if out.is_symlink() or not out.is_dir():
        raise OutputError(f"{out} exists and is no folder; choose another folder with --web")
    with explained(out):
        if any(out.iterdir()) and not is_ours(out):
            raise OutputError(f"{out} holds other files already; choose a new or an empty folder with --web")


def _write(out: Path, contents: dict[str, bytes]) -> None:
    """Write the folder whole beside its place, then put it there; a page that was there goes when the new one stands."""
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        sweep(out.parent)
        temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=PART, dir=out.parent))
        handle = os.open(temporary, os.O_RDONLY)
        take(handle)
        try:
            folder = temporary / "new"
            folder.mkdir()
            for name, data in contents.items():
                (folder / name).write_bytes(data)
            if out.exists():
                out.rename(temporary / "old")
            folder.rename(out)
        finally:
            os.close(handle)
            shutil.rmtree(temporary, ignore_errors=True)
