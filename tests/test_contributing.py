"""What CONTRIBUTING says is true: its Python registers, its TOML is a protocol, and the files that it names exist."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gantlet.actions import catalogue
from gantlet.core.config import EvaluateConfig

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
ROWS = re.findall(r"^\| ([a-z]+)[^|]*\| `([^`]+)` \| `gantlet\.([a-z]+)` \| `([^`]+)` \|$", TEXT, re.MULTILINE)


def test_every_python_block_registers_its_part() -> None:
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 8
    script = "\n".join(blocks)
    names = re.findall(r'\.register\(\s*"([^"]+)"', script)
    assert len(names) == len(set(names)) == 10
    script += """
built = [OBJECTIVES.build("my-loss"), PENALTIES.build("my-drift"), TECHNIQUES.build("my-matching"), EXTRACTORS.build("my-rows")]
import gantlet
config = gantlet.EvaluateConfig(features="my-rows", metrics=("my_precision",), cache=False)
print(gantlet.evaluate("my-stripes[seed=1]", "my-stripes", config)["my_precision"].text)
"""
    done = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert re.match(r"\d", done.stdout)


def test_every_kind_is_in_the_table_with_its_folder_and_file() -> None:
    assert {group for _, _, group, _ in ROWS} == {*catalogue.KINDS, "needs"}
    for _, folder, _, file in ROWS:
        assert (ROOT / "src" / "gantlet" / folder / file).is_file(), f"{folder}{file}"


def test_the_protocol_is_one() -> None:
    for block in re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL):
        content = tomllib.loads(block)
        if "project" in content:
            groups = {group.removeprefix("gantlet.") for group in content["project"]["entry-points"]}
            assert groups <= {group for _, _, group, _ in ROWS}
        else:
            EvaluateConfig.from_mapping(content["evaluate"])


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:tests|docs|\.github)/[\w./-]+)`", TEXT))))
def test_every_file_that_is_named_exists(path: str) -> None:
    assert (ROOT / path).exists()
