"""Commands that train a generator and draw from it."""

import dataclasses
from itertools import pairwise
from pathlib import Path
from typing import Literal

from gantlet.cli import options
from gantlet.cli.commands.methods import train_seeds
from gantlet.cli.commands.shared import Words, first, put, show_report
from gantlet.cli.parse import parse, peek, positional
from gantlet.cli.progress import Progress
from gantlet.cli.project_options import Project
from gantlet.core.config import TrainConfig
from gantlet.core.errors import UsageError
from gantlet.core.trust import require_below, require_harmless, require_harmless_fields
from gantlet.core.visible import json_text
from gantlet.core.words import counted


def quickstart(words: Words) -> None:
    """Train a GAN on the built-in digits, evaluate it, write report.html."""
    (chosen,) = parse("quickstart", words, options.Quickstart)
    from gantlet.actions import quickstart as action

    with Progress() as progress:
        report = action.quickstart(
            chosen.out, steps=chosen.steps, seed=chosen.seed, progress=progress, say=progress.say
        )
    show_report(report, chosen.json, chosen.out)


def train(words: Words) -> None:
    """Train a GAN by a recipe on a data source; --size paper for its paper's hyper-parameters, --resume to continue."""
    from gantlet.training import recipes
    from gantlet.training.journal import is_run

    words = _help_of_recipe(words, recipes.RECIPES.names())
    if words and words[0].startswith("-") and not {"--help", "-h"} & set(words):
        positional(
            words,
            "train",
            f"a recipe ({', '.join(entry.name for entry in recipes.RECIPES.entries())}) or a config.toml first",
        )
    recipe, rest = positional(words, "train", "a recipe") if words and not words[0].startswith("-") else ("", words)
    rest = _resume_words(rest)
    chosen, config = parse("train", rest, options.Train, _start(recipe, rest), argument=recipe or "RECIPE")
    if recipe.endswith(".toml"):
        if chosen.resume != "no" and peek(rest, "--out") is None and is_run(Path(recipe).parent):
            config = dataclasses.replace(config, out=str(Path(recipe).parent))
        _require_harmless(Path(recipe), rest)
    if chosen.seeds:
        train_seeds(config, chosen, size_steps=_own_data(recipe, rest, config))
        return
    from gantlet.actions.train import run_folder
    from gantlet.actions.train import train as action

    with Progress() as progress:
        resume: bool | Literal["auto"] = "auto" if chosen.resume == "auto" else chosen.resume == "yes"
        report = action(
            config, resume=resume, size_steps=_own_data(recipe, rest, config), progress=progress, say=progress.say
        )
    show_report(report, chosen.json, run_folder(config))


def _own_data(recipe: str, words: Words, config: TrainConfig) -> bool:
    """Return whether the number of steps is a recipe's at the size of a laptop, for other data than these."""
    given = [peek(words, option) for option in ("--steps", "--size")]
    return given == [None, None] and not recipe.endswith(".toml") and config.data != _start(recipe, words).data


def _help_of_recipe(words: Words, known: list[str]) -> Words:
    """Return a call for help with the recipe first; where it names none, say that the values are those of no recipe."""
    if not {"--help", "-h"} & set(words):
        return words
    named = next((word for word in words if word in known or word.endswith(".toml")), "")
    if named:
        return [named, *(word for word in words if word != named)]
    put(
        f"Recipes: {', '.join(known)}.\nThe values below are those of no recipe; gantlet train RECIPE --help shows a recipe's.\n"
    )
    return words


def _resume_words(words: Words) -> Words:
    """Return the words with a value after a ``--resume`` that has none, and in the place of ``--no-resume``."""
    values, result = ("no", "yes", "auto"), list[str]()
    for word, following in pairwise([*words, ""]):
        result += ["--resume", "no"] if word == "--no-resume" else [word]
        if word == "--resume" and following not in values:
            result.append("yes")
    return result


