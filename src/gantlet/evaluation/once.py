"""Find once: by the first process only, and from the cache where the same was found before."""

import functools
import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gantlet.core.errors import CacheError
from gantlet.core.files import sha256
from gantlet.core.processes import processes
from gantlet.core.schema import from_plain
from gantlet.core.version import __version__
from gantlet.evaluation.compute import needs_for, resolve
from gantlet.evaluation.features.cache import cache_path, keep, load
from gantlet.evaluation.findings import Findings
from gantlet.evaluation.groups import group_numbers
from gantlet.evaluation.metric_selection import metric_names
from gantlet.evaluation.need import Stamped
from gantlet.evaluation.sides import Side, Space

Find = Callable[[Space, Side], Findings]
VERSION = 17
"""Of the diagnosis (modes, copies, outliers) and of the file: raised whenever one of them changes."""


def found_once(find: Find) -> Find:
    """Return ``find`` as called by the first process only, reading and writing the cache; all processes get its findings."""

    @functools.wraps(find)
    def once(space: Space, fake: Side) -> Findings:
        group = processes()
        made_of = made_from(space, fake) if space.config.cache else None
        if group.size > 1:
            return group.first(lambda: _read(made_of) or _kept(made_of, find(space, fake)))
        return _read(made_of) or _kept(made_of, find(space, fake))

    return once


def _read(made_of: dict[str, Any] | None) -> Findings | None:
    path = None if made_of is None else cache_path("findings", made_of)
    cached = load(path, made_of) if path and made_of is not None else None
    try:
        return None if cached is None else from_plain(Findings, cached[1])
    except ValueError as error:
        raise CacheError(f"the cache file {path} holds no findings ({error}); delete it, or use --no-cache") from error


def _kept(made_of: dict[str, Any] | None, findings: Findings) -> Findings:
    if made_of is not None:
        keep(cache_path("findings", made_of), {}, made_of, findings.plain())
    return findings


def made_from(space: Space, fake: Side) -> dict[str, Any]:
    """Return everything that decides the findings: content, extractor, metrics with versions, needs with stamps, settings."""
    sides = {"real": space.real, "fake": fake, "held_out": space.held_out, "train": space.train, "test": space.test}
    config, names = space.config, metric_names(space.config, space.name, own_classes=space.own_classes)
    return {
        "version": VERSION,
        "package": __version__,
        "extractor": space.extractor.identity,
        **{name: side and [side.source.digest, list(side.skipped)] for name, side in sides.items()},
        "metrics": [[spec, *_made_by(spec)] for spec in names],
        "needs": {
            name: need.stamp(space, fake) for name, need in needs_for(names).items() if isinstance(need, Stamped)
        },
        "seed": config.seed,
        "level": config.level,
        "groups": [config.groups, *(_groups_of(side, config.groups) for side in sides.values())],
    }


def _groups_of(side: Side | None, how: str) -> str:
    """Return what identifies the groups of a side: names are no part of its digest."""
    names = () if side is None or how == "none" or side.bank.rows is None else side.bank.rows.names
    return hashlib.sha256(group_numbers(names, how).tobytes()).hexdigest() if len(names) else ""


def _made_by(spec: str) -> list[Any]:
    """Return the version of a metric; of one from outside the package its place and the digest of its file too."""
    entry = resolve(spec)[0]
    if entry.origin == "gantlet":
        return [entry.meta.version]
    file = inspect.getsourcefile(entry.object)
    return [entry.meta.version, entry.object.__module__, sha256(Path(file)) if file and Path(file).is_file() else ""]
