"""All parts of gantlet by kind, for ``gantlet list`` and ``gantlet explain``."""

import importlib

from gantlet.core.errors import UnknownName, UsageError
from gantlet.core.field_words import meant_by
from gantlet.core.registry import Entry, Metadata

_REGISTRIES = {
    "metrics": ("gantlet.evaluation.metrics", "METRICS"),
    "needs": ("gantlet.evaluation.needs", "NEEDS"),
    "extractors": ("gantlet.evaluation.features", "EXTRACTORS"),
    "sources": ("gantlet.data", "SOURCES"),
    "objectives": ("gantlet.training.objectives", "OBJECTIVES"),
    "penalties": ("gantlet.training.penalties", "PENALTIES"),
    "techniques": ("gantlet.training.techniques", "TECHNIQUES"),
    "conditioning": ("gantlet.training.networks", "CONDITIONING"),
    "networks": ("gantlet.training.networks", "NETWORKS"),
    "solvers": ("gantlet.transport", "SOLVERS"),
    "failures": ("gantlet.evaluation.audit", "FAILURES"),
    "labs": ("gantlet.labs", "LABS"),
    "recipes": ("gantlet.training.recipes", "RECIPES"),
    "protocols": ("gantlet.evaluation.protocols", "PROTOCOLS"),
}
KINDS = list(_REGISTRIES)


def entries(kind: str) -> list[Entry[Metadata]]:
    """Return the entries of one kind, by name; raises UnknownName."""
    if kind not in _REGISTRIES:
        raise UnknownName("kind", kind, KINDS)
    module, name = _REGISTRIES[kind]
    return list(getattr(importlib.import_module(module), name).entries())


def _folded(name: str) -> str:
    return name.lower().replace("_", "-")


def find(name: str) -> list[tuple[str, Entry[Metadata]]]:
    """Return every (kind, entry) of that name; raises UnknownName with the nearest names,
    and UsageError for a word of the field that means something else here.
    """
    everything = [(kind, entry) for kind in KINDS for entry in entries(kind)]
    matches = [(kind, entry) for kind, entry in everything if entry.name in (name, name.replace("-", "_"))]
    matches = matches or [(kind, entry) for kind, entry in everything if _folded(entry.name) == _folded(name)]
    if not matches and (sentence := meant_by(name)):
        raise UsageError(f"{name!r} is no name here: {sentence}")
    if not matches:
        raise UnknownName("name", name, {entry.name for _, entry in everything}, "gantlet list")
    return matches
