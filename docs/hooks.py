"""Pages made from the code when the documentation is built: catalogue, recipes, and every command's options."""

import dataclasses
import html
import importlib
import inspect
import os
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import gantlet
from gantlet.cli import entry, options, transport_options
from gantlet.cli.commands import COMMANDS
from gantlet.cli.project_options import Project
from gantlet.cli.tournament_options import Tournament
from gantlet.core.config import EvaluateConfig, TrainConfig
from gantlet.core.registry import Entry
from gantlet.evaluation.audit.config import AuditConfig
from gantlet.training import recipes

sys.path.insert(0, str(Path(__file__).parent))
import inline
import notebooks
from catalogue_pages import CODE, catalogue_pages
from kept import kept

OPTIONS = {
    "quickstart": [options.Quickstart],
    "train": [options.Train, TrainConfig],
    "sample": [options.Sample],
    "project": [Project],
    "export": [options.Export],
    "evaluate": [options.Evaluate, EvaluateConfig],
    "compare": [options.Compare, EvaluateConfig],
    "leaderboard": [options.Leaderboard],
    "tournament": [Tournament],
    "audit": [options.Audit, AuditConfig],
    "stats": [],
    "stats make": [options.StatsMake, EvaluateConfig],
    "stats merge": [options.StatsMerge],
    "stats show": [options.StatsShow],
    "transport": [transport_options.Transport],
    "lab": [options.Lab],
    "classroom": [options.Classroom],
    "report": [options.ReportCommand],
    "replay": [options.Replay],
    "log": [options.Log],
    "list": [options.List],
    "explain": [options.Explain],
    "doctor": [options.Doctor],
}


def on_files(files: Any, config: Any) -> Any:
    """Add the generated pages: root pages, catalogue, recipes, commands, and with what they print the pages that run."""
    from mkdocs.structure.files import File

    made = {**root_pages(), "recipes.md": recipes_page(), "commands.md": commands_page(), **catalogue_pages()}
    contents: dict[str, str | bytes] = {**made, **pages_that_run()}
    for name, content in contents.items():
        if (old := files.get_file_from_path(name)) is not None:
            files.remove(old)
        files.append(File.generated(config, name, content=content))
    return files


def pages_that_run() -> dict[str, bytes]:
    """Return the files of tutorials, how-to, explanation and gallery by their place; what is new is run, two at a time."""
    docs = Path(__file__).parent
    tasks = [("inline", inline.texts(), inline.made), ("gallery", inline.texts(["gallery"]), _gallery)]
    for path in sorted((docs / "tutorials").glob("*.md")):
        tasks.append((f"tutorial-{path.stem}", path.read_text(), partial(run_tutorial, path)))
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        folders = list(pool.map(lambda task: kept(*task), tasks))
    ran = [(path.relative_to(folder), path) for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {str(name): path.read_bytes() for name, path in ran if len(name.parts) > 1}


def _gallery(folder: Path) -> None:
    inline.made(folder, ["gallery"])


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Keep each page's Markdown for its twin, and set formulas between dollar signs as MathML, which needs no script."""
    TWINS[page.file.src_uri] = (page.title or page.file.name, ENTRY.sub(_in_words, markdown))
    return ENTRY.sub(_titled, with_formulas(markdown))


def _public(module: str, name: str) -> str:
    """Return the name by which an entry of the reference is public."""
    places = {"gantlet.transport.solving": "gantlet.transport", gantlet._WHERE.get(name): "gantlet"}
    return f"{places.get(module, module)}.{name}"


def _titled(entry: "re.Match[str]") -> str:
    title = _public(entry[1], entry[2])
    return f"{entry[0]}\n    options:\n      heading: {title}\n      toc_label: {title.removeprefix('gantlet.')}"


def _in_words(entry: "re.Match[str]") -> str:
    """Return an entry's signature and docstring, for the twin of its page."""
    found = getattr(importlib.import_module(entry[1]), entry[2])
    called = "" if isinstance(found, type) and issubclass(found, Exception) else inspect.signature(found)
    return f"### {_public(entry[1], entry[2])}\n\n```python\n{entry[2]}{called}\n```\n\n{inspect.getdoc(found)}"


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Take the script that lets the search work from disk from here, for no page asks another host; name the search for screen readers."""
    here = "../" * page.url.count("/") + "assets/iframe-worker.js"
    output = output.replace("https://unpkg.com/iframe-worker/shim", here)
    return output.replace(
        'data-md-component="search" role="dialog"', 'data-md-component="search" role="dialog" aria-label="Search"'
    )


def on_post_build(config: Any) -> None:
    """Write the twin of each page, PAGE.md, without pictures, and llms.txt, which lists them."""
    site = Path(config["site_dir"])
    lines = [f"# {config['site_name']}\n", f"> {config['site_description']}\n", "## Pages\n"]
    for uri, (title, text) in TWINS.items():
        path = site / uri
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(re.sub(r"\(data:image/png;base64,[^)]*\)", "(in the page)", text))
        lines.append(f"- [{title}]({uri})")
    (site / "llms.txt").write_text("\n".join(lines) + "\n")


TWINS: dict[str, tuple[str, str]] = {}
"""Title and Markdown of each page of this build."""
ENTRY = re.compile(r"^::: ([\w.]+)\.(\w+)$", re.MULTILINE)
"""An entry of the Python reference: its module and its name."""
FORMULA = re.compile(r"(```.*?```|`[^`\n]*`)|\$([^$\n]+)\$", re.DOTALL)
"""Code, which stays as it is, or a formula."""


def with_formulas(markdown: str) -> str:
    """Return the text with each $formula$ outside code as MathML."""
    from latex2mathml.converter import convert

    return FORMULA.sub(lambda found: found[1] or convert(found[2]), markdown)


def run_tutorial(path: Path, made: Path) -> None:
    """Run a tutorial in an empty folder; write its page and its notebook into ``made/tutorials``."""
    with tempfile.TemporaryDirectory() as folder:
        done = notebooks.executed(notebooks.notebook(path.read_text()), Path(folder))
    (target := made / "tutorials").mkdir()
    (target / path.name).write_text(notebooks.page(done, path.stem))
    (target / f"{path.stem}.ipynb").write_text(notebooks.written(notebooks.notebook(path.read_text())))


def root_pages() -> dict[str, str]:
    """Return the pages whose text lies in the root of the checkout, with links that lead from docs/."""
    root = Path(__file__).parent.parent
    pages = {"README.md": "index.md", "README.zh.md": "chinese.md", "CONTRIBUTING.md": "contributing.md"}
    texts = {}
    for file, page in pages.items():
        texts[page] = (root / file).read_text().replace("](docs/", "](")
        for other, target in pages.items():
            texts[page] = texts[page].replace(f"]({other}", f"]({target}")
    return texts


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
        texts = [CODE.sub(r"<code>\1</code>", html.escape(text, quote=False)) for text in listed]
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
    return "required" if made is dataclasses.MISSING else f"`{made}`" if made != "" else "empty"
