"""Every tutorial runs as a notebook, in a kernel, in an empty folder, and its checks hold."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("nbclient", reason="nbclient is not installed: pip install -e '.[dev]'")
pytest.importorskip("ipykernel", reason="ipykernel is not installed: pip install -e '.[dev]'")

ROOT = Path(__file__).parents[2]
TUTORIALS = [*sorted((ROOT / "docs" / "tutorials").glob("*.md")), ROOT / "docs" / "tasks.md"]


def loaded(name: str) -> ModuleType:
    """Return a module of the documentation's build."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


notebooks, warm = loaded("notebooks"), loaded("warm")


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return a folder with a `gantlet` that starts at once."""
    with warm.warm(tmp_path_factory.mktemp("started")) as folder:
        yield folder


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_runs_from_its_first_cell_to_its_last(path: Path, tmp_path: Path, started: str) -> None:
    made = notebooks.notebook(path.read_text(), checks=True)
    assert any(cell.source.startswith("assert") or "assert" in cell.source for cell in made.cells), (
        "a tutorial has a check"
    )
    done = notebooks.executed(made, tmp_path, started)
    shown = notebooks.page(done, path.stem)
    assert f"({path.stem}.ipynb)" in shown and "```text" in shown
    assert "Traceback" not in shown and "\x1b" not in shown


def test_checks_are_not_part_of_the_page_and_text_is_kept() -> None:
    text = (
        "# A\n\nWords.\n\n```python\nx = 1\n```\n\n<!-- check: assert x == 1 -->\n\n```bash\necho hello\n```\n\nEnd.\n"
    )
    plain, checked = notebooks.notebook(text), notebooks.notebook(text, checks=True)
    assert [cell.cell_type for cell in plain.cells] == ["markdown", "code", "code", "markdown"]
    assert [cell.source for cell in plain.cells][1:] == ["x = 1", "%%bash\necho hello", "End."]
    assert "assert x == 1" in [cell.source for cell in checked.cells]
    assert notebooks.written(plain) == notebooks.written(notebooks.notebook(text)), "the file is the same each time"
