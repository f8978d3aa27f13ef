"""Pages made from the code when the documentation is built: catalogue, recipes, and every command's options."""

import dataclasses
import html
import inspect
import re
from pathlib import Path
from typing import Any

from gantlet.actions import catalogue
from gantlet.cli import entry, options
from gantlet.cli.commands import COMMANDS
from gantlet.core.config import EvaluateConfig, TrainConfig
from gantlet.core.registry import Entry
from gantlet.evaluation.audit.config import AuditConfig
from gantlet.training import recipes

OPTIONS = {
    "quickstart": [options.Quickstart],
    "train": [options.Train, TrainConfig],
    "sample": [options.Sample],
    "export": [options.Export],
    "evaluate": [options.Evaluate, EvaluateConfig],
    "compare": [options.Compare, EvaluateConfig],
    "leaderboard": [options.Leaderboard],
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

    for page, text in root_pages().items():
        files.append(File.generated(config, page, content=text))
    files.append(File.generated(config, "catalogue.md", content=catalogue_page()))
    files.append(File.generated(config, "recipes.md", content=recipes_page()))
    files.append(File.generated(config, "commands.md", content=commands_page()))
    return files


def root_pages() -> dict[str, str]:
    """Return the pages whose text lies in the root of the checkout, with links that lead from docs/."""
    root = Path(__file__).parent.parent
    return {
        "index.md": (root / "README.md")
        .read_text()
        .replace("](docs/", "](")
        .replace("](CONTRIBUTING.md", "](contributing.md"),
        "contributing.md": (root / "CONTRIBUTING.md").read_text().replace("](docs/", "]("),
    }


def catalogue_page() -> str:
    """Return one section an entry, with its whole docstring."""
    parts = ["# Catalogue\n\nEverything here is also printed by `gantlet list` and `gantlet explain NAME`.\n"]
    for kind in catalogue.KINDS:
        found = catalogue.entries(kind)
        if found:
            parts.append(f"## {kind}\n")
            parts += [(_link if kind == "recipes" else _section)(entry) for entry in found]
    return "\n".join(parts)


def _section(entry: Entry) -> str:
    paragraphs = "\n".join(f"<p>{html.escape(part)}</p>" for part in entry.document.split("\n\n"))
    source = "" if "Source: " in entry.document else f"<p>Source: {html.escape(entry.source)}</p>"
    return f"### {entry.name}\n\n{paragraphs}\n{source}\n"


def _link(entry: Entry) -> str:
    return f"### {entry.name}\n\n{html.escape(entry.summary)} [Its page](recipes.md#{entry.name}).\n"


RECIPES = """# Recipes

`gantlet train NAME` trains at the size of a laptop, `gantlet train NAME --size paper` with the paper's hyper-parameters;
`gantlet explain NAME` prints what stands here. Losses are minimised by both players and are means over the batch; D gives logits,
z ~ N(0, I). Costs are processor seconds of one generator step, its discriminator steps included, at laptop size on gray images
of 32×32 pixels, each recipe with its own network and batch, over those of dcgan (64 channels wide, where most others have 32).
"""
TITLES = {
    "formula": "Losses", "use": "When to use it", "fails": "When it fails", "sizes": "Sizes", "measured": "Measured",
    "cost": "Cost of a generator step",
}  # fmt: skip


def recipes_page() -> str:
    """Return one section a recipe: what its [page] says, and the hyper-parameters of both sizes."""
    return "\n".join([RECIPES, *(_recipe(entry) for entry in recipes.RECIPES.entries())])


def _recipe(entry: Entry) -> str:
    page = entry.object["page"]
    lines = [f"## {entry.name}\n", html.escape(entry.summary), f"\nSource: {html.escape(entry.source)}\n"]
    for field, title in TITLES.items():
        listed = page[field] if isinstance(page[field], list) else [page[field]]
        # backticks become code; everything else is text as it stands
        texts = [re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False)) for text in listed]
        items = "".join(f"<li>{text}</li>" for text in texts)
        lines.append(
            f"<p><strong>{title}.</strong> {texts[0] if len(texts) == 1 else f'</p><ul>{items}</ul><p>'}</p>\n"
        )
    return "\n".join([*lines, _hyper_parameters(entry), ""])


def _hyper_parameters(entry: Entry) -> str:
    names = [*entry.object.get("train", {}), *entry.object.get("laptop", {})]
    sizes = [size for size in recipes.SIZES if size != "paper" or "train" in entry.object]
    configs = [recipes.load(entry.name, size) for size in sizes]
    rows = [f"| field | {' | '.join(sizes)} |", "|---" * (1 + len(sizes)) + "|"]
    for name in dict.fromkeys(names):
        values = [getattr(config, name) for config in configs]
        rows.append(f"| {name} | {' | '.join(f'`{_plain(value)}`' for value in values)} |")
    return "\n".join(rows)


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def commands_page() -> str:
    """Return one section a command or subcommand, with a table of its options."""
    parts = [f"# Commands\n\n| of every command | |\n|---|---|\n{everywhere()}\n"]
    for name, kinds in OPTIONS.items():
        command, _, inner = name.partition(" ")
        text = inspect.getdoc(kinds[0]) if inner else inspect.getdoc(COMMANDS[command])
        parts.append(f"## gantlet {name}\n\n{text}\n")
        rows = [row for kind in kinds for row in _rows(kind)]
        parts += ["| option | default | meaning |\n|---|---|---|", *rows, ""] if rows else []
    return "\n".join(parts)


def everywhere() -> str:
    """Return rows for the options and exit statuses of every command, in the help's words."""
    lines = (text.strip().partition(": ") for text in (entry.ABOUT_TRUST, entry.ABOUT_LIMIT, entry.ABOUT_STATUS))
    return "\n".join(f"| `{name}` | {text} |" for name, _, text in lines)


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
