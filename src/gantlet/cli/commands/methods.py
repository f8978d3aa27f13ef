"""Several runs of one method on the command line: what evaluate, compare and train do with them."""

from itertools import takewhile
from pathlib import Path

from gantlet.cli import options
from gantlet.cli.commands.shared import Words, put
from gantlet.cli.parse import parse
from gantlet.cli.progress import Progress
from gantlet.cli.tournament_options import Tournament
from gantlet.core.config import EvaluateConfig, TrainConfig
from gantlet.core.errors import UsageError
from gantlet.core.processes import rank
from gantlet.core.results.runs import RunsReport


def evaluate_runs(fakes: Words, chosen: options.Evaluate, config: EvaluateConfig) -> int:
    """Evaluate several runs of one method."""
    for name in ("fail_if", "baseline", "fail_if_worse", "until", "summary", "junit"):
        if getattr(chosen, name):
            raise UsageError(
                f"--{name.replace('_', '-')} is about one set of images; several runs were given. Leave it out, or evaluate one run"
            )
    from gantlet.actions.evaluate_runs import evaluate_runs as action

    with Progress() as progress:
        result = action(fakes, chosen.real, config, out=chosen.out, progress=progress)
    _show(result, chosen.json, chosen.out)
    return 0


def compare_runs(a: Words, b: Words, chosen: options.Compare, config: EvaluateConfig) -> None:
    """Compare two methods by several runs of each."""
    if not (a and b and chosen.real):
        missing = "--a" if not a else "--b" if not b else "--real"
        raise UsageError(f"two methods are compared by --a RUNS --b RUNS --real REAL; {missing} is missing")
    from gantlet.actions.compare_runs import compare_runs as action

    with Progress() as progress:
        result = action(a, b, chosen.real, config, out=chosen.out, progress=progress)
    if chosen.json:
        put(result.to_json())
    elif rank() == 0:
        from gantlet.reports.runs import show_methods

        show_methods(result)
        put(f"\n{chosen.out / 'methods.html'}")


def train_seeds(config: TrainConfig, chosen: options.Train, *, size_steps: bool) -> None:
    """Train several runs, and evaluate the method over them."""
    from gantlet.actions.evaluate_runs import evaluate_runs as evaluated
    from gantlet.actions.train import run_folder
    from gantlet.actions.train_seeds import train_seeds as action
    from gantlet.core.trust import trust

    if chosen.resume == "yes":
        raise UsageError("--seeds goes on by itself where it was stopped; leave --resume out")
    out = Path(f"{run_folder(config)}-seeds")
    with Progress() as progress:
        folders = action(config, chosen.seeds, size_steps=size_steps, progress=progress, say=progress.say)
        if not config.evaluate:
            put("\n".join(map(str, folders)))
            return
        with trust():  # what was typed here is read back from the runs' own files
            result = evaluated([str(folder) for folder in folders], out=out, progress=progress)
    _show(result, chosen.json, out)


def tournament(words: Words) -> None:
    """Equal budgets of random search for several recipes, fresh seeds of the best settings of each, tournament.html."""
    recipes = list(takewhile(lambda word: not word.startswith("-"), words))
    (chosen,) = parse("tournament", words[len(recipes) :], Tournament, argument="RECIPE RECIPE …")
    from gantlet.actions.tournament import tournament as action

    with Progress() as progress:
        result = action(
            recipes,
            chosen.data,
            trials=_trials(chosen.budget),
            seeds=chosen.seeds,
            metric=chosen.metric,
            features=chosen.features,
            steps=chosen.steps,
            resolution=chosen.resolution,
            samples=chosen.samples,
            seed=chosen.seed,
            out=chosen.out,
            storage=chosen.storage,
            longest=chosen.longest,
            progress=progress,
            say=progress.say,
        )
    if chosen.json:
        put(result.to_json())
        return
    from gantlet.reports.tournament import show_tournament

    show_tournament(result)
    put(f"\n{chosen.out / 'tournament.html'}")


def _trials(budget: str) -> int:
    """Read a budget, 20x or 20, as the number of trials; raises UsageError."""
    number = budget.strip().removesuffix("x")
    if not number.isdecimal() or int(number) < 1:
        raise UsageError(f"--budget is the number of random settings of each method, e.g. 20x; got {budget!r}")
    return int(number)


def _show(result: RunsReport, as_json: bool, out: Path) -> None:
    """Print a result over runs as JSON, or as a table with the path of its page."""
    if as_json:
        put(result.to_json())
    elif rank() == 0:
        from gantlet.reports.runs import show_runs

        show_runs(result)
        put(f"\n{out / 'runs.html'}")
