"""Every tutorial runs as a notebook, in a kernel, in an empty folder, and its checks hold."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("nbclient", reason="nbclient is not installed: pip install -e '.[dev]'")
pytest.importorskip("ipykernel", reason="ipykernel is not installed: pip install -e '.[dev]'")

ROOT = Path(__file__).parents[2]
TUTORIALS = [*sorted((ROOT / "docs" / "tutorials").glob("*.md")), ROOT / "docs" / "tasks.md"]
spec = importlib.util.spec_from_file_location("notebooks", ROOT / "docs" / "notebooks.py")
assert spec is not None and spec.loader is not None
notebooks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(notebooks)


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
