"""Train one recipe with several seeds: the runs that a result for the method needs."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from gantlet.actions.train import run_folder, train
from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.data.training_images import nobody
from gantlet.evaluation.sides import Progress, nothing
from gantlet.training.runs.header import header_of


def seeded(config: TrainConfig, seeds: int) -> list[TrainConfig]:
    """Return the configuration once per seed, ``config.seed`` and those that follow, each with a folder of its own: OUT-seed0, OUT-seed1 …

    Raises ConfigError for fewer than two seeds.
    """
    if seeds < 2:
        raise ConfigError(f"--seeds is the number of runs, two at least; got {seeds}. One run is trained without it")
    folder = str(run_folder(config))
    numbers = range(config.seed, config.seed + seeds)
    return [dataclasses.replace(config, seed=seed, out=f"{folder}-seed{seed}") for seed in numbers]


def train_seeds(
    config: TrainConfig,
    seeds: int,
    *,
    size_steps: bool = False,
    progress: Progress = nothing,
    say: Callable[[str], None] = nobody,
) -> tuple[Path, ...]:
    """Train ``seeds`` runs of one configuration, one after another, and return their folders.

    Called again it goes on: runs that are finished stay as they are, one that was stopped continues. A run that another
    process is training is locked, which is an error that says so.

    Args: config, size_steps, progress, say: as `gantlet.train`.
    Raises: ConfigError for fewer than two seeds; as `gantlet.train`.
    """
    configs = seeded(config, seeds)
    for place, each in enumerate(configs, 1):
        folder = Path(each.out)
        if finished(folder, 0 if size_steps else each.steps):
            say(f"seed {each.seed} ({place} of {seeds}): {folder} is trained already")
            continue
        say(f"seed {each.seed} ({place} of {seeds}): {folder}")
        train(each, resume="auto", size_steps=size_steps, progress=progress, say=say)
    return tuple(Path(each.out) for each in configs)


def finished(folder: Path, steps: int) -> bool:
    """Return whether a run has the checkpoint of its last step, which is at least ``steps``."""
    path = folder / "checkpoints" / "final.safetensors"
    if not path.is_file():
        return False
    header = header_of(path)
    return header.step >= max(steps, header.made_with.steps)
