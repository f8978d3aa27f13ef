"""Commands that evaluate generated images."""

from itertools import takewhile
from pathlib import Path

from gantlet.cli import options
from gantlet.cli.commands.methods import compare_runs, evaluate_runs
from gantlet.cli.commands.shared import Words, first, put, show_report
from gantlet.cli.parse import gathered, parse, peek, positional
from gantlet.cli.progress import Progress
from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import UnknownName, UsageError
from gantlet.core.processes import rank
from gantlet.core.visible import json_text
from gantlet.core.words import counted


def evaluate(words: Words) -> int:
    """Evaluate generated images against real ones: metrics with intervals, report.html, a gate for CI (--fail-if)."""
    fake, rest = first(words, "evaluate", "the generated images (a folder, .zip, .npz, run:PATH …)")
    more = list(takewhile(lambda word: not word.startswith("-"), rest))
    if more and peek(rest, "--real") is None:
        raise UsageError(
            f"gantlet evaluate takes one set of generated images; did you mean {fake} --real {more[0]}? (Several runs of one method are "
            "named together with --real)"
        )
    rest = gathered(rest[len(more) :], "--fail-if")
    chosen, config = parse("evaluate", rest, options.Evaluate, EvaluateConfig(), argument="FAKE")
    from gantlet.actions.run_sources import is_pattern
    from gantlet.cli.gate import failure_written

    if more or is_pattern(fake):
        return evaluate_runs([fake, *more], chosen, config)
    with failure_written(chosen):
        return _evaluate_one(fake, chosen, config)


def _evaluate_one(fake: str, chosen: options.Evaluate, config: EvaluateConfig) -> int:
    from gantlet.cli.gate import Gating

    gating = Gating.read(chosen)
    config = gating.asking(config)
    from gantlet.actions.evaluate import evaluate as action
    from gantlet.actions.report import write_page

    with Progress() as progress:
        report = action(fake, chosen.real, config, until=chosen.until, out=chosen.out, progress=progress)
    if rank() == 0:
        write_page(chosen.out)
    show_report(report, chosen.json, chosen.out)
    return gating.conclude(report, chosen)


def compare(words: Words) -> None:
    """Is A better than B? Paired differences with intervals, a verdict, and comparison.html; --a RUNS --b RUNS compares two methods."""
    if {"--a", "--b"} & {word.partition("=")[0] for word in words}:
        chosen, config = parse("compare", gathered(gathered(words, "--a"), "--b"), options.Compare, EvaluateConfig())
        compare_runs(list(chosen.a), list(chosen.b), chosen, config)
        return
    a, rest = first(words, "compare", "two sets of generated images, A and B")
    b, rest = ("", rest) if rest == ["--help"] else positional(rest, "compare", "a second set of generated images, B")
    chosen, config = parse("compare", rest, options.Compare, EvaluateConfig(), argument="A B")
    from gantlet.actions.run_sources import is_pattern

    if is_pattern(a) or is_pattern(b):
        compare_runs([a], [b], chosen, config)
        return
    if chosen.real:
        from gantlet.actions.compare import compare as action

        with Progress() as progress:
            comparison = action(a, b, chosen.real, config, out=chosen.out, progress=progress)
    else:
        from gantlet.actions.compare_reports import compare_reports

        if config != EvaluateConfig():
            raise UsageError("two reports are compared as stored; omit the options, or give --real")
        comparison = compare_reports(a, b, out=chosen.out)
    if chosen.json:
        put(comparison.to_json())
        return
    from gantlet.reports.terminal import show_comparison

    if rank() == 0:
        show_comparison(comparison)
        put(f"\n{chosen.out / 'comparison.html'}")


def leaderboard(words: Words) -> None:
    """Rank stored reports by one metric with its interval, and say which cannot be told apart; leaderboard.html."""
    paths = list(takewhile(lambda word: not word.startswith("-"), words))
    (chosen,) = parse("leaderboard", words[len(paths) :], options.Leaderboard, argument="RUN RUN …")
    from gantlet.actions.leaderboard import leaderboard as action

    result = action(*paths, metric=chosen.metric, out=chosen.out)
    if chosen.json:
        put(result.to_json())
        return
    from gantlet.reports.leaderboard import show

    show(result)
    put(f"\n{chosen.out / 'leaderboard.html'}")


