"""Search ranges: which values of a training's settings a random search draws from."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError, UnknownName
from gantlet.core.specs import format_spec, parse_spec

KEYS = ("low", "high", "log", "choices")


@dataclass(frozen=True)
class Range:
    """Values of one setting: ``choices``, or low … high, uniformly or, with ``log``, uniformly in the logarithm.

    ``name``: a field of TrainConfig, or FIELD.NAME.OPTION: an option of the entry NAME in that field, e.g.
    ``penalties.gradient-penalty.weight``; several with spaces between them have one value.
    """

    name: str
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    choices: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        fields = [field.name for field in dataclasses.fields(TrainConfig)]
        for name in self.name.split():
            field, *rest = name.split(".")
            if field not in fields:
                raise UnknownName("field of TrainConfig in [search]:", field, fields)
            if len(rest) not in (0, 2):
                raise ConfigError(f"[search] {name}: expected FIELD, or FIELD.NAME.OPTION of an entry in it")
        if self.choices:
            return
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ConfigError(f"[search] {self.name}: expected low < high, or choices; got {self.low} and {self.high}")
        if self.log and self.low <= 0:
            raise ConfigError(f"[search] {self.name}: a logarithmic range begins above 0; got low = {self.low}")

    def draw(self, rng: np.random.Generator) -> Any:
        """Return a random value; numbers with four significant digits, so that a command can name them."""
        if self.choices:
            return self.choices[int(rng.integers(len(self.choices)))]
        if self.log:
            return float(f"{math.exp(rng.uniform(math.log(self.low), math.log(self.high))):.4g}")
        return float(f"{rng.uniform(self.low, self.high):.4g}")


def read_ranges(table: Mapping[str, Any]) -> tuple[Range, ...]:
    """Read a [search] table: ``NAME = [values]`` or ``NAME = {low = …, high = …, log = true}``; raises UnknownName, ConfigError."""
    ranges = []
    for name, given in table.items():
        if isinstance(given, list) and len(given) > 1:
            ranges.append(Range(name, choices=tuple(given)))
        elif isinstance(given, Mapping) and set(given) <= set(KEYS) and {"low", "high"} <= set(given):
            ranges.append(Range(name, float(given["low"]), float(given["high"]), bool(given.get("log", False))))
        else:
            raise ConfigError(f"[search] {name}: expected a list of values or {{low, high, log}}; got {given!r}")
    return tuple(ranges)


def drawn(ranges: tuple[Range, ...], rng: np.random.Generator) -> dict[str, Any]:
    """Return one random value of every range, by name."""
    return {each.name: each.draw(rng) for each in ranges}


def applied(config: TrainConfig, values: Mapping[str, Any]) -> TrainConfig:
    """Return the configuration with drawn values; raises ConfigError where an entry is not in its field."""
    changed: dict[str, Any] = {}
    each = [(name, value) for names, value in values.items() for name in names.split()]
    for name, value in each:
        field, *inner = name.split(".")
        if not inner:
            changed[field] = value
            continue
        before = changed.get(field, getattr(config, field))
        specs = [before] if isinstance(before, str) else list(before)
        places = [i for i, spec in enumerate(specs) if parse_spec(spec)[0] == inner[0]]
        if not places:
            raise ConfigError(f"[search] {name}: {field} = {before!r} has no {inner[0]}")
        entry, options = parse_spec(specs[places[0]])
        specs[places[0]] = format_spec(entry, {**options, inner[1]: value})
        changed[field] = specs[0] if isinstance(before, str) else tuple(specs)
    return TrainConfig.from_mapping(changed, config)
