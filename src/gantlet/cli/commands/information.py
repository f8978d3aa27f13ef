"""Commands that list and explain the package's parts, and that test published claims."""

from gantlet.cli import options
from gantlet.cli.commands.shared import Words, first, put
from gantlet.cli.parse import parse
from gantlet.cli.progress import Progress
from gantlet.core.visible import json_text


def lab(words: Words) -> None:
    """Test one claim of a paper by an experiment (`lab list` lists them): figure, number, verdict."""
    name, rest = first(words, "lab", "the name of a lab, or list")
    if name == "list":
        list_(["labs", *rest])
        return
    (chosen,) = parse("lab", rest, options.Lab, argument="NAME")
    from gantlet.labs.lab import Setting
    from gantlet.labs.run import run_lab

    lab_options = {"data": chosen.data} if chosen.data else {}
    with Progress() as progress:
        setting = Setting(chosen.size, chosen.seed, chosen.seeds, chosen.out, progress)
        result = run_lab(name, setting, lab_options)
    if chosen.json:
        put(result.to_json())
        return
    from gantlet.reports.lab import show

    show(result)
    put("\n" + "\n".join(str(chosen.out / figure) for figure in result.figures))


def list_(words: Words) -> None:
    """List metrics, extractors, sources, objectives, penalties, networks, recipes …"""
    kind, rest = ("", words) if not words or words[0].startswith("-") else (words[0], words[1:])
    (chosen,) = parse("list", rest, options.List, argument="[KIND]")
    from gantlet.actions import catalogue

    entries_by_kind = {name: catalogue.entries(name) for name in ([kind] if kind else catalogue.KINDS)}
    if chosen.json:
        put(
            json_text(
                {name: [entry.as_dict() for entry in entries] for name, entries in entries_by_kind.items()}, indent=1
            )
        )
        return
    from rich.console import Console
    from rich.table import Table

    for name, entries in entries_by_kind.items():
        if not entries and not kind:
            continue
        table = Table(title=name, title_justify="left", title_style="bold", box=None, show_header=False, pad_edge=False)
        for entry in entries:
            origin = "" if entry.origin == "gantlet" else f" ({entry.origin})"
            table.add_row(entry.name, entry.summary + origin, style=None)
        Console().print(table, "", markup=False)


def explain(words: Words) -> None:
    """Explain a metric, recipe, penalty …: how it is computed, when it lies, its source."""
    name, rest = first(words, "explain", "a name (gantlet list shows them)")
    parse("explain", rest, options.Explain, argument="NAME")
    from gantlet.actions import catalogue

    for kind, entry in catalogue.find(name):
        source = "" if "Source: " in entry.document else f"\n\nSource: {entry.source}"
        put(f"{entry.name} ({kind})\n\n{entry.document}{source}\n")


def doctor(words: Words) -> None:
    """Show versions, devices, caches and which feature extractors are ready."""
    (chosen,) = parse("doctor", words, options.Doctor)
    from gantlet.actions.doctor import examine

    sections = examine()
    if chosen.json:
        put(json_text(sections, indent=1))
        return
    for section, lines in sections.items():
        put(section)
        for key, value in lines.items():
            put(f" {key:<22} {value}")
