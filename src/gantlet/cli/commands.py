"""One function a command: read the options, call the use case, render what comes back."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gantlet.cli import options
from gantlet.cli.parse import parse, positional
from gantlet.cli.progress import Progress
from gantlet.config import EvaluateConfig, TrainConfig
from gantlet.results import Report

Words = list[str]


def quickstart(words: Words) -> None:
    """Train a GAN on the built-in digits, evaluate it, write report.html."""
    (chosen,) = parse("quickstart", words, options.Quickstart)
    from gantlet.actions import quickstart as action

    with Progress() as progress:
        report = action.quickstart(
            chosen.out, steps=chosen.steps, seed=chosen.seed, progress=progress, say=progress.say
        )
    _show(report, chosen.json, chosen.out)


def train(words: Words) -> None:
    """Train a GAN by a recipe on a data source; --resume goes on."""
    from gantlet import recipes

    if words and words[0].startswith("-") and not {"--help", "-h"} & set(words):
        positional(
            words, "train", f"a recipe ({', '.join(entry.name for entry in recipes.entries())}) or a config.toml first"
        )
    recipe, rest = positional(words, "train", "a recipe") if words and not words[0].startswith("-") else ("", words)
    base = (
        TrainConfig.from_toml(Path(recipe))
        if recipe.endswith(".toml")
        else recipes.load(recipe)
        if recipe
        else TrainConfig()
    )
    chosen, config = parse("train", rest, options.Train, base, argument=recipe or "RECIPE")
    from gantlet.actions.train import run_folder
    from gantlet.actions.train import train as action

    with Progress() as progress:
        report = action(config, resume=chosen.resume, progress=progress, say=progress.say)
    _show(report, chosen.json, run_folder(config))


def sample(words: Words) -> None:
    """Draw images from a trained generator."""
    run, rest = _first(words, "sample", "a run folder")
    (chosen,) = parse("sample", rest, options.Sample, argument="RUN")
    from gantlet.actions.sample import sample as action

    with Progress() as progress:
        action(
            Path(run), chosen.out, chosen.n, seed=chosen.seed, which=chosen.which, label=chosen.label, progress=progress
        )
    _print(f"{chosen.n:,} images in {chosen.out}")


def evaluate(words: Words) -> None:
    """Judge generated images against real ones: metrics with intervals, report.html."""
    fake, rest = _first(words, "evaluate", "the generated images (a folder, .zip, .npz, run:PATH …)")
    chosen, config = parse("evaluate", rest, options.Evaluate, EvaluateConfig(), argument="FAKE")
    from gantlet.actions.evaluate import evaluate as action
    from gantlet.actions.report import write_page

    with Progress() as progress:
        report = action(fake, chosen.real, config, out=chosen.out, progress=progress)
    write_page(chosen.out)
    _show(report, chosen.json, chosen.out)


def compare(words: Words) -> None:
    """Is A better than B? Paired differences with intervals, and a verdict."""
    a, rest = _first(words, "compare", "two sets of generated images, A and B")
    b, rest = ("", rest) if rest == ["--help"] else positional(rest, "compare", "a second set of generated images, B")
    chosen, config = parse("compare", rest, options.Compare, EvaluateConfig(), argument="A B")
    from gantlet.actions.compare import compare as action

    with Progress() as progress:
        found = action(a, b, chosen.real, config, progress=progress)
    if chosen.json:
        _print(found.to_json())
        return
    from gantlet.reports.terminal import show_comparison

    show_comparison(found)


def lab(words: Words) -> None:
    """Run one claim of a paper as an experiment (`lab list` shows them): figure, number, verdict."""
    name, rest = _first(words, "lab", "the name of a lab, or list")
    if name == "list":
        list_(["labs", *rest])
        return
    (chosen,) = parse("lab", rest, options.Lab, argument="NAME")
    from gantlet.labs.interface import Setting, run_lab

    given = {"data": chosen.data} if chosen.data else {}
    with Progress() as progress:
        setting = Setting(chosen.size, chosen.seed, chosen.seeds, chosen.out, progress)
        found = run_lab(name, setting, given)
    if chosen.json:
        _print(found.to_json())
        return
    from gantlet.reports.lab import show

    show(found)
    _print("\n" + "\n".join(str(chosen.out / figure) for figure in found.figures))


def report(words: Words) -> None:
    """Show a report again and write its page anew."""
    folder, rest = _first(words, "report", "the folder of a run or an evaluation")
    (chosen,) = parse("report", rest, options.ReportCommand, argument="FOLDER")
    from gantlet.actions.report import load_report, write_page

    found = load_report(Path(folder))
    write_page(Path(folder))
    _show(found, chosen.json, Path(folder))


def list_(words: Words) -> None:
    """List metrics, extractors, sources, objectives, penalties, networks, recipes …"""
    kind, rest = ("", words) if not words or words[0].startswith("-") else (words[0], words[1:])
    (chosen,) = parse("list", rest, options.List, argument="[KIND]")
    from gantlet import catalogue

    found = {name: catalogue.entries(name) for name in ([kind] if kind else catalogue.KINDS)}
    if chosen.json:
        _print(
            json.dumps(
                {name: [entry.as_dict() for entry in listed] for name, listed in found.items()},
                indent=1,
                ensure_ascii=False,
            )
        )
        return
    from rich.console import Console
    from rich.table import Table

    for name, listed in found.items():
        if not listed and not kind:
            continue
        table = Table(title=name, title_justify="left", title_style="bold", box=None, show_header=False, pad_edge=False)
        for entry in listed:
            table.add_row(entry.name, entry.summary, style=None)
        Console().print(table, "", markup=False)


def explain(words: Words) -> None:
    """Explain a metric, recipe, penalty …: how it is computed, when it lies, its source."""
    name, rest = _first(words, "explain", "a name (gantlet list shows them)")
    parse("explain", rest, options.Explain, argument="NAME")
    from gantlet import catalogue

    for kind, entry in catalogue.find(name):
        source = "" if "Source: " in entry.document else f"\n\nSource: {entry.source}"
        _print(f"{entry.name} ({kind})\n\n{entry.document}{source}\n")


def doctor(words: Words) -> None:
    """Show versions, devices, caches and which feature extractors are ready."""
    (chosen,) = parse("doctor", words, options.Doctor)
    from gantlet.actions.doctor import examine

    found = examine()
    if chosen.json:
        _print(json.dumps(found, indent=1, ensure_ascii=False))
        return
    for section, lines in found.items():
        _print(section)
        for key, value in lines.items():
            _print(f"  {key:<22} {value}")


def _first(words: Words, command: str, what: str) -> tuple[str, Words]:
    if {"--help", "-h"} & set(words):
        return "", ["--help"]
    return positional(words, command, what)


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _show(found: Report, as_json: bool, folder: Path) -> None:
    if as_json:
        _print(found.to_json())
        return
    from gantlet.reports.terminal import show

    show(found)
    _print(f"\n{folder / 'report.html'}")


COMMANDS: dict[str, Callable[[Words], Any]] = {
    "quickstart": quickstart,
    "train": train,
    "sample": sample,
    "evaluate": evaluate,
    "compare": compare,
    "lab": lab,
    "report": report,
    "list": list_,
    "explain": explain,
    "doctor": doctor,
}
