"""What a run was trained on: its configuration as it was recorded, and its training and held-out images."""

import dataclasses
import tomllib
from pathlib import Path

from gantlet.core.config import TrainConfig
from gantlet.core.files import read_text
from gantlet.core.shares import NONE
from gantlet.core.trust import require_harmless
from gantlet.data import SOURCES
from gantlet.data.kinds import Source
from gantlet.data.opening import open_source
from gantlet.data.random_split import with_held_out


def recorded(file: Path) -> TrainConfig:
    """Return the configuration that a run's config.toml holds; runs of versions without ``held_out`` kept nothing out.

    Raises: ConfigError naming the file.
    """
    config = TrainConfig.from_toml(file)
    written = "held_out" in tomllib.loads(read_text(file))
    return config if written else dataclasses.replace(config, held_out=NONE)


def trained_on(run: Path) -> Source:
    """Return the images or points that a run was trained on; its ``held_out`` names those that were not.

    Raises: UntrustedError where its config.toml names data outside the run's folder (unless that is trusted); what is wrong with
    the data.
    """
    file = run / "config.toml"
    config = recorded(file)
    data = require_harmless(config.data, file, inside=run, known=SOURCES.names())
    return with_held_out(open_source(data), config.held_out)[0]
