"""What a public function is called with, checked before its work: the names of the arguments, and the types that are plain."""

import inspect
import numbers
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeVar, cast

from gantlet.core.errors import UnknownName, UsageError

F = TypeVar("F", bound=Callable[..., Any])
PLAIN = {Path: "a path", str: "a text", int: "a whole number", float: "a number", bool: "True or False", None: "None"}
"""The types that are checked, and their names in words; a parameter of any other type is its function's own to check."""


def called(function: F) -> F:
    """Return a public function that says in words what is wrong with a call.

    A name that it does not take, an argument that is missing, and a value of another type than its plain annotation
    (int, float, bool, str, Path, a function, or several of these) raise UsageError. NumPy's scalars become Python's, and a path becomes a
    text where one is declared.
    """
    signature = inspect.signature(function)
    wing = "transport." if function.__module__.startswith("gantlet.transport.") else ""
    name = f"gantlet.{wing}{function.__qualname__.removesuffix('.__init__').removesuffix('.__call__')}"
    declared = {
        key: kinds for key, parameter in signature.parameters.items() if (kinds := _kinds(parameter.annotation))
    }
    taken = _names(signature)
    own = [key for key in taken or signature.parameters if key != "self"]

    @wraps(function)
    def checked(*args: Any, **keywords: Any) -> Any:
        if taken and (foreign := next((key for key in keywords if key not in taken), None)) is not None:
            raise UnknownName(f"argument of {name}:", foreign, own)
        try:
            bound = signature.bind(*args, **keywords)
        except TypeError as error:
            raise UsageError(f"{name}: {error}; it takes {', '.join(own)}") from error
        for key, kinds in declared.items():
            if key not in bound.arguments:
                continue
            if signature.parameters[key].kind is inspect.Parameter.VAR_POSITIONAL:
                bound.arguments[key] = tuple(
                    _checked(f"{name}: each of {key}", each, kinds) for each in bound.arguments[key]
                )
            else:
                bound.arguments[key] = _checked(f"{name}: {key}", bound.arguments[key], kinds)
        return function(*bound.args, **bound.kwargs)

    return cast(F, checked)


def plain(value: Any) -> Any:
    """Return a scalar of NumPy's as Python's, and anything else as it is; NumPy is not imported for it."""
    numpy = sys.modules.get("numpy")
    return value.item() if numpy is not None and isinstance(value, numpy.generic) else value


def texts(what: str, values: Any) -> list[str]:
    """Return several texts as a list; raises UsageError for one text alone, and for what holds anything else."""
    if isinstance(values, str | PathLike) or not isinstance(values, Iterable):
        raise UsageError(f"{what} must be a list of texts; got {shown(values)}")
    return [str(_checked(f"each of {what}", value, (str,))) for value in values]


def whole(what: str, value: Any) -> int:
    """Return a whole number, Python's or NumPy's, as an int; raises UsageError, which names ``what`` it is, for anything else."""
    return int(_checked(what, value, (int,)))


def _checked(what: str, value: Any, kinds: tuple[Any, ...]) -> Any:
    value = plain(value)
    for kind in kinds:
        if kind is None or kind is Callable:
            fits = value is None if kind is None else callable(value)
        elif kind in (int, float):
            fits = isinstance(value, numbers.Integral if kind is int else numbers.Real) and not isinstance(value, bool)
        else:
            fits = isinstance(value, (str, PathLike) if kind in (str, Path) else kind)
        if fits:
            return fspath(value) if isinstance(value, PathLike) and Path not in kinds else value
    names = [name for kind, name in PLAIN.items() if kind in kinds and not (kind is str and Path in kinds)]
    names += ["a function"] * (Callable in kinds)
    raise UsageError(f"{what} must be {' or '.join(names)}; got {shown(value)}")


def shown(value: Any) -> str:
    """Return a value as an error shows it, in at most 80 characters: as it is typed where that is short, else its type."""
    text = repr(value) if isinstance(value, str | bytes | numbers.Number | list | tuple | dict | None) else ""
    return text if 0 < len(text) <= 80 else f"an object of type {type(value).__name__}"


def _kinds(annotation: Any) -> tuple[Any, ...]:
    """Return the plain types that an annotation stands for, or () where it holds any other."""
    union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    kinds: list[Any] = []
    for part in typing.get_args(annotation) if union else (annotation,):
        if part in (int, float, bool, str, Path, None, type(None)):
            kinds.append(None if part is type(None) else part)
        elif typing.get_origin(part) is typing.get_origin(Callable[..., Any]):
            kinds.append(Callable)
        else:
            return ()
    return tuple(kinds)


def _names(signature: inspect.Signature) -> Iterable[str]:
    """Return the names of all arguments, those of ``**settings: Unpack[…]`` too; () where any name is taken."""
    names: dict[str, None] = {}
    for key, parameter in signature.parameters.items():
        if parameter.kind is not parameter.VAR_KEYWORD:
            names[key] = None
        elif typing.get_origin(parameter.annotation) is typing.Unpack:
            fields: Mapping[str, Any] = typing.get_args(parameter.annotation)[0].__annotations__
            names |= dict.fromkeys(fields)
        else:
            return ()
    return names