def _start(recipe: str, words: Words) -> TrainConfig:
    """Return the configuration that the options override: a config.toml, a recipe at the requested size, or the defaults."""
    from gantlet.training import recipes
    from gantlet.training.journal import is_run
    from gantlet.training.runs.own_data import recorded

    size = peek(words, "--size")
    if not recipe:
        return TrainConfig()
    if not recipe.endswith(".toml"):
        return recipes.load(recipe) if size is None else recipes.load(recipe, size)
    if size is not None:
        raise UsageError(f"--size chooses between the sizes of a recipe, and {recipe} holds its own values; omit it")
    return recorded(Path(recipe)) if is_run(Path(recipe).parent) else TrainConfig.from_toml(Path(recipe))


def _require_harmless(file: Path, words: Words) -> None:
    """Raise UntrustedError when a value that comes from the file, and not from an option, names code or a place outside."""
    from gantlet.data import SOURCES

    read = TrainConfig.from_toml(file)
    typed = {name for name in vars(read) if any(peek(words, f"--{word}") for word in (name, name.replace("_", "-")))}
    if "data" not in typed:
        require_harmless(read.data, file, inside=file.parent, known=SOURCES.names())
    if read.out and "out" not in typed:
        require_below(read.out, file)
    require_harmless_fields(read, file, but=("data", "out", *typed), known=SOURCES.names())


def sample(words: Words) -> None:
    """Draw images from a trained generator: files, one picture, or a film of a walk."""
    run, rest = first(words, "sample", "a run folder")
    (chosen,) = parse("sample", rest, options.Sample, argument="RUN")
    out = chosen.video or chosen.out
    if chosen.video is not None and peek(rest, "--out") is not None:
        raise UsageError("--video FILE is written in the place of --out; give one of them")
    if chosen.grid and chosen.video is None and peek(rest, "--out") is None:
        out = out.with_suffix(".png")
    from gantlet.actions.sample import sample as action
    from gantlet.actions.sample_pictures import planned

    plan = planned(out, chosen.n, chosen.interpolate, chosen.grid)
    if chosen.video is not None and not plan.is_film:
        raise UsageError(f"a film is NAME.webp or NAME.gif; got --video {out}")
    how = {name: value for name, value in vars(chosen).items() if name not in ("n", "out", "video")}
    with Progress() as progress:
        action(Path(run), out, chosen.n, **how, progress=progress, say=progress.say)
    what = (
        f"a film of {counted(plan.n, 'frame')}"
        if plan.is_film
        else f"a picture of {counted(plan.n, 'image')}"
        if plan.is_picture
        else counted(plan.n, "image")
    )
    put(f"{what} in {out}")


def project(words: Words) -> None:
    """Search the latent of an image: how near does a trained generator come to it, and to its own images?"""
    run, rest = first(words, "project", "a run folder, and an image")
    image, rest = positional(rest, "project", "an image file after the run folder") if run else ("", rest)
    (chosen,) = parse("project", rest, Project, argument="RUN IMAGE")
    from gantlet.actions.project import project as action

    how = {name: value for name, value in vars(chosen).items() if name not in ("out", "json")}
    with Progress() as progress:
        found = action(Path(run), Path(image), chosen.out, **how, progress=progress)
    put(json_text(found.to_dict()) if chosen.json else f"{found.text}\n{chosen.out}")


def export(words: Words) -> None:
    """Write a trained generator as an ONNX model, checked against the original, as a page for the browser, or to the hub."""
    run, rest = first(words, "export", "a run folder")
    (chosen,) = parse("export", rest, options.Export, argument="RUN")
    ways = [way for way in ("--out", "--web", "--push-to-hub") if peek(rest, way) is not None]
    if len(ways) > 1:
        raise UsageError(f"{' and '.join(ways)} are different ways to export; give one of them")
    if chosen.push_to_hub:
        from gantlet.actions.publish import push_to_hub

        put(push_to_hub(Path(run), chosen.push_to_hub, which=chosen.which, private=chosen.private))
        return
    if chosen.private:
        raise UsageError("--private applies to a repository of the hub; give --push-to-hub OWNER/NAME too")
    if chosen.web is not None:
        from gantlet.actions.export_web import export_web

        put(f"{chosen.web}: {export_web(Path(run), chosen.web, which=chosen.which).sentence}")
        return
    from gantlet.actions.export import export as action

    result = action(Path(run), chosen.out, which=chosen.which)
    put(f"{chosen.out}: {result.sentence}")
