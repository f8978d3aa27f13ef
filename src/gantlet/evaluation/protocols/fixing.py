"""Protocols as configurations: what a protocol fixes, and what it refuses."""

import dataclasses

from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import ConfigError
from gantlet.core.toml_registry import TomlRegistry

PROTOCOLS = TomlRegistry("protocol", "gantlet.evaluation.protocols", group="protocols")
DEFAULT = "trusted"


def fixed(config: EvaluateConfig) -> EvaluateConfig:
    """Return the configuration with what its protocol fixes; raises UnknownName, and ConfigError for a contradiction."""
    default = EvaluateConfig()
    values = PROTOCOLS.content(config.protocol or DEFAULT)["evaluate"]
    if not config.protocol:
        plain = all(getattr(config, name) == getattr(default, name) for name in values)
        return dataclasses.replace(config, protocol=DEFAULT) if plain else config
    settled = EvaluateConfig.from_mapping(values, config)
    for name in values:
        asked, wanted = getattr(config, name), getattr(settled, name)
        if asked not in (getattr(default, name), wanted):
            raise ConfigError(
                f"protocol {config.protocol!r} fixes {name} = {wanted!r}; got {asked!r}: leave one of them out"
            )
    return dataclasses.replace(settled, protocol=config.protocol)
