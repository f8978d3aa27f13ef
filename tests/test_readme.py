"""What the README says is true: its Python example runs, and its commands exist."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.cli import main
from gantlet.cli.commands import COMMANDS

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_the_python_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    for name in ("fakes", "photos"):
        (tmp_path / name).mkdir()
        for i in range(12):
            Image.fromarray(generator.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(tmp_path / name / f"{i}.png")
    words = ["train", "digits", "--steps", "2", "--batch", "4", "--network", "dcgan[width=4,norm=none]"]
    assert main([*words, "--no-evaluate", "--out", "runs/quickstart"]) == 0
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in example.splitlines() if line.strip()]) == 5
    capsys.readouterr()
    scope: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), scope)
    assert re.match(r"\d", capsys.readouterr().out)
    assert getattr(scope["images"], "shape", None) == (16, 8, 8, 1)


def test_every_command_of_the_readme_exists() -> None:
    named = re.findall(r"^gantlet (\w+)", README, re.MULTILINE)
    assert len(named) >= 5
    assert set(named) <= set(COMMANDS)
    makefile = (Path(__file__).parents[1] / "Makefile").read_text()
    for target in re.findall(r"make (\w+)", README):
        assert f"\n{target}:" in makefile, target
