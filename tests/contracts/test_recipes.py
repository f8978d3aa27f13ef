"""Every recipe has a whole page, its figures name recorded commands, and explain and the documentation show it."""

import importlib.util
import re
from pathlib import Path

import pytest

from gantlet.cli import main
from gantlet.training import recipes

ROOT = Path(__file__).parents[2]
RESULTS = (ROOT / "benchmarks" / "RESULTS.md").read_text()
ENTRIES = {entry.name: entry for entry in recipes.RECIPES.entries()}
NAMES = "1-Lipschitz|[A-Za-z]+[0-9]+|8×8|25-grid"


def figures(text: str) -> bool:
    """Whether a text holds figures: digits that are no part of a name."""
    return bool(re.search(r"\d", re.sub(NAMES, "", text)))


@pytest.mark.parametrize("name", ENTRIES)
def test_a_page_has_all_fields(name: str) -> None:
    page = ENTRIES[name].object["page"]
    assert set(page) == set(recipes.PAGE)
    assert isinstance(page["measured"], list) and page["measured"]
    for text in (page[field] for field in recipes.PAGE if field != "measured"):
        assert isinstance(text, str) and len(text) > 10, text


@pytest.mark.parametrize("name", ENTRIES)
def test_every_figure_names_a_command_that_is_recorded(name: str) -> None:
    """Each line of measured and the cost: a command in backticks that stands in benchmarks/RESULTS.md, or no figure."""
    page = ENTRIES[name].object["page"]
    for text in (*page["measured"], page["cost"]):
        commands = re.findall(r"`([^`]+)`", text)
        assert commands or not figures(text), text
        assert figures(text) or not commands, text
        for command in commands:
            assert command in RESULTS, f"{command} has no row in benchmarks/RESULTS.md"


@pytest.mark.parametrize("name", ENTRIES)
def test_explain_and_the_page_show_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name]) == 0
    shown, page = capsys.readouterr().out, ENTRIES[name].object["page"]
    for field in recipes.PAGE:
        first = page[field] if isinstance(page[field], str) else page[field][0]
        assert f"{field.capitalize()}: {first}" in shown
    assert ENTRIES[name].source in shown


def test_the_documentation_has_a_section_a_recipe_with_both_sizes() -> None:
    spec = importlib.util.spec_from_file_location("hooks", ROOT / "docs" / "hooks.py")
    assert spec is not None and spec.loader is not None
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    text = hooks.recipes_page()
    assert re.findall(r"^## (.*)$", text, flags=re.MULTILINE) == list(ENTRIES)
    sections = dict(zip(ENTRIES, text.split("\n## ")[1:], strict=True))
    assert "| steps | `4,000` | `100,000` |" in sections["sngan"]
    assert "| field | laptop |\n" in sections["ring"]
    assert set(hooks.TITLES) == set(recipes.PAGE)
