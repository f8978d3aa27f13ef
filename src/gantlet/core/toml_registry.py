"""Registries whose entries are TOML files: recipes and protocols."""

import importlib
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Any

from gantlet.core.errors import GantletError, RegistrationError, UnknownName
from gantlet.core.plugins import load_entry_points
from gantlet.core.registry import Entry, Metadata


@dataclass(frozen=True)
class TomlEntry(Entry[Metadata]):
    """One TOML file; ``object`` is its content."""

    @property
    def document(self) -> str:
        """Return its [page] in words and its settings, as ``gantlet explain`` prints them."""
        tables = {key: table for key, table in self.object.items() if isinstance(table, Mapping)}
        parts = [self.summary, *(prose(name, text) for name, text in tables.pop("page", {}).items())]
        for key, table in tables.items():
            parts.append("\n".join([f"[{key}]", *(f"{name} = {value!r}" for name, value in table.items())]))
        return "\n\n".join(parts)


class TomlRegistry:
    """All TOML files of a package, and those of the packages that other distributions name as entry points.

    Args: kind: in messages; package: whose files; group: the entry points ``gantlet.GROUP``, each a package.
    """

    def __init__(self, kind: str, package: str, group: str) -> None:
        self.kind, self.package, self.group = kind, package, group

    @cached_property
    def _entries(self) -> dict[str, TomlEntry]:
        entries = {entry.name: entry for entry in self._read(self.package)}
        for module in load_entry_points(f"gantlet.{self.group}").values():
            try:
                for entry in self._read(module.__name__):
                    if entry.name in entries:
                        raise RegistrationError(f"{self.kind} {entry.name!r} is registered twice: the name is taken")
                    entries[entry.name] = entry
            except (GantletError, AttributeError) as error:
                warnings.warn(f"{self.group} of {module} are left out: {error}", stacklevel=2)
        return dict(sorted(entries.items()))

    def _read(self, package: str) -> Iterator[TomlEntry]:
        for file in resources.files(importlib.import_module(package)).iterdir():
            if file.name.endswith(".toml"):
                name = file.name.removesuffix(".toml")
                try:
                    content = tomllib.loads(file.read_text("utf-8"))
                except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                    raise RegistrationError(f"{self.kind} {name!r} of {package} is no TOML: {error}") from error
                if missing := [key for key in ("summary", "source") if not content.get(key)]:
                    raise RegistrationError(f"{self.kind} {name!r} of {package} has no {' and no '.join(missing)}")
                yield TomlEntry(
                    name, content["summary"], content, Metadata(content["source"]), package.partition(".")[0]
                )

    def entries(self) -> list[TomlEntry]:
        """Return all entries, by name."""
        return list(self._entries.values())

    def names(self) -> list[str]:
        """Return all names, sorted."""
        return list(self._entries)

    def content(self, name: str) -> dict[str, Any]:
        """Return the content of one file; raises UnknownName with the nearest name."""
        if name not in self._entries:
            raise UnknownName(self.kind, name, self._entries)
        content: dict[str, Any] = self._entries[name].object
        return content


def prose(name: str, text: str | list[str]) -> str:
    """Return one field of a [page] as a paragraph that begins with the field's name."""
    return f"{name.capitalize()}: {text if isinstance(text, str) else '; '.join(text)}"
