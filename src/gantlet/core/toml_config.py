"""Configurations as frozen dataclasses with a TOML round trip, and the check of their values."""

import dataclasses
import math
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from gantlet.core.calls import plain, shown
from gantlet.core.errors import ConfigError, DataError, UnknownName
from gantlet.core.files import read_text
from gantlet.core.visible import toml_text
from gantlet.core.words import an, counted

C = TypeVar("C", bound="Config")


class Config:
    """Base of every configuration: reads a mapping or TOML file and writes TOML, as an exact round trip."""

    former: ClassVar[Mapping[str, str]] = {}
    """Earlier names of fields; files with these names can still be read."""

    def __new__(cls, *values: Any, **named: Any) -> Any:
        """Raise UnknownName for a keyword that is no field, and ConfigError for more values than there are fields."""
        fields = list(_kinds(cls))  # type: ignore[arg-type]  # a class is hashable
        if (foreign := next((name for name in named if name not in fields), None)) is not None:
            raise UnknownName(f"field of {cls.__name__}", foreign, fields)
        if len(values) > len(fields):
            raise ConfigError(
                f"{cls.__name__} has {counted(len(fields), 'field')}; got {counted(len(values), 'value')}"
            )
        return super().__new__(cls)

    def __post_init__(self) -> None:
        """Check every field's type, and take a list for a tuple; raises ConfigError."""
        for name, kind in _kinds(type(self)).items():  # type: ignore[arg-type]  # a class is hashable
            value = getattr(self, name)
            object.__setattr__(self, name, _coerce(type(self).__name__, name, value, kind))

    @classmethod
    def from_mapping(cls: type[C], values: Mapping[str, Any], base: C | None = None) -> C:
        """Build a configuration from plain values over ``base``; raises UnknownName and ConfigError."""
        fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        hints = _kinds(cls)  # type: ignore[arg-type]
        checked: dict[str, Any] = {}
        for name, value in values.items():
            key = cls.former.get(name, name)
            if key not in fields:
                raise UnknownName(f"field of {cls.__name__}", key, fields)
            checked[key] = _coerce(cls.__name__, key, value, hints[key])
        return dataclasses.replace(base, **checked) if base is not None else cls(**checked)  # type: ignore[type-var]

    @classmethod
    def from_toml(cls: type[C], path: Path) -> C:
        """Read a configuration that `to_toml` wrote; raises ConfigError naming the file."""
        try:
            return cls.from_mapping(tomllib.loads(read_text(path)))
        except (DataError, ValueError, RecursionError) as error:  # tomllib's own error is a ValueError
            raise ConfigError(f"cannot read the configuration {path}: {error}") from error

    def to_toml(self) -> str:
        """Return the configuration as TOML: every field, so that the file reproduces the run even if defaults change later."""
        values = dataclasses.asdict(self)  # type: ignore[call-overload]
        return toml_text({k: v for k, v in values.items() if v is not None})


def updated(kind: type[C], config: C | None, settings: Mapping[str, Any], function: str) -> C:
    """Return a configuration (None: the defaults) with the keywords of a call in place of its values.

    One text does for a list of one. Raises: UnknownName for a keyword that is no field, naming the ``function`` that was called;
    ConfigError, also for anything that is no configuration of this kind.
    """
    base = kind() if config is None else config
    if not isinstance(base, kind):
        raise ConfigError(f"{function}: config must be {an(kind.__name__)}; got {type(base).__name__}")
    fields = {field.name for field in dataclasses.fields(base)}  # type: ignore[arg-type]  # every Config is a dataclass
    values = dict(settings)
    for name, value in values.items():
        if name not in fields:
            raise UnknownName(f"argument of {function}:", name, fields)
        if isinstance(getattr(base, name), tuple) and isinstance(value, str):
            values[name] = (value,)
    return type(base).from_mapping(values, base)


@cache
def _kinds(config: type[Config]) -> dict[str, Any]:
    """Return the types of a configuration's fields."""
    hints = typing.get_type_hints(config)
    return {field.name: hints[field.name] for field in dataclasses.fields(config)}  # type: ignore[arg-type]  # as above


def _coerce(config: str, key: str, value: Any, kind: Any) -> Any:
    value = plain(value)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType or origin is typing.Union:
        if value is None:
            return None
        return _coerce(config, key, value, next(a for a in arguments if a is not type(None)))
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise ConfigError(f"{config}.{key} must be a list; got {shown(value)}")
        return tuple(_coerce(config, key, item, arguments[0]) for item in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return float(value)
    if kind is str and isinstance(value, os.PathLike):
        return os.fspath(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        several = ", several of them in one text: 'a,b'" if kind is str and isinstance(value, list | tuple) else ""
        raise ConfigError(f"{config}.{key} must be {an(kind.__name__)}{several}; got {shown(value)}")
    return value


def require(config: str, checks: Mapping[str, bool], values: Any) -> None:
    """Raise ConfigError for the first rule (its first word is a field of ``values``) that does not hold."""
    for rule, holds in checks.items():
        if not holds:
            name = rule.split()[0]
            raise ConfigError(f"{config}: expected {rule}; got {name} = {getattr(values, name)!r}")
    for name, value in vars(values).items():
        if isinstance(value, (int, float)) and not abs(value) < (2**63 if isinstance(value, int) else math.inf):
            raise ConfigError(f"{config}: expected {name} to be finite, and below 2⁶³ if whole; got {value!r}"[:300])
