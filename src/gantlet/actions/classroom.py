"""Write the lab for the class room: its data sets from the sources of training, its answers from results of labs."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from gantlet.classroom.answers import RECORDED, answers
from gantlet.classroom.games import GAMES, SHAPES, Shape, command
from gantlet.classroom.page import MARK, render
from gantlet.core.errors import OutputError
from gantlet.core.files import write_bytes
from gantlet.core.mixture import Mixture
from gantlet.core.specs import parse_spec
from gantlet.data.mixture import mixture_of

RADIUS, OPENING, SPREAD, ALONG = 1.7, np.pi / 4, 0.1, 600
"""The C: its radius, half the angle that is open, its standard deviation, and the number of Gaussians along it."""


def classroom(out: Path = Path("lab.html"), *, answers_from: Path | None = None) -> Path:
    """Write the page, which opens from disk without a network, and return its path.

    Args: out: the file; answers_from: a folder with NAME.json of own runs of the six labs (``gantlet lab NAME --out FOLDER``); None:
    the results that come with gantlet.
    Raises: DataError for an answer that is missing; OutputError, also where ``out`` is another's file.
    """
    page = render({name: _data(name) for name in SHAPES}, answers(answers_from or RECORDED))
    if os.path.lexists(out) and not _is_ours(out):
        raise OutputError(f"{out} exists and is no page of gantlet classroom; choose another file with --out")
    write_bytes(out, page.encode())
    return out


def _is_ours(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return MARK.encode() in file.read(1_000)


def distribution(shape: Shape) -> Mixture:
    """Return the mixture of equal round Gaussians that a data set is drawn from."""
    if not shape.source:
        angle = OPENING + (2 * np.pi - 2 * OPENING) * (np.arange(ALONG) + 0.5) / ALONG
        return Mixture(RADIUS * np.stack([np.cos(angle), np.sin(angle)], axis=1), SPREAD)
    options = parse_spec(shape.source)[1]
    return mixture_of(options["kind"], float(options.get("sigma", 0)), float(options.get("scale", 1)))


def _data(name: str) -> dict[str, Any]:
    shape = SHAPES[name]
    mixture = distribution(shape)
    trained = {game: f"gantlet train --data '{shape.source}' {command(game)}" for game in GAMES}
    return {
        "title": shape.title,
        "pieces": shape.pieces,
        "each": shape.each,
        "counted": shape.counted,
        "centres": np.round(mixture.centres, 6).tolist(),
        "sigma": float(mixture.factors[0, 0, 0]),
        "commands": trained if shape.source else {},
    }
