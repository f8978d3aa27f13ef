"""Recipes as configurations."""

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.toml_registry import TomlRegistry

RECIPES = TomlRegistry("recipe", "gantlet.training.recipes", group="recipes")
SIZES = ("laptop", "paper")
PAGE = ("formula", "use", "fails", "sizes", "measured", "cost")
"""The fields of [page]: losses, when to use it, how it looks when it fails, where each size's values come from, our own figures
with their commands (a list), and what a generator step costs beside dcgan's.
"""


def load(name: str, size: str = "laptop") -> TrainConfig:
    """Return the configuration of one recipe: ``laptop``, for two cores, or ``paper``, with its paper's hyper-parameters.

    Raises: UnknownName with the nearest name; ConfigError for another size, and for ``paper`` where a recipe has none.
    Convention: ``recipe`` records NAME, or NAME-paper.
    """
    if size not in SIZES:
        raise ConfigError(
            f"the size of a recipe is {' or '.join(SIZES)}; got {size!r} (the images' side in pixels is resolution)"
        )
    content = RECIPES.content(name)
    if size == "laptop":
        return TrainConfig.from_mapping({**content.get("train", {}), **content.get("laptop", {}), "recipe": name})
    if "train" not in content:
        raise ConfigError(f"recipe {name!r} has no paper size: {content['only_laptop']}; train it at --size laptop")
    return TrainConfig.from_mapping({**content["train"], "recipe": f"{name}-paper"})
