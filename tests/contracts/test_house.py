"""The rules of the house that a machine can check; each test lists all offenders at once."""

import ast
from pathlib import Path

import pytest

from gantlet.actions import catalogue

SOURCE = Path(__file__).parents[2] / "src" / "gantlet"
FILES = {str(path.relative_to(SOURCE)): path.read_text() for path in sorted(SOURCE.rglob("*.py"))}
TREES = {name: ast.parse(text) for name, text in FILES.items()}
LONG = {("training/loop.py", "run")}
"""The one function that may be longer: the loop reads as a whole."""
LAZY = {"__init__.py": "imports the public names on first use"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> list[Function]:
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def length(function: Function) -> int:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body and body[-1].end_lineno else 0


def undocumented(tree: ast.Module) -> list[str]:
    """Return the public functions without a docstring; functions inside functions and of private classes may lack one."""
    everything = functions(tree)
    nested = {id(inner) for outer in everything for inner in functions(outer) if inner is not outer}
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name.startswith("_")]
    private = {id(inner) for holder in classes for inner in holder.body}
    return [
        function.name
        for function in everything
        if not (function.name.startswith("_") or function.name == "forward")
        and "overload" not in map(ast.unparse, function.decorator_list)  # the function that follows has the docstring
        and id(function) not in nested | private
        and not ast.get_docstring(function)
    ]


def unpickles(tree: ast.Module) -> list[str]:
    """Return the lines that could run code from a file."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names} | {getattr(node, "module", "") or ""}
            bad = bool(names & {"dill", "joblib", "shelve", "marshal"})
        elif isinstance(node, ast.Attribute):  # the error that torch.load(weights_only=True) raises
            bad = ast.unparse(node.value) == "pickle" and node.attr != "UnpicklingError"
        elif isinstance(node, ast.Call):
            keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            name = ast.unparse(node.func)
            bad = (name == "torch.load" and keywords.get("weights_only") != "True") or (
                name in ("np.load", "numpy.load") and keywords.get("allow_pickle", "False") != "False"
            )
        else:
            continue
        lines += [ast.unparse(node)] if bad else []
    return lines


def logic(tree: ast.Module) -> list[str]:
    """Return what a package's __init__ holds beside docstrings, imports and assignments."""
    allowed = ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign | ast.Expr
    return [ast.unparse(node).splitlines()[0] for node in tree.body if not isinstance(node, allowed)]


def test_files_have_at_most_250_lines() -> None:
    assert not {name: text.count("\n") for name, text in FILES.items() if text.count("\n") > 250}


def test_files_say_what_they_are() -> None:
    assert not [name for name, tree in TREES.items() if not ast.get_docstring(tree)]


def test_functions_have_at_most_40_lines() -> None:
    long = {(name, f.name): length(f) for name, tree in TREES.items() for f in functions(tree) if length(f) > 40}
    assert set(long) <= LONG, long


def test_public_functions_have_docstrings() -> None:
    assert not {name: names for name, tree in TREES.items() if (names := undocumented(tree))}


def test_nothing_is_unpickled() -> None:
    found = {name: lines for name, tree in TREES.items() if (lines := unpickles(tree))}
    # Messages between the processes of one torchrun, as torch's own object collectives; never a file.
    assert found == {"core/processes.py": ["pickle.loads", "pickle.dumps"]}


def test_packages_hold_names_and_no_logic() -> None:
    packages = {name: tree for name, tree in TREES.items() if name.endswith("__init__.py") and name not in LAZY}
    assert not {name: lines for name, tree in packages.items() if (lines := logic(tree))}


def test_nothing_inside_imports_the_public_names() -> None:
    offenders = [
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and node.module == "gantlet")
        or (isinstance(node, ast.Import) and any(alias.name == "gantlet" for alias in node.names))
    ]
    assert not offenders


@pytest.mark.parametrize(
    ("check", "code"),
    [
        (undocumented, "def public(): pass"),
        (unpickles, "import joblib"),
        (unpickles, "torch.load(path)"),
        (unpickles, "np.load(path, allow_pickle=True)"),
        (unpickles, "pickle.loads(text)"),
        (logic, "def main(): pass"),
    ],
)
def test_the_checks_find_offenders(check: "type", code: str) -> None:
    assert check(ast.parse(code))


@pytest.mark.parametrize("kind", catalogue.KINDS)
def test_every_entry_has_a_summary_and_a_source(kind: str) -> None:
    for entry in catalogue.entries(kind):
        assert entry.summary.endswith("."), entry.name
        assert entry.source, entry.name
        assert entry.document, entry.name
