"""Tutorials are Markdown pages that run: each is also a notebook, and its page shows what the notebook printed.

A fence of ``python`` or ``bash`` is a cell, the rest is text. ``<!-- check: CODE -->`` is a cell of the tests alone.
"""

import base64
import os
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode, v4

PIECE = re.compile(r"^```(python|bash)\n(.*?)^```$|^<!-- check: (.*?) -->$", re.MULTILINE | re.DOTALL)
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
"""Colours of a terminal."""
SECONDS = 300
"""A cell that takes longer has failed."""


def notebook(text: str, *, checks: bool = False) -> NotebookNode:
    """Return the notebook of a page, with its checks or without them."""
    cells, start = [], 0
    for piece in PIECE.finditer(text):
        cells.append(v4.new_markdown_cell(text[start : piece.start()].strip()))
        start = piece.end()
        kind, code, check = piece.groups()
        if kind is not None:
            cells.append(v4.new_code_cell(("%%bash\n" if kind == "bash" else "") + code.rstrip()))
        elif checks:
            cells.append(v4.new_code_cell(check))
    cells.append(v4.new_markdown_cell(text[start:].strip()))
    made = v4.new_notebook(cells=[cell for cell in cells if cell.source])
    for index, cell in enumerate(made.cells):
        cell.id = f"cell-{index}"
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def executed(made: NotebookNode, folder: Path, first: str = "") -> NotebookNode:
    """Run a notebook's cells in a kernel of this interpreter, with ``folder`` as its working directory; return it with its outputs.

    ``first``: a folder whose commands come before all others.
    """
    path = os.pathsep.join(filter(None, (first, str(Path(sys.executable).parent), os.environ["PATH"])))
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(made, timeout=SECONDS, kernel_name="python3", coalesce_streams=True, resources=resources)
    client.execute(env={**os.environ, "PATH": path, "NO_COLOR": "1", "COLUMNS": "88"})
    return made


def page(made: NotebookNode, name: str) -> str:
    """Return Markdown of a notebook that ran: text, code, and what each cell printed or drew."""
    parts = []
    for cell in made.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        bash = cell.source.startswith("%%bash\n")
        parts.append(f"```{'bash' if bash else 'python'}\n{cell.source.removeprefix('%%bash' + chr(10))}\n```")
        parts += [said for output in cell.outputs if (said := shown(output))]
    link = f"[Download this page as a notebook]({name}.ipynb)"
    title, _, rest = parts[0].partition("\n")
    return "\n\n".join([title, link, rest.strip(), *parts[1:]]) + "\n"


def shown(output: NotebookNode) -> str:
    """Return an output as Markdown; '' for what goes to stderr."""
    if output.output_type == "stream":
        lines = [line.rstrip() for line in ESCAPES.sub("", output.text).rstrip().splitlines()]
        return "\n".join(['```text title="prints"', *lines, "```"]) if output.name == "stdout" else ""
    data = output.get("data", {})
    if "image/png" in data:
        image = "".join(data["image/png"]).strip()
        assert base64.b64decode(image)
        return f"![What the code above draws](data:image/png;base64,{image})"
    return f'```text title="gives"\n{data["text/plain"]}\n```' if "text/plain" in data else ""


def written(made: NotebookNode) -> str:
    """Return the notebook's file."""
    return nbformat.writes(made)
