"""A tournament: equal budgets of random search for several methods, then fresh seeds of the best settings of each."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gantlet.actions.tournament_result import assembled
from gantlet.actions.tournament_storage import LONGEST, Places, open_places, open_storage
from gantlet.actions.tournament_trials import Protocol, configured, ran, ranges_of, settings_of
from gantlet.core.calls import called, texts
from gantlet.core.errors import ConfigError, UsageError
from gantlet.core.files import as_path, write_text
from gantlet.core.output import TOURNAMENT, require_ours, writing_result
from gantlet.core.results.tournament import Tournament, Trial
from gantlet.evaluation.compute import resolve
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.sides import Progress, nothing
from gantlet.reports.tournament import render_tournament

FRESH = 10_000
"""The fresh seeds begin so far above the search's."""
WAIT = 2.0
"""Seconds between two looks at what other workers do."""


@dataclass(frozen=True)
class Stages:
    """The search and the fresh seeds of one method."""

    recipe: str
    search: Places
    seeds: Places


@called
def tournament(
    recipes: Sequence[str],
    data: str = "digits",
    *,
    trials: int = 20,
    seeds: int = 5,
    metric: str = "frechet_distance",
    features: str = "auto",
    steps: int = 0,
    resolution: int = 0,
    samples: int = 2_000,
    seed: int = 0,
    network: str = "",
    out: Path | str = "tournament",
    storage: str = "",
    level: float = 0.95,
    longest: float = LONGEST,
    progress: Progress = nothing,
    say: Callable[[str], None] = print,
) -> Tournament:
    """Give every method the same number of random settings, run the best of each on fresh seeds, and compare.

    >>> gantlet.tournament(["dcgan", "wgan-gp", "r3gan"], "photos/", trials=20, steps=5000).verdict  # doctest: +SKIP

    Each trial trains one setting, drawn from the recipe's [search] ranges, with one seed, and scores its best and its final checkpoint
    under one protocol. Called again it goes on; called on several machines with one ``storage`` the workers share the trials, and a
    killed worker's trial is taken up again.

    Args: recipes: two or more; data: a source; trials: of each search; seeds: fresh ones of each method's best setting; metric: decides, and
    chooses the best checkpoint; features: as `TrainConfig`; steps: discriminator steps of each training, so that methods see equally many
    images, 0: each recipe's own number; resolution, samples, seed, network: of all trainings (network '': each recipe's own); out: a folder for
    the runs, tournament.json and tournament.html; storage: an Optuna storage URL, or journal:FILE; '': a SQLite file in ``out``; longest:
    seconds without a sign of life after which a trial is taken from its worker.
    Raises: UsageError, ConfigError, OutputError before the first trial; what is no method's fault, e.g. a full disk.
    Source: Lucic et al. 2018, arXiv:1711.10337, Sec. 5 (protocol).
    """
    _require(recipes, trials, seeds)
    chosen = Protocol(data, metric, features, steps, resolution, samples, seed, network)
    direction = METRICS.entry(resolve(chosen.metric)[0].name).meta.lower_is_better
    if direction is None:
        raise ConfigError(f"a tournament needs a metric with a better side; {chosen.metric} has none")
    folder = as_path(out, "out")
    require_ours(folder, TOURNAMENT)  # before hours of training, not after
    for recipe in recipes:
        for place in range(trials):
            configured(recipe, settings_of(recipe, place, chosen.seed), chosen, 0, folder)
    folder.mkdir(parents=True, exist_ok=True)
    stages = _opened(recipes, (trials, seeds), chosen, storage or f"sqlite:///{folder / 'tournament.db'}", longest)
    sign = 1.0 if direction else -1.0
    while not all(each.search.done() and each.seeds.done() for each in stages):
        if not _work(stages, chosen, folder, sign, (progress, say)):
            time.sleep(WAIT)
    result = assembled(
        chosen, direction, level, [(each.recipe, each.search.results(), each.seeds.results()) for each in stages]
    )
    with writing_result(folder, TOURNAMENT):
        write_text(folder / TOURNAMENT.file, result.to_json())
        write_text(folder / "tournament.html", render_tournament(result))
    return result


def _require(recipes: Sequence[str], trials: int, seeds: int) -> None:
    recipes = texts("gantlet.tournament: recipes", recipes)
    if len(set(recipes)) < 2 or len(set(recipes)) != len(recipes):
        raise UsageError(f"a tournament is between two or more different recipes; got {', '.join(recipes) or 'none'}")
    if trials < 1 or seeds < 2:
        raise UsageError(
            f"a tournament needs a trial per search and two fresh seeds at least; got {trials} and {seeds}"
        )
    for recipe in recipes:
        ranges_of(recipe)


def _opened(
    recipes: Sequence[str], totals: tuple[int, int], protocol: Protocol, url: str, longest: float
) -> list[Stages]:
    opened = open_storage(url)
    settings = protocol.settings()
    return [
        Stages(
            recipe,
            open_places(opened, f"{recipe}: search", totals[0], {**settings, "trials": totals[0]}, longest),
            open_places(opened, f"{recipe}: seeds", totals[1], {**settings, "seeds": totals[1]}, longest),
        )
        for recipe in recipes
    ]


def _work(
    stages: Sequence[Stages],
    protocol: Protocol,
    folder: Path,
    sign: float,
    shown: tuple[Progress, Callable[[str], None]],
) -> bool:
    """Run one trial of the method that is furthest behind; return False where nothing is open for this worker."""
    for each in sorted(stages, key=lambda stage: len(stage.search.results()) + len(stage.seeds.results())):
        places, name = (each.seeds, "seed") if each.search.done() else (each.search, "search")
        if places.done():
            continue
        values = _values(each, name, protocol, sign)
        if not values:
            _mark_failed(each)
            return True
        claim = places.claim(values)
        if claim is None:
            continue
        fresh = name == "seed"
        config = configured(
            each.recipe, values[claim.place], protocol, protocol.seed + claim.place + (FRESH if fresh else 0),
            folder / each.recipe / f"{name}-{claim.place}",
        )  # fmt: skip
        shown[1](
            f"{each.recipe}: {'fresh seed' if fresh else 'setting'} {claim.place + 1} of {places.total}: {folder / each.recipe / f'{name}-{claim.place}'}"
        )
        with claim.alive():
            result = ran(config, claim.place, values[claim.place], shown[0], _quiet)
        claim.tell(result)
        return True
    return False


def _quiet(sentence: str) -> None:
    """Leave out what a single training says."""


def _values(stage: Stages, name: str, protocol: Protocol, sign: float) -> dict[int, Mapping[str, object]]:
    """Return the settings of each place: random ones of the search, the best of it for fresh seeds; {} where all of it failed."""
    if name == "search":
        return {place: settings_of(stage.recipe, place, protocol.seed) for place in range(stage.search.total)}
    found = [trial for trial in stage.search.results().values() if trial.best is not None]
    if not found:
        return {}
    best = min(found, key=lambda trial: (sign * (trial.best or 0.0), trial.place))
    return dict.fromkeys(range(stage.seeds.total), best.values)


def _mark_failed(stage: Stages) -> None:
    """Give every fresh seed of a method whose whole search failed the result that there is nothing to run."""
    while (claim := stage.seeds.claim({})) is not None:
        claim.tell(Trial(claim.place, {}, None, None, 0.0, "every trial of the search failed"))
