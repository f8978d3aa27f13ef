"""One trial of a tournament: train one setting with one seed, score its best and its final checkpoint."""

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gantlet.actions.train import train
from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError, TrainingDiverged
from gantlet.core.files import read_text, write_text
from gantlet.core.results.report import Report
from gantlet.core.results.tournament import Trial
from gantlet.core.rng import numpy_stream
from gantlet.core.search import Range, applied, drawn, read_ranges
from gantlet.core.specs import format_spec, parse_spec
from gantlet.evaluation.sides import Progress, nothing
from gantlet.training.recipes import RECIPES, load

SECONDS = "seconds.txt"
PER_IMAGE = {"gradient-penalty", "dragan"}
CHECKS = 5
"""Evaluations inside the loop, among which the best checkpoint is chosen."""


@dataclass(frozen=True)
class Protocol:
    """What all trials share.

    ``steps``: discriminator steps, so that methods see equally many images; 0: each recipe's own number. ``network``: of all methods, without normalisation
    where a gradient penalty forbids it; '': each recipe's own.
    """

    data: str
    metric: str = "frechet_distance"
    features: str = "auto"
    steps: int = 0
    resolution: int = 0
    samples: int = 2_000
    seed: int = 0
    network: str = ""

    def settings(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return dataclasses.asdict(self)


def ranges_of(recipe: str) -> tuple[Range, ...]:
    """Return the search ranges of a recipe; raises UnknownName, and ConfigError where it declares none."""
    table = RECIPES.content(recipe).get("search")
    if not table:
        known = [entry.name for entry in RECIPES.entries() if entry.object.get("search")]
        raise ConfigError(f"recipe {recipe!r} declares no [search] ranges; a tournament can have {', '.join(known)}")
    return read_ranges(table)


def settings_of(recipe: str, place: int, seed: int) -> dict[str, Any]:
    """Return the random settings of one place of a search: the same for every worker."""
    return drawn(ranges_of(recipe), numpy_stream(seed, f"tournament {recipe} {place}"))


def configured(recipe: str, values: Mapping[str, Any], protocol: Protocol, seed: int, out: Path) -> TrainConfig:
    """Return the training of one trial; raises ConfigError."""
    config = applied(load(recipe), values)
    if protocol.network:
        config = dataclasses.replace(config, network=_alike(protocol.network, config))
    steps = -(-protocol.steps // config.discriminator_steps) if protocol.steps else config.steps
    return dataclasses.replace(
        config,
        data=protocol.data,
        resolution=protocol.resolution or config.resolution,
        steps=steps,
        seed=seed,
        out=str(out),
        features=protocol.features,
        select=protocol.metric,
        evaluate_every=max(1, steps * config.batch // CHECKS),
        evaluate_samples=protocol.samples,
        sample_every=steps,
        checkpoint_every=max(1, min(config.checkpoint_every, steps // CHECKS)),
        keep=1,
    )


def _alike(network: str, config: TrainConfig) -> str:
    """Return the network, without normalisation where a penalty on single images' gradients forbids that of batches."""
    name, options = parse_spec(network)
    bare = {parse_spec(penalty)[0] for penalty in config.penalties} & PER_IMAGE
    return format_spec(name, {**options, **({"norm": "none"} if bare else {})})


def ran(
    config: TrainConfig,
    place: int,
    values: Mapping[str, Any],
    progress: Progress = nothing,
    say: Callable[[str], None] = print,
) -> Trial:
    """Train and score one trial; a training that diverges, or makes images that cannot be scored, is a failed one.

    A run that was stopped goes on. Raises what is no fault of the method: OutputError, DataError, Interrupted and the like.
    """
    folder, started = Path(config.out), time.process_time()
    spent, metric, failed = _spent(folder), config.select.partition("[")[0], ""
    try:
        train(config, resume="auto", progress=progress, say=say, metrics=(config.select,))
    except TrainingDiverged as error:
        failed = str(error)
    finally:
        seconds = spent + time.process_time() - started
        if folder.is_dir():
            write_text(folder / SECONDS, f"{seconds:.3f}")
    scores = (
        {}
        if failed
        else {
            name: _score(folder / file, metric)
            for name, file in (("final", "report.json"), ("best", "report-best.json"))
        }
    )
    final = scores.get("final")
    best = scores.get("best", final) if scores.get("best") is not None else final
    if not failed and final is None:
        failed = f"{metric} has no value for its images"
    return Trial(place, dict(values), None if failed else best, None if failed else final, seconds, failed)


def _spent(folder: Path) -> float:
    """Return the seconds of the trial's earlier parts, where it was stopped between them."""
    file = folder / SECONDS
    return float(read_text(file)) if file.is_file() else 0.0


def _score(path: Path, metric: str) -> float | None:
    return Report.load(path)[metric].value if path.is_file() else None
