"""Docstrings on pages: examples are code, each part is a paragraph, and the rest stays as it is."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("griffe", reason="griffe is not installed: pip install -e '.[docs]'")
spec = importlib.util.spec_from_file_location("docstrings", Path(__file__).parents[2] / "docs" / "docstrings.py")
assert spec is not None and spec.loader is not None
docstrings = importlib.util.module_from_spec(spec)
spec.loader.exec_module(docstrings)


def test_examples_and_parts_are_set_apart() -> None:
    text = "Do it.\n\n>>> f(1)  # doctest: +SKIP\n>>> for x in y:\n...     g(x)\n\nArgs: x: a number. Returns: the\nsum. Raises: DataError."
    assert docstrings.shown(text) == (
        "Do it.\n\n\n```pycon\n>>> f(1)\n>>> for x in y:\n...     g(x)\n```\n\n"
        "\n\n\n**Args:** x: a number. \n\n**Returns:** the\nsum. \n\n**Raises:** DataError."
    )


def test_words_inside_a_sentence_stay() -> None:
    text = "The `Source: x` of Returns, and Args are words here; a colon: too."
    assert docstrings.shown(text) == text
