"""What a page printed is kept until its text, the code or a package changes, and a page that failed leaves nothing."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

PLACE = Path(__file__).parents[2] / "docs" / "kept.py"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("kept", PLACE)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    monkeypatch.setattr(made, "FOLDER", tmp_path / "build")
    return made


def test_a_page_runs_once_for_each_text_and_each_state_of_the_code(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[str] = []

    def make(folder: Path) -> None:
        runs.append(folder.name)
        (folder / "page.md").write_text(f"run {len(runs)}")

    assert (module.kept("a", "text", make) / "page.md").read_text() == "run 1"
    assert (module.kept("a", "text", make) / "page.md").read_text() == "run 1"
    assert (module.kept("b", "text", make) / "page.md").read_text() == "run 2"
    assert (module.kept("a", "other", make) / "page.md").read_text() == "run 3"
    monkeypatch.setattr(module, "surroundings", lambda: "another version of the code")
    assert (module.kept("a", "other", make) / "page.md").read_text() == "run 4"
    assert (module.kept("b", "text", make) / "page.md").read_text() == "run 5"
    assert len(list(module.FOLDER.iterdir())) == 2, "what is out of date is removed"


def test_a_page_that_fails_leaves_nothing_and_runs_again(module: ModuleType) -> None:
    def broken(folder: Path) -> None:
        (folder / "page.md").write_text("half")
        raise ValueError("a cell failed")

    with pytest.raises(ValueError, match="a cell failed"):
        module.kept("a", "text", broken)
    assert list(module.FOLDER.iterdir()) == []


def test_the_surroundings_are_the_code_as_it_is(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "src" / "gantlet").mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(module, "ROOT", tmp_path)
    digests = []
    for path, text in (("src/gantlet/a.py", "1"), ("src/gantlet/a.py", "2"), ("docs/inline.py", "2")):
        (tmp_path / path).write_text(text)
        module.surroundings.cache_clear()
        digests.append(module.surroundings())
    assert len(set(digests)) == 3
