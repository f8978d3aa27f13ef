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
from gantlet.core.words import an


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
    (``gantlet.GROUP``) of other distributions; meant: what a name that no entry has means in the field, as a sentence, or ''.
    """

    def __init__(
        self,
        kind: str,
        *places: str,
        metadata: Callable[P, M],
        protocols: Sequence[type] = (),
        first: str = "",
        group: str = "",
        meant: Callable[[str], str] | None = None,
    ) -> None:
        self.kind, self.places, self.group = kind, places, group
        self._metadata, self._protocols, self._first = metadata, tuple(protocols), first
        self._meant = meant
        self._entries: dict[str, Entry[M]] = {}
        self._own = self._scanned = False

    def register(self, name: str, /, *args: P.args, **metadata: P.kwargs) -> Callable[[T], T]:
        """Return a decorator that enters an object under ``name`` with its metadata.

        Raises: RegistrationError for a name that is taken, a missing docstring or source, metadata that the registry does
        not know, and whatever the object has that no protocol declares.
        """

        def enter(thing: T) -> T:
            what, origin = f"{self.kind} {name!r}", thing.__module__.partition(".")[0]
            if origin != "gantlet":
                self._scan_own()  # a guest never takes a name that the package has
            if name in self._entries:
                raise RegistrationError(
                    f"{what} of {origin} is registered twice: {self._entries[name].origin} has that name"
                )
            declarations.check_name(what, name)
            capabilities = declarations.capability_names(self._protocols)
            declarations.check_metadata(what, self._metadata, metadata, capabilities)
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
        elif self._protocols:
            raise RegistrationError(
                f"{what} is a function; expected a frozen dataclass that names its protocols as bases"
            )
        else:
            declarations.check_function(what, thing, self._first)
        return Entry(name, " ".join(summary.split()), thing, meta, thing.__module__.partition(".")[0])

    def _scan_own(self) -> None:
        """Import the package's own modules, once."""
        if self._own:
            return
        self._own = True
        try:
            for place in self.places:
                package = importlib.import_module(place)
                for module in pkgutil.iter_modules(getattr(package, "__path__", ())):
                    importlib.import_module(f"{place}.{module.name}")
        except BaseException:
            self._own = False  # else the next call would find half of the names
            raise

    def _scan(self) -> None:
        if self._scanned:
            return
        self._scan_own()
        self._scanned = True
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
        if self._meant is not None and (sentence := self._meant(name)):
            raise UsageError(f"{name!r} is no {self.kind}: {sentence}")
        raise UnknownName(self.kind, name, self._entries, "gantlet list")

    def _referenced(self, path: str) -> Entry[M]:
        """Return the entry of ``module:attribute``: as its decorator registered it, else with its place as the source."""
        thing = find_attribute(path)
        registered = self.registered(thing)
        if registered is not None:
            return registered
        if not (inspect.isclass(thing) or inspect.isfunction(thing)):
            raise UsageError(f"{path} is {an(type(thing).__name__)}; expected {an(self.kind)}: a class or a function")
        try:
            declarations.check_metadata(f"{self.kind} {path!r}", self._metadata, {"source": path})
            meta: Any = self._metadata
            return self._entry(path, thing, meta(source=path))
        except RegistrationError as error:
            raise UsageError(
                f"{path} cannot be used as {an(self.kind)}: {error}; say so by the decorator that registers {an(self.kind)} "
                "(docs/tutorials/your-own-parts.md)"
            ) from error

    def registered(self, thing: Any) -> Entry[M] | None:
        """Return the entry of an object that was registered; None for any other object."""
        return next((entry for entry in self._entries.values() if entry.object is thing), None)

    def build(self, spec: str, **given: Any) -> Any:
        """Call the object that ``spec`` names with the spec's options and ``given``; raises UsageError.

        Options are read by the types of the object's fields or parameters; one that is unknown is an error.
        """
        name, options = parse_spec(spec)
        thing = self.entry(name).object
        return thing(**given, **typed_options(f"{self.kind} {name!r}", thing, options, hidden=set(given)))
