"""`gantlet classroom`: the file that it writes, where its answers come from, and what it refuses."""

import importlib
import json
import shlex
from pathlib import Path

import pytest

from gantlet.classroom.answers import RECORDED, answers, read_result
from gantlet.classroom.games import GAMES, SHAPES, command, config
from gantlet.classroom.questions import QUESTIONS
from gantlet.cli import main
from gantlet.cli.options import Train
from gantlet.cli.parse import parse
from gantlet.core.config import TrainConfig
from gantlet.core.errors import DataError


def test_it_writes_the_page_and_replaces_only_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "lab.html"
    assert main(["classroom", "--out", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    first = out.read_bytes()
    assert main(["classroom", "--out", str(out)]) == 0
    assert out.read_bytes() == first
    out.write_text("my own page")
    assert main(["classroom", "--out", str(out)]) == 1
    assert "choose another file with --out" in capsys.readouterr().err
    assert out.read_text() == "my own page"


def test_the_answers_are_results_of_the_labs_as_they_are_now() -> None:
    found = answers()
    assert len(found) == len(QUESTIONS) == 6
    for answer in found:
        result, lab = answer["result"], answer["question"].lab
        module = importlib.import_module(f"gantlet.labs.{lab.replace('-', '_')}")
        assert (result.claim, result.tolerance, result.source) == (module.CLAIM, module.TOLERANCE, module.SOURCE)
        assert result.size == "laptop"
        assert answer["command"] == f"gantlet lab {lab} --seeds {len(result.seeds)}"
        assert len(result.seeds) >= 3 and result.ours.low is not None, f"{lab}: one seed gives no interval"


def test_every_guess_can_be_right() -> None:
    for question in QUESTIONS:
        assert len(question.guesses) == len(question.bounds) + 1
        assert list(question.bounds) == sorted(question.bounds)
        edges = [question.bounds[0] - 1, *question.bounds]
        assert [question.right(edge) for edge in edges] == list(range(len(question.guesses)))
        assert question.game in ("", *GAMES)
        assert question.data in ("", *SHAPES)


def test_own_results_give_the_answers(tmp_path: Path) -> None:
    for question in QUESTIONS:
        values = json.loads((RECORDED / f"{question.lab}.json").read_text())
        values["ours"] |= {"value": question.bounds[-1] + 1, "low": None, "high": None}
        (tmp_path / f"{question.lab}.json").write_text(json.dumps(values | {"size": "full"}))
    for answer in answers(tmp_path):
        assert answer["right"] == len(answer["question"].guesses) - 1
        assert " --size full --seeds " in answer["command"]
    assert main(["classroom", "--answers", str(tmp_path), "--out", str(tmp_path / "lab.html")]) == 0


@pytest.mark.parametrize("text", ["", "[]", '{"lab": "two-modes"}', "[" * 100_000])
def test_results_that_are_none_are_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"no two-modes\.json in .*run gantlet lab two-modes"):
        read_result(tmp_path, "two-modes")
    (tmp_path / "two-modes.json").write_text(text)
    with pytest.raises(DataError, match=r"two-modes\.json is no result of a lab"):
        read_result(tmp_path, "two-modes")


def test_the_result_of_another_lab_is_refused(tmp_path: Path) -> None:
    (tmp_path / "two-modes.json").write_text((RECORDED / "weight-clipping.json").read_text())
    with pytest.raises(DataError, match="expected a number of the lab two-modes"):
        read_result(tmp_path, "two-modes")


@pytest.mark.parametrize("game", GAMES)
def test_the_command_in_the_page_trains_the_same_game(game: str) -> None:
    words = shlex.split(command(game))
    _, parsed = parse("train", words, Train, TrainConfig())
    assert parsed == config(game)
