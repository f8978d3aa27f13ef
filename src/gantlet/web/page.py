"""The static folder: a page, its scripts and the model, all that a host has to serve."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gantlet.core.version import __version__
from gantlet.web.graph import ASSETS, RUNTIME

MARK = '<meta name="generator" content="gantlet export --web '
"""Every such page has it, and no other folder is replaced by one."""
SCRIPTS = (*RUNTIME, "worker.js", "latents.js", "page.js")
NAMES = ("index.html", "style.css", *SCRIPTS, "generator.onnx")
"""All files of the folder."""


@dataclass(frozen=True)
class Facts:
    """What the page knows of its generator.

    name: the run's; network: its spec; ``side`` and ``channels`` of its images; ``latent``: the dimension of z; ``classes``: their
    names, none where it is unconditional; ``step`` of its weights; ``directions`` [m][latent], unit vectors; ``shares`` [m] in [0, 1].
    """

    name: str
    network: str
    side: int
    channels: int
    latent: int
    classes: Sequence[str]
    step: int
    directions: Sequence[Sequence[float]]
    shares: Sequence[float]


def files(facts: Facts, model: bytes) -> dict[str, bytes]:
    """Return the folder's files by name."""
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ASSETS), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    numbers = json.dumps(asdict(facts), ensure_ascii=False, separators=(",", ":"))
    page = environment.get_template("index.html").render(
        version=__version__, facts=facts, numbers=Markup(numbers.replace("<", "\\u003c"))
    )
    copied = {name: (ASSETS / name).read_bytes() for name in ("style.css", *SCRIPTS)}
    return {"index.html": page.encode("utf-8", "replace"), **copied, "generator.onnx": model}


def is_ours(folder: Path) -> bool:
    """Return whether a folder is one that `files` made, with nothing else in it."""
    page = folder / "index.html"
    if not {path.name for path in folder.iterdir()} <= set(NAMES) or page.is_symlink() or not page.is_file():
        return False
    with page.open("rb") as file:
        return MARK.encode() in file.read(1_000)
