"""The one registry: name → object with typed metadata; its modules are scanned, plug-ins are loaded, specs are built."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Generic, ParamSpec, TypeVar

from gantlet.core import declarations
from gantlet.core.errors import RegistrationError, UnknownName, UsageError
from gantlet.core.plugins import find_attribute, is_reference, load_entry_points
from gantlet.core.specs import parse_spec, typed_options


@dataclass(frozen=True)
class Metadata:
    """What every entry says of itself."""

    source: str
    """The paper, or whose convention it is."""


T = TypeVar("T")
P = ParamSpec("P")
M = TypeVar("M", bound=Metadata)
AnyMetadata_co = TypeVar("AnyMetadata_co", bound=Metadata, covariant=True)


@dataclass(frozen=True)
class Entry(Generic[AnyMetadata_co]):
    """One registered object; ``meta`` is typed per registry."""

    name: str
    summary: str
    object: Any
    meta: AnyMetadata_co
    origin: str = "gantlet"
    """The top-level package that it comes from."""

    @property
    def source(self) -> str:
        """Return its paper."""
        return self.meta.source

    def as_dict(self) -> dict[str, Any]:
        """Return what ``gantlet list --json`` prints: plain metadata that is not empty beside name, summary and source."""
        values = {field.name: getattr(self.meta, field.name) for field in fields(self.meta)}
        plain = {key: value for key, value in values.items() if not callable(value) and value not in ("", None)}
        return {"name": self.name, "summary": self.summary, "source": self.source, **plain, "origin": self.origin}

    @property
    def document(self) -> str:
        """Return the whole docstring, as ``gantlet explain`` prints it."""
        return inspect.getdoc(self.object) or self.summary


class Registry(Generic[P, M]):
    """All entries of one kind, found on first use by importing every module of its packages (or single modules).

    Args: kind: in messages; places: packages or modules; metadata: the dataclass of an entry's metadata; protocols: what
    a registered class may implement; first: the first parameter of a registered function; group: the entry points
    (``gantlet.GROUP``) of other distributions.
    """

    def __init__(
        self,
        kind: str,
        *places: str,
        metadata: Callable[P, M],
        protocols: Sequence[type] = (),
        first: str = "",
        group: str = "",
    ) -> None:
        self.kind, self.places, self.group = kind, places, group
        self._metadata, self._protocols, self._first = metadata, tuple(protocols), first
        self._entries: dict[str, Entry[M]] = {}
        self._scanned = False

    def register(self, name: str, /, *args: P.args, **metadata: P.kwargs) -> Callable[[T], T]:
        """Return a decorator that enters an object under ``name`` with its metadata.

        Raises: RegistrationError for a name that is taken, a missing docstring or source, metadata that the registry does
        not know, and whatever the object has that no protocol declares.
        """

        def enter(thing: T) -> T:
            if name in self._entries:
                raise RegistrationError(f"{self.kind} {name!r} is registered twice")
            capabilities = declarations.capability_names(self._protocols)
            declarations.check_metadata(f"{self.kind} {name!r}", self._metadata, list(metadata), capabilities)
            self._entries[name] = self._entry(name, thing, self._metadata(*args, **metadata))
            return thing

        return enter

    def _entry(self, name: str, thing: Any, meta: M) -> Entry[M]:
        what = f"{self.kind} {name!r}"
        document = thing.__doc__ or ""
        generated = inspect.isclass(thing) and document.startswith(f"{thing.__name__}(")  # by dataclass
        summary = "" if generated else document.strip().split("\n\n")[0]
        if not summary or not meta.source:
            raise RegistrationError(f"{what} needs a docstring and a source")
        if inspect.isclass(thing) and not self._first:
            declarations.check_class(what, thing, self._protocols)
        else:
            declarations.check_function(what, thing, self._first)
        return Entry(name, " ".join(summary.split()), thing, meta, thing.__module__.partition(".")[0])

    def _scan(self) -> None:
        if self._scanned:
            return
        self._scanned = True
        for place in self.places:
            package = importlib.import_module(place)
            for module in pkgutil.iter_modules(getattr(package, "__path__", ())):
                importlib.import_module(f"{place}.{module.name}")
        if self.group:
            load_entry_points(f"gantlet.{self.group}")

    def entries(self) -> list[Entry[M]]:
        """Return all entries, by name."""
        self._scan()
        return [self._entries[name] for name in sorted(self._entries)]

    def names(self) -> list[str]:
        """Return all names, sorted."""
        return [entry.name for entry in self.entries()]

    def __contains__(self, name: str) -> bool:
        self._scan()
        return name in self._entries

    def entry(self, name: str) -> Entry[M]:
        """Return one entry; ``module:attribute`` names an object outside the package. Raises UnknownName, UsageError."""
        self._scan()
        if name in self._entries:
            return self._entries[name]
        if is_reference(name):
            return self._referenced(name)
        raise UnknownName(self.kind, name, self._entries)

    def _referenced(self, path: str) -> Entry[M]:
        """Return the entry of ``module:attribute``: as its decorator registered it, else with its place as the source."""
        thing = find_attribute(path)
        for entry in self._entries.values():
            if entry.object is thing:
                return entry
        try:
            declarations.check_metadata(f"{self.kind} {path!r}", self._metadata, ["source"])
            meta: Any = self._metadata
            return self._entry(path, thing, meta(source=path))
        except RegistrationError as error:
            raise UsageError(
                f"{path} cannot be used as a {self.kind}: {error}; register it with a decorator"
            ) from error

    def build(self, spec: str, **given: Any) -> Any:
        """Call the object that ``spec`` names with the spec's options and ``given``; raises UsageError.

        Options are read by the types of the object's fields or parameters; one that is unknown is an error.
        """
        name, options = parse_spec(spec)
        thing = self.entry(name).object
        return thing(**given, **typed_options(f"{self.kind} {name!r}", thing, options, hidden=set(given)))
