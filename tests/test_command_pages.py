"""The documentation's page of commands lists every command and subcommand with exactly the options that it takes."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from gantlet.cli import main
from gantlet.cli.commands import COMMANDS
from gantlet.cli.commands.evaluation import _STATS

PLACE = Path(__file__).parent.parent / "docs" / "hooks.py"


def hooks() -> Any:
    spec = importlib.util.spec_from_file_location("hooks", PLACE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGE = hooks().commands_page()
SECTIONS = {part.partition("\n")[0]: part for part in PAGE.split("## gantlet ")[1:]}


def test_every_command_has_a_section_and_every_option_a_meaning() -> None:
    assert set(SECTIONS) == {*COMMANDS, *(f"stats {name}" for name in _STATS)}
    rows = [line for part in SECTIONS.values() for line in part.splitlines() if line.startswith("| `--")]
    assert len(rows) > 100
    for row in rows:
        option, default, meaning = (cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:4])
        assert default and "MISSING" not in default, option
        assert len(meaning) > 5, option


def test_the_page_says_what_every_command_takes_and_returns() -> None:
    head = PAGE.partition("## gantlet ")[0]
    for words in (
        "--trust",
        "--limit 16GB",
        "0 done, 1 failed, 2 usage error, 3 gate not met, 4 gate undefined, 130 interrupted",
    ):
        assert words in head


@pytest.mark.parametrize("name", SECTIONS)
def test_a_sections_options_are_those_of_the_commands_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*name.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    taken = set(re.findall(r"^[│ ]*(--[a-z][a-z0-9-]*)", shown, flags=re.MULTILINE))
    taken -= {option.replace("--", "--no-", 1) for option in taken}  # an option's other side, on a line of its own
    assert set(re.findall(r"^\| `(--[a-z0-9-]+)`", SECTIONS[name], flags=re.MULTILINE)) == taken
