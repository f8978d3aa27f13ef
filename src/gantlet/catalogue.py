"""Everything that gantlet offers, by kind: what ``gantlet list`` prints and ``gantlet explain`` looks up."""

import importlib

from gantlet.errors import UnknownName
from gantlet.registry import Entry, toml_entries

_REGISTRIES = {
    "metrics": ("gantlet.metrics", "METRICS"),
    "extractors": ("gantlet.features", "EXTRACTORS"),
    "sources": ("gantlet.data", "SOURCES"),
    "objectives": ("gantlet.objectives", "OBJECTIVES"),
    "penalties": ("gantlet.penalties", "PENALTIES"),
    "techniques": ("gantlet.techniques", "TECHNIQUES"),
    "conditioning": ("gantlet.networks", "CONDITIONING"),
    "networks": ("gantlet.networks", "NETWORKS"),
    "solvers": ("gantlet.transport", "SOLVERS"),
    "failures": ("gantlet.audit", "FAILURES"),
    "labs": ("gantlet.labs", "LABS"),
}
_TOML = {"recipes": "gantlet.recipes", "protocols": "gantlet.protocols"}
KINDS = [*_REGISTRIES, *_TOML]


def entries(kind: str) -> list[Entry]:
    """Return the entries of one kind, by name; raises UnknownName."""
    if kind in _TOML:
        return list(toml_entries(_TOML[kind]))
    if kind not in _REGISTRIES:
        raise UnknownName("kind", kind, KINDS)
    module, name = _REGISTRIES[kind]
    return list(getattr(importlib.import_module(module), name).entries())


def find(name: str) -> list[tuple[str, Entry]]:
    """Return every (kind, entry) of that name; raises UnknownName with the nearest."""
    everything = [(kind, entry) for kind in KINDS for entry in entries(kind)]
    found = [(kind, entry) for kind, entry in everything if entry.name in (name, name.replace("-", "_"))]
    if not found:
        raise UnknownName("name", name, {entry.name for _, entry in everything})
    return found
