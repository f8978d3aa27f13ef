"""Registration checks: what a part has beside its options must be declared by a protocol that it names as a base."""

import dataclasses
import difflib
import inspect
import re
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from gantlet.core.errors import RegistrationError, closest
from gantlet.core.words import an


def check_class(what: str, thing: type, protocols: Sequence[type]) -> None:
    """Raise RegistrationError for any public attribute of a class that is neither an option nor a protocol's member.

    Options are the fields of the dataclass. A member counts only when the class names its protocol (one of
    ``protocols``) as a base; a protocol that is named must be complete. Private names are the class's own affair.
    """
    named = [protocol for protocol in protocols if protocol in thing.__mro__]
    if protocols and not named:
        known = ", ".join(protocol.__name__ for protocol in protocols)
        raise RegistrationError(
            f"{what}: class {thing.__name__} names no protocol as its base; expected one of {known}"
        )
    options = {field.name for field in dataclasses.fields(thing)} if dataclasses.is_dataclass(thing) else set()
    allowed = options.union(*(members(protocol) for protocol in named))
    everything = {name: protocol for protocol in protocols for name in members(protocol)}
    for name in _own_names(thing):
        if name in allowed:
            continue
        if name in everything:
            owner = everything[name].__name__
            raise RegistrationError(
                f"{what} has {name!r} but does not name {owner} as a base; write class {thing.__name__}({owner}, …)"
            )
        hint = _as_capability(name, capability_names(protocols)) or (
            f"{closest(name, sorted(allowed | set(everything)))}; a name of its own must begin with _"
        )
        raise RegistrationError(f"{what} has {name!r}, which is neither an option nor a member of a protocol{hint}")
    for protocol in named:
        _require_complete(what, thing, protocol)
    _check_capabilities(what, thing, protocols)


def _check_capabilities(what: str, thing: type, protocols: Sequence[type]) -> None:
    """Raise RegistrationError for capabilities of another type, and for one that stands among the options."""
    records = {
        type(vars(base)["capabilities"]) for p in protocols for base in p.__mro__ if "capabilities" in vars(base)
    }
    value = inspect.getattr_static(thing, "capabilities", None)
    if records and not isinstance(value, property) and type(value) not in records:
        names = " or ".join(record.__name__ for record in records)
        raise RegistrationError(f"{what}: expected capabilities = {names}(…), an object of it; got {value!r}")
    options = {field.name for field in dataclasses.fields(thing)} if dataclasses.is_dataclass(thing) else set()
    for name in options & {"capabilities", *capability_names(protocols)}:
        raise RegistrationError(
            f"{what} has the option {name!r}, which is a capability: write capabilities = Capabilities({name}=…)"
        )


def check_function(what: str, thing: Any, first: str) -> None:
    """Raise RegistrationError for a function whose first parameter is not ``first``, or that carries public attributes."""
    if inspect.isclass(thing):
        raise RegistrationError(f"{what}: expected a function of {first!r}; got the class {thing.__name__}")
    names = list(inspect.signature(thing).parameters)
    if first and names[:1] != [first]:
        raise RegistrationError(f"{what}: expected the first parameter {first!r}; got {names[:1] or 'none'}")
    if extra := [name for name in vars(thing) if not name.startswith("_")]:
        raise RegistrationError(
            f"{what} carries the attribute {extra[0]!r}, which nobody reads; pass metadata to register()"
        )


def check_name(what: str, name: str) -> None:
    """Raise RegistrationError for a name that no spec could hold."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        raise RegistrationError(f"{what}: a name has letters, digits, dots, hyphens and underscores alone")


def check_metadata(what: str, metadata: Any, given: Mapping[str, Any], capabilities: Sequence[str] = ()) -> None:
    """Raise RegistrationError for metadata that the registry does not know, that is missing, or of another type.

    ``capabilities``: the names of what a class says by its attribute ``capabilities`` instead.
    """
    fields = dataclasses.fields(metadata)
    known = [field.name for field in fields]
    for key in given:
        if key not in known:
            hint = _as_capability(key, capabilities) or closest(key, known)
            raise RegistrationError(f"{what}: unknown metadata {key!r}{hint}")
    required = [f.name for f in fields if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING]
    if missing := [name for name in required if name not in given]:
        raise RegistrationError(f"{what}: register() needs {', '.join(missing)}")
    hints = typing.get_type_hints(metadata)
    for key, value in given.items():
        kind = typing.get_origin(hints[key]) or hints[key]
        if kind in (str, int, bool, tuple) and not (type(value) is int if kind is int else isinstance(value, kind)):
            raise RegistrationError(f"{what}: expected {key} to be {an(kind.__name__)}; got {value!r}")


def members(protocol: type) -> set[str]:
    """Return the public names that a protocol and its base protocols declare."""
    return {
        name
        for base in protocol.__mro__
        if _is_protocol(base)
        for name in (*vars(base), *inspect.get_annotations(base))
        if not name.startswith("_")
    }


def capability_names(protocols: Sequence[type]) -> list[str]:
    """Return the names of the capabilities that a class of these protocols may have."""
    records = [vars(base)["capabilities"] for p in protocols for base in p.__mro__ if "capabilities" in vars(base)]
    return sorted({field.name for record in records for field in dataclasses.fields(record)})


def _as_capability(name: str, known: Sequence[str]) -> str:
    """Return the end of a sentence that says which capability a misplaced name is or was meant to be."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return (
        f"; {close[0]!r} is a capability: write capabilities = Capabilities({close[0]}=…) in the class" if close else ""
    )


def _is_protocol(thing: type) -> bool:
    return thing is not Protocol and bool(vars(thing).get("_is_protocol", False))


def _own_names(thing: type) -> Iterator[str]:
    """Yield the public names that a class and its bases other than protocols define."""
    for base in thing.__mro__:
        if base is not object and base is not Protocol and not _is_protocol(base):
            yield from (name for name in vars(base) if not name.startswith("_"))


def _require_complete(what: str, thing: type, protocol: type) -> None:
    for name, member in inspect.getmembers_static(protocol):
        special = name.startswith("_") and name != "__call__"
        if special or not (inspect.isfunction(member) or isinstance(member, property)):
            continue
        if inspect.getattr_static(thing, name) is member and name in members(protocol) | {"__call__"}:
            raise RegistrationError(f"{what} names {protocol.__name__} and does not define {name!r}")
