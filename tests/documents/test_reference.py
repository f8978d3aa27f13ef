"""The reference: every public name is in it once, with an example that uses it, and the examples print what they say."""

import doctest
import re
from pathlib import Path

import pytest

import gantlet

PAGES = sorted((Path(__file__).parents[2] / "docs" / "reference").glob("*.md"))
TEXTS = {path.stem: path.read_text() for path in PAGES}
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_examples_print_what_the_page_says(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = re.sub(r"^```.*$", "", TEXTS[path.stem], flags=re.MULTILINE)
    test = doctest.DocTestParser().get_doctest(text, {}, path.name, str(path), 0)
    assert len(test.examples) >= 4
    said: list[str] = []
    doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=said.append)
    assert not said, "".join(said)


def test_every_public_name_is_used_by_an_example() -> None:
    typed = "\n".join(re.findall(r"^(?:>>>|\.\.\.) (.*)$", "\n".join(TEXTS.values()), re.MULTILINE))
    missing = [name for name in gantlet.__all__ if not re.search(rf"\bgantlet\.{name}\b", typed)]
    assert not missing


def test_an_entry_stands_on_one_page() -> None:
    entries = re.findall(r"^::: ([\w.]+)$", "\n".join(TEXTS.values()), re.MULTILINE)
    assert len(entries) == len(set(entries)) >= 30
