"""Pages made from the code when the documentation is built: the catalogue, and every command's options."""

import dataclasses
import html
import inspect
from pathlib import Path
from typing import Any

from gantlet import catalogue
from gantlet.audit.settings import AuditConfig
from gantlet.cli import options
from gantlet.cli.commands import COMMANDS
from gantlet.config import EvaluateConfig, TrainConfig
from gantlet.registry import Entry

OPTIONS = {
    "quickstart": [options.Quickstart],
    "train": [options.Train, TrainConfig],
    "sample": [options.Sample],
    "export": [options.Export],
    "evaluate": [options.Evaluate, EvaluateConfig],
    "compare": [options.Compare, EvaluateConfig],
    "audit": [options.Audit, AuditConfig],
    "stats": [],
    "stats make": [options.StatsMake, EvaluateConfig],
    "stats merge": [options.StatsMerge],
    "stats show": [options.StatsShow],
    "lab": [options.Lab],
    "report": [options.ReportCommand],
    "log": [options.Log],
    "list": [options.List],
    "explain": [options.Explain],
    "doctor": [options.Doctor],
}


def on_files(files: Any, config: Any) -> Any:
    """Add the generated pages."""
    from mkdocs.structure.files import File

    readme = Path(__file__).parent.parent / "README.md"
    index = readme.read_text().replace("docs/report.png", "report.png")
    files.append(File.generated(config, "index.md", content=index))
    files.append(File.generated(config, "catalogue.md", content=catalogue_page()))
    files.append(File.generated(config, "commands.md", content=commands_page()))
    return files


def catalogue_page() -> str:
    """Return one section an entry, with its whole docstring."""
    parts = ["# Catalogue\n\nEverything here is also printed by `gantlet list` and `gantlet explain NAME`.\n"]
    for kind in catalogue.KINDS:
        found = catalogue.entries(kind)
        if found:
            parts.append(f"## {kind}\n")
            parts += [_section(entry) for entry in found]
    return "\n".join(parts)


def _section(entry: Entry) -> str:
    paragraphs = "\n".join(f"<p>{html.escape(part)}</p>" for part in entry.document.split("\n\n"))
    source = "" if "Source: " in entry.document else f"<p>Source: {html.escape(entry.source)}</p>"
    return f"### {entry.name}\n\n{paragraphs}\n{source}\n"


def commands_page() -> str:
    """Return one section a command or subcommand, with a table of its options."""
    parts = ["# Commands\n"]
    for name, kinds in OPTIONS.items():
        command, _, inner = name.partition(" ")
        text = inspect.getdoc(kinds[0]) if inner else inspect.getdoc(COMMANDS[command])
        parts.append(f"## gantlet {name}\n\n{text}\n")
        rows = [row for kind in kinds for row in _rows(kind)]
        parts += ["| option | default | meaning |\n|---|---|---|", *rows, ""] if rows else []
    return "\n".join(parts)


def _rows(kind: Any) -> list[str]:
    import tyro._docstrings as docstrings

    rows = []
    for field in dataclasses.fields(kind):
        text = (docstrings.get_field_docstring(kind, field.name, ()) or "").replace("|", "\\|").replace("\n", " ")
        rows.append(f"| `--{field.name.replace('_', '-')}` | {_default(field)} | {text} |")
    return rows


def _default(field: "dataclasses.Field[Any]") -> str:
    made = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
    return "required" if made is dataclasses.MISSING else f"`{made}`"
