"""The measured answers: results of `gantlet lab`, as it recorded them, beside the questions."""

import json
from pathlib import Path
from typing import Any

from gantlet.classroom.questions import QUESTIONS, Question
from gantlet.core.errors import DataError
from gantlet.core.files import read_text
from gantlet.core.results.lab import LabResult
from gantlet.core.schema import from_plain

RECORDED = Path(__file__).parent / "measured"
"""Results of the labs at laptop size: NAME.json is what ``gantlet lab NAME`` wrote."""


def read_result(folder: Path, lab: str) -> LabResult:
    """Return the result of a lab from FOLDER/NAME.json; raises DataError where there is none, or it has no number."""
    path = folder / f"{lab}.json"
    if not path.is_file():
        raise DataError(f"no {path.name} in {folder}; run gantlet lab {lab} --out {folder}, or leave --answers out")
    try:
        result = from_plain(LabResult, json.loads(read_text(path)))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is no result of a lab: {error}") from error
    if result.lab != lab or result.ours.value is None or not result.seeds:
        raise DataError(f"{path}: expected a number of the lab {lab}; got {result.ours.text} of {result.lab}")
    return result


def answer(question: Question, folder: Path) -> dict[str, Any]:
    """Return a question with what its lab measured: value, interval, verdict, reason, tolerance, command; raises DataError."""
    result = read_result(folder, question.lab)
    ours = result.ours
    assert ours.value is not None  # read_result refuses others
    size = "" if result.size == "laptop" else f" --size {result.size}"
    first = f" --seed {result.seeds[0]}" if result.seeds[0] else ""
    return {
        "question": question,
        "right": question.right(ours.value),
        "text": ours.text,
        "result": result,
        "command": f"gantlet lab {question.lab}{size}{first} --seeds {len(result.seeds)}",
    }


def answers(folder: Path = RECORDED) -> list[dict[str, Any]]:
    """Return all questions with their answers from one folder; raises DataError."""
    return [answer(question, folder) for question in QUESTIONS]