def audit(words: Words) -> None:
    """Can these metrics, in this feature space, detect the failures you care about? Plant them and measure."""
    from gantlet.evaluation.audit.config import AuditConfig

    chosen, config = parse("audit", words, options.Audit, AuditConfig())
    from gantlet.actions.audit import audit as action

    with Progress() as progress:
        result = action(config, out=chosen.out, progress=progress)
    if chosen.json:
        put(result.to_json())
        return
    from gantlet.reports.audit import show

    show(result)
    put("\n" + "\n".join(str(chosen.out / name) for name in result.figures))


def stats(words: Words) -> None:
    """Compute a statistics file from images (make), merge several (merge), describe one (show)."""
    if words and words[0] in _STATS:
        _STATS[words[0]](words[1:])
        return
    what, _ = first(words, "stats", "make SOURCE, merge FILE FILE … or show FILE")
    if what:
        raise UnknownName("subcommand of gantlet stats:", what, _STATS)
    parse("stats", ["--help"], options.Stats, argument="make|merge|show")


def _stats_make(words: Words) -> None:
    source, rest = first(words, "stats make", "the images (gantlet list sources)")
    chosen, config = parse("stats make", rest, options.StatsMake, EvaluateConfig(), argument="SOURCE")
    from gantlet.actions.statistics import make_statistics

    with Progress() as progress:
        statistics = make_statistics(source, chosen.out, config, progress=progress)
    put(f"statistics of {counted(statistics.summary.n, 'image')} in {chosen.out}")


def _stats_merge(words: Words) -> None:
    paths = list(takewhile(lambda word: not word.startswith("-"), words))
    (chosen,) = parse("stats merge", words[len(paths) :], options.StatsMerge, argument="FILE FILE …")
    from gantlet.actions.statistics import merge_statistics

    statistics = merge_statistics([Path(path) for path in paths], chosen.out)
    put(f"statistics of {counted(statistics.summary.n, 'image')} in {chosen.out}")


def _stats_show(words: Words) -> None:
    path, rest = first(words, "stats show", "a statistics file")
    (chosen,) = parse("stats show", rest, options.StatsShow, argument="FILE")
    from gantlet.actions.statistics import describe_statistics

    description = describe_statistics(Path(path))
    if chosen.json:
        put(json_text(description, indent=1))
        return
    for key, value in description.items():
        lines = value.items() if isinstance(value, dict) else [("", value)]
        for inner, text in lines:
            put(f"{f'{key} {inner}'.strip():<28} {text}")


_STATS = {"make": _stats_make, "merge": _stats_merge, "show": _stats_show}


def log(words: Words) -> None:
    """Write a run's numbers and pictures to TensorBoard, Weights & Biases or Trackio."""
    folder, rest = first(words, "log", "the folder of a run or an evaluation")
    (chosen,) = parse("log", rest, options.Log, argument="FOLDER")
    from gantlet.integrations.loggers import log as action

    written = action(Path(folder), chosen.to, project=chosen.project, out=chosen.out)
    put(f"{counted(written, 'entry')} written to {chosen.to}")


def replay(words: Words) -> int:
    """Compute a report's numbers anew, to the last digit, or name the first stage that differs."""
    path, rest = first(words, "replay", "a report.json, or its folder")
    (chosen,) = parse("replay", rest, options.Replay, argument="REPORT")
    from gantlet.actions.replay import replay as action

    with Progress() as progress:
        result = action(path, progress=progress)
    put(json_text(result.to_dict(), indent=1) if chosen.json else result.text)
    return 0 if result.same else 1


def report(words: Words) -> None:
    """Show a report again and rewrite its page."""
    folder, rest = first(words, "report", "the folder of a run or an evaluation")
    (chosen,) = parse("report", rest, options.ReportCommand, argument="FOLDER")
    from gantlet.actions.report import load_report, write_page

    stored = load_report(Path(folder))
    write_page(Path(folder))
    show_report(stored, chosen.json, Path(folder))
