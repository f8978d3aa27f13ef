"""Compiled networks play the same game; their checkpoints are those of the originals.

What is truly compiled runs in a program of its own: under pytest every function checks its shapes, which cannot be traced.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import Watcher, config, images

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.training.compiling import differentiated_twice
from gantlet.training.loop import run
from gantlet.training.parts import Parts
from gantlet.training.runs.tensors import read_tensors

PLAIN: dict[str, Any] = {"objective": "nonsaturating", "penalties": (), "fakes": "shared", "evaluate_every": 0}


@pytest.mark.parametrize(
    ("penalties", "expected"),
    [((), ["DcganGenerator", "DcganDiscriminator"]), (("gradient-penalty",), ["DcganGenerator"])],
)
def test_where_gradients_are_differentiated_twice_the_generator_alone_is_compiled(
    penalties: tuple[str, ...], expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(torch, "compile", lambda network: seen.append(type(network).__name__) or network)
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    run(
        config(tmp_path / "run", steps=1, **{**PLAIN, "penalties": penalties, "compile": True}),
        images(),
        observer=Watcher(),
    )
    assert seen == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, False),
        ({"penalties": ("spectral-norm",)}, False),
        ({"penalties": ("r1",)}, True),
        ({"penalties": ("dragan",)}, True),
        ({"objective": "minimax", "techniques": ("unrolled",)}, True),
        ({"objective": "wgan-qc"}, True),
    ],
)
def test_who_differentiates_twice(given: dict[str, object], expected: bool) -> None:
    assert differentiated_twice(Parts.of(TrainConfig.from_mapping(given))) == expected


def test_without_a_compiler_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(
        ConfigError, match=r"compile needs a C\+\+ compiler, and none is here \(looked for g\+\+, clang\+\+\)"
    ):
        run(config(tmp_path / "run", **{**PLAIN, "compile": True}), images(), observer=Watcher())


SCRIPT = """
import json, sys
from pathlib import Path
from tiny import Watcher, config, images
from gantlet.training.loop import run

folder, changes, resume = sys.argv[1:]
changes = {key: tuple(value) if isinstance(value, list) else value for key, value in json.loads(changes).items()}
run(config(Path(folder), **changes), images(), resume=bool(resume), observer=Watcher())
"""


def final(folder: Path, resume: bool = False, **changes: Any) -> dict[str, torch.Tensor]:
    """Train in another program; return the last checkpoint's tensors."""
    words = [str(folder), json.dumps({**PLAIN, "steps": 4, **changes}), "yes" if resume else ""]
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return read_tensors(folder / "checkpoints" / "final.safetensors")[0]


def apart(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> float:
    assert one.keys() == two.keys()
    return max(float((one[name].double() - two[name].double()).abs().max()) for name in one)


@pytest.mark.slow
@pytest.mark.parametrize("penalties", [(), ("gradient-penalty",)])
def test_compiled_is_eager_up_to_rounding_and_resumes_bit_by_bit(penalties: tuple[str, ...], tmp_path: Path) -> None:
    """Within 1e-5 after 4 steps: float32 sums in another order, as far apart as two processes are from one."""
    if not (shutil.which("g++") or shutil.which("clang++")):
        pytest.skip("there is no C++ compiler here")
    eager, compiled = (final(tmp_path / str(flag), compile=flag, penalties=penalties) for flag in (False, True))
    assert apart(eager, compiled) < 1e-5
    assert not any("_orig_mod" in name for name in compiled)
    final(tmp_path / "halves", compile=True, penalties=penalties, steps=3)
    assert apart(compiled, final(tmp_path / "halves", True, compile=True, penalties=penalties)) == 0
