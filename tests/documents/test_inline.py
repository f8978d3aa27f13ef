"""Every how-to and explanation page runs: its code, its commands with the exit status that it states, its files, its checks."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("nbformat", reason="nbformat is not installed: pip install -e '.[dev]'")
DOCS = Path(__file__).parents[2] / "docs"
PAGES = [f"{path.parent.name}/{path.name}" for kind in ("how-to", "explanation") for path in (DOCS / kind).glob("*.md")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of all pages, run by one process."""
    made = tmp_path_factory.mktemp("pages")
    subprocess.run([sys.executable, DOCS / "inline.py", made], check=True)
    return made


@pytest.mark.parametrize("page", sorted(PAGES))
def test_a_page_runs_from_its_first_command_to_its_last(page: str, folder: Path) -> None:
    assert len(PAGES) > 8
    outcome = json.loads((folder / "outcome.json").read_text())[page]
    assert not outcome["error"], outcome["error"]
    shown = (folder / page).read_text()
    assert "<!-- check" not in shown and "\x1b" not in shown and "Traceback" not in shown
    assert 'title="prints"' in shown or page == "how-to/index.md"
    assert "<!-- check" in (DOCS / page).read_text() or 'title="prints"' in shown


@pytest.fixture
def inline() -> ModuleType:
    spec = importlib.util.spec_from_file_location("inline", DOCS / "inline.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page(tmp_path: Path, text: str) -> Path:
    (path := tmp_path / "page.md").write_text(text)
    return path


def test_what_a_page_says_is_held_against_what_happens(inline: ModuleType, tmp_path: Path) -> None:
    text = 'A.\n\n```text title="in/a.txt"\nwords\n```\n\n```python\nprint(open("in/a.txt").read().strip())\n```\n'
    assert inline.run(page(tmp_path, text), tmp_path) == f'{text.rstrip()}\n\n```text title="prints"\nwords\n```\n'
    status = "```bash\ngantlet \\\n  no-command  # status 2\n```\n"
    assert "no-command" in inline.run(page(tmp_path, status), tmp_path)
    with pytest.raises(AssertionError, match="ended with status 2, not 0"):
        inline.run(page(tmp_path, status.replace("# status 2", "")), tmp_path)
    with pytest.raises(AssertionError, match="commands of gantlet"):
        inline.run(page(tmp_path, "```bash\nrm -r /nowhere\n```\n"), tmp_path)
    with pytest.raises(AssertionError):
        inline.run(page(tmp_path, "```python\nx = 1\n```\n\n<!-- check: assert x == 2 -->\n"), tmp_path)


@pytest.mark.slow
def test_the_gallery_is_made_by_its_commands(inline: ModuleType, tmp_path: Path) -> None:
    inline.made(tmp_path, ["gallery"])
    text = (tmp_path / "gallery" / "index.md").read_text()
    for shown in ("two-folders/report.html", "ring/samples/step-00000400.png", "audit/audit.png", "web/index.html"):
        assert shown in text and (tmp_path / "gallery" / shown).stat().st_size > 1000
    assert len(list((tmp_path / "gallery" / "web").iterdir())) > 2, "a page comes with its folder"
    assert not (tmp_path / "work").exists()
