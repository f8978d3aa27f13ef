"""Parts from outside the package: entry points of installed distributions, and ``module:attribute`` specs."""

import importlib
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

from gantlet.core.errors import UsageError, nearest


def is_reference(name: str) -> bool:
    """Return whether a name has the form ``module:attribute``."""
    module, colon, attribute = name.partition(":")
    return bool(colon) and attribute.isidentifier() and all(part.isidentifier() for part in module.split("."))


def find_attribute(path: str) -> Any:
    """Return the object that ``module:attribute`` names; the module is imported from the current folder.

    Raises: UsageError when the module cannot be imported or has no such attribute.
    """
    module_name, _, name = path.partition(":")
    here = os.getcwd()
    sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"cannot import the module of {path!r} from the current folder: {type(error).__name__}: {error}"
        ) from error
    finally:
        sys.path.remove(here)
    if not hasattr(module, name):
        callables = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise UsageError(f"module {module_name!r} has no attribute {name!r}{nearest(name, callables)}")
    return getattr(module, name)


def find_callable(path: str) -> Callable[..., Any]:
    """Return the function that ``module:attribute`` names; raises UsageError."""
    thing = find_attribute(path)
    if not callable(thing):
        raise UsageError(f"{path} is a {type(thing).__name__}; expected a function")
    function: Callable[..., Any] = thing
    return function


def load_entry_points(group: str) -> dict[str, Any]:
    """Load every entry point of ``group``; return the loaded objects by name.

    A module registers its parts when it is imported. An entry point that cannot be loaded is reported as a warning, so
    that one broken distribution does not stop every command.
    """
    from importlib.metadata import entry_points

    loaded = {}
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        try:
            loaded[point.name] = point.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a third-party module may raise anything
            where = f" of {point.dist.name}" if point.dist else ""
            warnings.warn(
                f"the entry point {point.name!r}{where} ({group}: {point.value}) cannot be loaded and is ignored: "
                f"{type(error).__name__}: {error}",
                stacklevel=2,
            )
    return loaded
