"""One TOML a method, with its paper's hyper-parameters; the keys under [train] are fields of TrainConfig."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from gantlet.config import TrainConfig
from gantlet.errors import UnknownName
from gantlet.registry import Entry


@cache
def entries() -> tuple[Entry, ...]:
    """Return every recipe, by name."""
    files = sorted((f for f in resources.files(__name__).iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return tuple(_entry(file.name.removesuffix(".toml"), tomllib.loads(file.read_text())) for file in files)


def _entry(name: str, content: dict[str, Any]) -> Entry:
    return Entry(name, content["summary"], content["source"], content, {})


def load(name: str) -> TrainConfig:
    """Return the configuration of one recipe; raises UnknownName with the nearest name."""
    for entry in entries():
        if entry.name == name:
            return TrainConfig.from_mapping({**entry.object["train"], "recipe": name})
    raise UnknownName("recipe", name, [entry.name for entry in entries()])
