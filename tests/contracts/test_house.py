"""The rules of the house that a machine can check: lengths of files and functions, docstrings, no pickles, no printing."""

import ast
from pathlib import Path

import pytest

from gantlet.actions import catalogue

SOURCE = Path(__file__).parents[2] / "src" / "gantlet"
FILES = sorted(SOURCE.rglob("*.py"))
LONG = {("training/loop.py", "run")}
"""The one function that may be longer: the loop reads as a whole."""


def functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body and body[-1].end_lineno else 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_is_an_idea(path: Path) -> None:
    text, name = path.read_text(), str(path.relative_to(SOURCE))
    tree = ast.parse(text)
    assert text.count("\n") <= 250, f"{name} is {text.count(chr(10))} lines long; which second idea lives in it?"
    assert ast.get_docstring(tree), f"{name} needs a docstring that says what it is"
    for function in functions(tree):
        assert length(function) <= 40 or (name, function.name) in LONG, (
            f"{name}: {function.name} is {length(function)} lines"
        )
        public = not function.name.startswith("_") and function.name != "forward"
        inside = [c.name for c in ast.walk(tree) if isinstance(c, ast.ClassDef) and function in c.body]
        public = public and not any(name.startswith("_") for name in inside)
        nested = any(function in ast.walk(other) for other in functions(tree) if other is not function)
        assert ast.get_docstring(function) or not public or nested, f"{name}: {function.name} needs a docstring"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_nothing_is_unpickled(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names} | {getattr(node, "module", "") or ""}
            assert not names & {"dill", "joblib", "shelve", "marshal"}
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "pickle":
            assert node.attr == "UnpicklingError"  # the error that torch.load(weights_only=True) raises
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load":
            assert any(k.arg == "weights_only" and ast.unparse(k.value) == "True" for k in node.keywords)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.load", "numpy.load"):
            assert not any(k.arg == "allow_pickle" and ast.unparse(k.value) != "False" for k in node.keywords)


@pytest.mark.parametrize("kind", catalogue.KINDS)
def test_every_entry_has_a_summary_and_a_source(kind: str) -> None:
    for entry in catalogue.entries(kind):
        assert entry.summary.endswith("."), entry.name
        assert entry.source, entry.name
        assert entry.document, entry.name
