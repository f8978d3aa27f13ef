"""The install page names the ways that tools/try_installers.py tries, the extras that there are, and the ranges that pyproject.toml states."""

import importlib.util
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "install.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_every_way_that_is_tried_is_on_the_page(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("try_installers", ROOT / "tools" / "try_installers.py")
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    ways = tool.ways(tmp_path / "gantlet-1-py3-none-any.whl", tmp_path)
    assert set(ways) == {"uv pip", "uv tool", "uvx", "pipx"}
    for commands in ways.values():
        install = next(words for words in commands if any(word.endswith(".whl") for word in words))
        named = " ".join(word for word in install if not word.startswith("-"))
        head = "uvx --from" if install[0] == "uvx" else named.partition(" install ")[0] + " install"
        assert re.search(rf"^{re.escape(head)} dist/gantlet-\*\.whl", PAGE, re.MULTILINE), head


def test_the_extras_are_those_of_the_project() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", PAGE.split("## Extras")[1], re.MULTILINE))
    assert listed == set(PROJECT["optional-dependencies"]) - {"dev", "docs"}


def test_the_oldest_versions_are_those_of_the_project() -> None:
    oldest = {re.split(r"[>=]=", line)[0].lower(): re.split(r"[>=]=", line)[1] for line in PROJECT["dependencies"]}
    for name in ("torch", "NumPy", "SciPy", "scikit-learn", "Pillow"):
        (stated,) = re.findall(rf"{name} ([\d.]*\d)", PAGE)
        assert oldest[name.lower()].removesuffix(".0") == stated.removesuffix(".0")
    assert PROJECT["requires-python"].removeprefix(">=") in PAGE
