"""Torch modules behind a user's function: found, and held in evaluation mode while features are computed."""

import contextlib
import functools
import inspect
import sys
from collections.abc import Iterable, Iterator
from typing import Any


def modules_behind(function: Any) -> list[Any]:
    """Return the torch modules that a callable reaches by name.

    These are itself, the object that it is bound to and that object's attributes, its closure, the globals that it names,
    the arguments of a partial, and the same of functions of its own Python module among them. Modules that are kept in
    lists or tables are not found. Torch is not imported for it.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return []
    found: dict[int, Any] = {}
    visited: set[int] = set()
    waiting = [function]
    while waiting:
        thing = waiting.pop()
        if id(thing) in visited:
            continue
        visited.add(id(thing))
        if isinstance(thing, torch.nn.Module):
            found[id(thing)] = thing
        elif thing is function or _may_lead_on(thing, function):
            waiting += _reached(thing)
    return list(found.values())


def _may_lead_on(thing: Any, function: Any) -> bool:
    own = _module_of(thing) == _module_of(function)
    return inspect.ismethod(thing) or isinstance(thing, functools.partial) or (inspect.isfunction(thing) and own)


def _module_of(thing: Any) -> str | None:
    """Return the Python module of a function, or of the class of any other object."""
    name: str | None = (
        thing.__module__ if inspect.isfunction(thing) or inspect.ismethod(thing) else type(thing).__module__
    )
    return name


def _attributes(thing: Any) -> dict[str, Any]:
    """Return an object's own attributes; {} where its class keeps none in a dictionary."""
    try:
        return vars(thing)
    except TypeError:
        return {}


def _reached(thing: Any) -> Iterator[Any]:
    """Yield what a callable refers to, one step away."""
    if isinstance(thing, functools.partial):
        yield from (thing.func, *thing.args, *thing.keywords.values())
    elif inspect.ismethod(thing):
        yield from (thing.__func__, thing.__self__, *_attributes(thing.__self__).values())
    elif inspect.isfunction(thing):
        for cell in thing.__closure__ or ():
            with contextlib.suppress(ValueError):  # a cell that is still empty
                yield cell.cell_contents
        yield from (thing.__globals__[name] for name in thing.__code__.co_names if name in thing.__globals__)
        yield from (*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values())
        yield from filter(None, [_attributes(thing).get("__wrapped__")])  # as functools.wraps leaves it
    else:
        yield from (*_attributes(thing).values(), type(thing).__call__)


def left_training(modules: Iterable[Any]) -> bool:
    """Return whether any part of these modules is in train mode."""
    return any(part.training for module in modules for part in module.modules())


@contextlib.contextmanager
def evaluating(modules: Iterable[Any]) -> Iterator[None]:
    """Put the modules into evaluation mode inside the block; afterwards each part has the mode that it had."""
    modules = list(modules)
    training = [part for module in modules for part in module.modules() if part.training]
    for module in modules if training else ():
        module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True
