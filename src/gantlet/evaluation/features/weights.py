"""Pretrained weights: from a path, the cache folder, or the network; always checked by SHA-256 before they are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from gantlet.core.errors import WeightsError
from gantlet.core.files import cache_folder, in_utf8, sha256
from gantlet.core.words import counted
from gantlet.data.download import DownloadError, fetch


@dataclass(frozen=True)
class WeightsFile:
    """One published file of weights: its ``name``, its ``sha256``, and the ``urls`` it can be had from."""

    name: str
    sha256: str
    urls: Sequence[str] = ()


def locate(file: WeightsFile, path: str = "") -> Path:
    """Return the checked file: ``path`` where given, else the cached copy, else a download.

    Raises: WeightsError for another digest (truncated, damaged or a different file), and when the file cannot be had;
    then it names the file, its digest and the three ways out.
    """
    cached = cache_folder() / "weights" / file.name
    if path:
        if not Path(path).is_file():
            raise WeightsError(f"there is no weights file {path!r}; expected {file.name} (SHA-256 {file.sha256})")
        return check(Path(path), file)
    try:
        return check(fetch(cached, file.urls, file.sha256), file)
    except DownloadError as error:
        raise WeightsError(
            f"the weights {file.name} (SHA-256 {file.sha256}) are not here and could not be downloaded ({error}). "
            f"Three ways out: connect to the network once; put the file at {cached}; or give it with --weights PATH"
        ) from error


def check(path: Path, file: WeightsFile) -> Path:
    """Return ``path`` when its SHA-256 is the published one; raises WeightsError."""
    digest = sha256(path)
    if digest != file.sha256:
        raise WeightsError(
            f"{path} is not {file.name}: it has {counted(path.stat().st_size, 'byte')} and SHA-256 {digest}, expected "
            f"{file.sha256}; it is damaged, incomplete or another file: give the right one"
        )
    return path


def load_tensors(path: Path) -> Mapping[str, Tensor]:
    """Read a published .pth of plain tensors without unpickling objects, or a .safetensors; raises WeightsError."""
    import pickle
    import warnings

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            with in_utf8(path) as name:
                return load_file(name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the pickle's version; what is wrong with it is said below
            state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:  # torch's own text advises to unpickle it after all
        raise WeightsError(
            f"{path} is not a file of plain tensors, or damaged; other objects are never unpickled, for that can run code: "
            "give the published file, or its tensors as .safetensors"
        ) from error
    except (SafetensorError, RuntimeError, OSError, EOFError, ValueError) as error:
        reason = str(error).partition("\n")[0].partition(". ")[0]
        raise WeightsError(
            f"{path} is damaged, incomplete or another file ({reason}); get the published one"
        ) from error
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError(f"{path} does not hold a table of tensors; expected published weights")
    return state
