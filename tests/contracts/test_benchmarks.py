"""Every name that a benchmark imports from the package is there: benchmarks run by hand, so nothing else would notice."""

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [*sorted((ROOT / "benchmarks").rglob("*.py")), *sorted((ROOT / "examples").rglob("*.py"))]


def missing(text: str) -> list[str]:
    """Return the names that a file's text imports from gantlet and that are not there."""
    absent = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "gantlet":
            for name in (alias.name for alias in node.names):
                if not _is_there(node.module, name):
                    absent.append(f"{node.module}.{name}")
    return absent


def _is_there(module: str, name: str) -> bool:
    try:
        if hasattr(importlib.import_module(module), name):
            return True
        importlib.import_module(f"{module}.{name}")
    except ImportError:
        return False
    return True


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_it_imports_is_there(file: Path) -> None:
    assert missing(file.read_text()) == []


def test_a_renamed_name_is_noticed() -> None:
    assert missing("from gantlet.labs.mixtures import found, measure_modes") == ["gantlet.labs.mixtures.found"]
    assert missing("from gantlet.nowhere import run") == ["gantlet.nowhere.run"]
    assert missing("from gantlet.training import recipes\nimport torch") == []
