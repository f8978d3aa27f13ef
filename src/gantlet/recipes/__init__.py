"""One TOML a method, with its paper's hyper-parameters; the keys under [train] are fields of TrainConfig."""

from gantlet.config import TrainConfig
from gantlet.registry import Entry, toml_content, toml_entries


def entries() -> tuple[Entry, ...]:
    """Return every recipe, by name."""
    return toml_entries(__name__)


def load(name: str) -> TrainConfig:
    """Return the configuration of one recipe; raises UnknownName with the nearest name."""
    return TrainConfig.from_mapping({**toml_content("recipe", __name__, name)["train"], "recipe": name})
