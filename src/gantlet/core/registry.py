"""The one registry: name → object, with its summary and its source paper; spec strings; sibling modules are scanned.

A registered object is a function, or a frozen dataclass whose fields are its options. A *spec* is the text that
users type for it: ``r1``, ``r1[gamma=0.3]``, ``mnist[root=DIR,split=train]``.
"""

import importlib
import inspect
import pkgutil
import re
import tomllib
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, TypeVar

from gantlet.core.errors import ConfigError, UnknownName, UsageError

T = TypeVar("T")
_SPEC = re.compile(r"(?P<name>[^\[\]]+)(?:\[(?P<options>.*)\])?", re.DOTALL)
_OUTER_COMMA = re.compile(r",(?![^\[\]]*\])")
"""A comma outside inner brackets: an option's value may itself be a spec."""


@dataclass(frozen=True)
class Entry:
    """One registered object.

    ``meta`` holds what a kind of entry adds (for a metric: ``needs``, ``unit``, ``lower_is_better``, ``version``).
    """

    name: str
    summary: str
    source: str
    object: Any
    meta: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return what ``gantlet list --json`` prints."""
        plain = {key: value for key, value in self.meta.items() if not callable(value)}
        return {"name": self.name, "summary": self.summary, "source": self.source, **plain}

    @property
    def document(self) -> str:
        """Return the whole docstring, or a TOML entry's [page] in words and its settings, as ``gantlet explain`` prints it."""
        if isinstance(self.object, Mapping):
            tables = {key: table for key, table in self.object.items() if isinstance(table, Mapping)}
            parts = [self.summary, *(prose(name, text) for name, text in tables.pop("page", {}).items())]
            for key, table in tables.items():
                parts.append("\n".join([f"[{key}]", *(f"{name} = {value!r}" for name, value in table.items())]))
            return "\n\n".join(parts)
        return inspect.getdoc(self.object) or self.summary


class Registry:
    """All entries of one kind, found on first use by importing every module of its packages (or single modules)."""

    def __init__(self, kind: str, *places: str) -> None:
        self.kind, self.places = kind, places
        self._entries: dict[str, Entry] = {}
        self._scanned = False

    def register(self, name: str, *, source: str, **meta: Any) -> Callable[[T], T]:
        """Return a decorator that enters an object under ``name`` with its paper; a second use of a name is an error."""

        def enter(thing: T) -> T:
            summary = (inspect.getdoc(thing) or "").strip().split("\n\n")[0].replace("\n", " ")
            if not summary or not source:
                raise ValueError(f"{self.kind} {name!r} needs a docstring and a source")
            if name in self._entries:
                raise ValueError(f"{self.kind} {name!r} is registered twice")
            self._entries[name] = Entry(name, summary, source, thing, meta)
            return thing

        return enter

    def _scan(self) -> None:
        if self._scanned:
            return
        self._scanned = True
        for place in self.places:
            package = importlib.import_module(place)
            for module in pkgutil.iter_modules(getattr(package, "__path__", ())):
                importlib.import_module(f"{place}.{module.name}")

    def entries(self) -> list[Entry]:
        """Return all entries, by name."""
        self._scan()
        return [self._entries[name] for name in sorted(self._entries)]

    def names(self) -> list[str]:
        """Return all names, sorted."""
        return [entry.name for entry in self.entries()]

    def __contains__(self, name: str) -> bool:
        self._scan()
        return name in self._entries

    def entry(self, name: str) -> Entry:
        """Return one entry; raises UnknownName with the nearest name."""
        self._scan()
        if name not in self._entries:
            raise UnknownName(self.kind, name, self._entries)
        return self._entries[name]

    def build(self, spec: str, **given: Any) -> Any:
        """Call the object that ``spec`` names with the spec's options and ``given``; raises UsageError.

        Options are read by the types of the object's fields or parameters; one that is unknown is an error.
        """
        name, options = parse_spec(spec)
        thing = self.entry(name).object
        return thing(**given, **typed_options(f"{self.kind} {name!r}", thing, options, hidden=set(given)))


def prose(name: str, text: str | list[str]) -> str:
    """Return one field of a TOML entry's [page] as a paragraph that begins with the field's name."""
    return f"{name.capitalize()}: {text if isinstance(text, str) else '; '.join(text)}"


def toml_entries(package: str) -> tuple[Entry, ...]:
    """Return every TOML file of a package as an entry, by name; each holds ``summary`` and ``source``."""
    files = sorted((f for f in resources.files(package).iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    contents = [(file.name.removesuffix(".toml"), tomllib.loads(file.read_text())) for file in files]
    return tuple(Entry(name, content["summary"], content["source"], content, {}) for name, content in contents)


def toml_content(kind: str, package: str, name: str) -> dict[str, Any]:
    """Return the content of one TOML file of a package; raises UnknownName with the nearest."""
    found = {entry.name: entry.object for entry in toml_entries(package)}
    if name not in found:
        raise UnknownName(kind, name, found)
    return found[name]


def parse_spec(spec: str) -> tuple[str, dict[str, str]]:
    """Split ``name[key=value,…]`` into the name and its options (still text); raises UsageError."""
    match = _SPEC.fullmatch(spec.strip())
    if match is None:
        raise UsageError(f"cannot read {spec!r}: expected name or name[key=value,…]")
    options: dict[str, str] = {}
    for part in filter(None, _OUTER_COMMA.split(match["options"] or "")):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"cannot read {part!r} in {spec!r}: expected key=value")
        if key.strip() in options:
            raise UsageError(f"option {key.strip()!r} stands twice in {spec!r}")
        options[key.strip()] = value.strip()
    return match["name"].strip(), options


def split_specs(text: str) -> list[str]:
    """Split ``a,b[x=1,y=2]`` at the commas that stand outside brackets; empty parts are left out."""
    return [part.strip() for part in _OUTER_COMMA.split(text) if part.strip()]


def format_spec(name: str, options: Mapping[str, Any]) -> str:
    """Write a spec: the inverse of `parse_spec`."""
    body = ",".join(f"{key}={value}" for key, value in options.items())
    return f"{name}[{body}]" if body else name


def typed_options(what: str, thing: Any, options: Mapping[str, str], hidden: set[str] | None = None) -> dict[str, Any]:
    """Read option texts by the types of ``thing``'s parameters; raises UnknownName or ConfigError."""
    hints = typing.get_type_hints(thing)
    known = [name for name in inspect.signature(thing).parameters if name not in (hidden or set())]
    typed: dict[str, Any] = {}
    for key, text in options.items():
        if key not in known:
            raise UnknownName(f"option of {what}", key, known)
        typed[key] = _read(what, key, text, hints.get(key, str))
    return typed


def _read(what: str, key: str, text: str, kind: Any) -> Any:
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        if text.lower() == "none":
            return None
        kind = next(part for part in typing.get_args(kind) if part is not type(None))
    if kind is bool:
        if text.lower() in ("true", "yes", "1", "false", "no", "0"):
            return text.lower() in ("true", "yes", "1")
    elif kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    else:
        return text
    raise ConfigError(f"option {key!r} of {what} must be a {kind.__name__}; got {text!r}")
