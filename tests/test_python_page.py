"""The Python page: every public name is in its reference, its examples run, and keywords are the configuration's fields."""

import dataclasses
import importlib
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

import gantlet
from gantlet.actions.settings import EvaluateSettings
from gantlet.core.config import EvaluateConfig

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "python.md").read_text()
REFERENCE = "\n".join(path.read_text() for path in sorted((DOCS / "reference").glob("*.md")))
ENTRIES = re.findall(r"^::: ([\w.]+)$", REFERENCE, re.MULTILINE)
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_every_entry_of_the_reference_exists_and_is_documented() -> None:
    for entry in ENTRIES:
        module, _, name = entry.rpartition(".")
        assert vars(importlib.import_module(module))[name].__doc__, entry


def test_every_public_name_is_in_the_reference() -> None:
    packages = {"labs", "transport"}
    listed = {entry.rpartition(".")[2] for entry in ENTRIES}
    assert set(gantlet.__all__) - packages <= listed
    for name in gantlet.__all__:
        assert getattr(gantlet, name) is not None
    assert set(gantlet.__all__) == set(gantlet._WHERE) - {"__version__"} | packages


def test_the_keywords_are_the_fields_of_the_configuration() -> None:
    assert set(EvaluateSettings.__annotations__) == {field.name for field in dataclasses.fields(EvaluateConfig)}


def pictures(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 16, 16, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for i, name in enumerate(("fakes", "photos")):
        (tmp_path / name).mkdir()
        for row, image in enumerate(pictures(40, i)):
            Image.fromarray(image).save(tmp_path / name / f"{row}.png")
    return tmp_path


def test_the_first_example_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib").use("Agg")
    exec(compile(BLOCKS[0], "python.md", "exec"), {})
    assert re.match(r"coverage \d", capsys.readouterr().out)


def test_the_example_of_forms_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    fakes, rows = pictures(40, 2), np.random.default_rng(3).standard_normal((60, 4))
    tensors = torch.from_numpy(pictures(40, 4)).permute(0, 3, 1, 2) / 127.5 - 1
    scope: dict[str, Any] = {
        "gantlet": gantlet,
        "generator": torch.nn.Sequential(
            torch.nn.Linear(128, 3 * 16 * 16), torch.nn.Tanh(), torch.nn.Unflatten(1, (3, 16, 16))
        ),
        "loader": torch.utils.data.DataLoader(torch.utils.data.TensorDataset(tensors), batch_size=8),
        "fakes": torch.from_numpy(fakes).permute(0, 3, 1, 2) / 127.5 - 1,
        "y": np.arange(40) % 2,
        "more_photos": pictures(40, 5),
        "a": rows,
        "b": rows + 1,
    }
    code = BLOCKS[1].replace("n=5000", "n=50, features='pixels', metrics='coverage'")
    code = code.replace("held_out=more_photos", "held_out=more_photos, features='pixels', metrics='coverage'")
    assert code != BLOCKS[1]
    exec(compile(code, "python.md", "exec"), scope)


class Pipeline:
    """A stand-in with the interface of an unconditional pipeline of diffusers: DDPMPipeline.__call__."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(
        self,
        batch_size: int = 1,
        generator: Any = None,
        num_inference_steps: int = 1000,
        output_type: str = "pil",
        return_dict: bool = True,
    ) -> SimpleNamespace:
        import torch

        self.batches.append(batch_size)
        image = torch.rand(batch_size, 16, 16, 3, generator=generator).numpy()
        assert output_type == "pil" and return_dict and num_inference_steps == 50
        return SimpleNamespace(images=[Image.fromarray((255 * one).round().astype(np.uint8)) for one in image])


def test_the_recipe_of_a_diffusion_pipeline_runs() -> None:
    (code,) = [block for block in BLOCKS if "pipeline(" in block]
    code = code.replace("n=500", "n=40").replace("photos)", "photos, features='pixels', metrics='coverage')")
    reports = []
    for _ in range(2):
        scope: dict[str, Any] = {"gantlet": gantlet, "pipeline": Pipeline(), "photos": pictures(50, 1)}
        exec(compile(code, "python.md", "exec"), scope)
        assert scope["pipeline"].batches == [16, 16, 8]
        reports.append(scope["report"])
    assert reports[0].n_fake == 40
    assert reports[0].digests["fake"] == reports[1].digests["fake"], "the seeds make it repeatable"


def wrong_calls() -> dict[str, Any]:
    images = pictures(20, 0)
    return {
        "evaluate": lambda: gantlet.evaluate(None, images),
        "evaluate, config": lambda: gantlet.evaluate(images, images, config=3),
        "evaluate, keyword": lambda: gantlet.evaluate(images, images, metric="coverage"),
        "evaluate, list": lambda: gantlet.evaluate(images, images, metrics=[3]),
        "evaluate, out": lambda: gantlet.evaluate(images, images, out=3),
        "evaluate, until": lambda: gantlet.evaluate("digits", "digits", until=3),
        "evaluate, until of a function": lambda: gantlet.evaluate(pictures, images, until="1%"),
        "compare": lambda: gantlet.compare(images, images, images),
        "compare, reports": lambda: gantlet.compare_reports(3, 4),
        "leaderboard": lambda: gantlet.leaderboard(3, 4),
        "audit": lambda: gantlet.audit(data=3),
        "audit, keyword": lambda: gantlet.audit(metric="coverage"),
        "gate": lambda: gantlet.gate(
            gantlet.evaluate(images, pictures(20, 1), metrics="coverage", features="pixels"), ["x"]
        ),
        "Evaluator": lambda: gantlet.Evaluator(None),
        "open_source": lambda: gantlet.open_source(3),
        "images": lambda: gantlet.images(3),
        "points": lambda: gantlet.points("x"),
        "features": lambda: gantlet.features(images, "a"),
        "train": lambda: gantlet.train(3),
        "load": lambda: gantlet.load(3),
        "sample": lambda: gantlet.sample(3, 4, 5),
        "project": lambda: gantlet.project(3, 4, 5),
        "export": lambda: gantlet.export(3, 4),
        "lab": lambda: gantlet.lab(3),
        "lab, size": lambda: gantlet.lab("weight-clipping", size="s"),
        "solve": lambda: gantlet.transport.solve(3, 4),
        "solve, method": lambda: gantlet.transport.solve([[1.0]], [[1.0]], method=3),
        "Report": lambda: gantlet.Report.load(3),
        "EvaluateConfig": lambda: gantlet.EvaluateConfig(n="x"),
        "EvaluateConfig, list": lambda: gantlet.EvaluateConfig(metrics="coverage"),
        "TrainConfig": lambda: gantlet.TrainConfig(steps="x"),
    }


def test_every_public_call_fails_in_words() -> None:
    """In a process of its own: the type checks of the tests would see the wrong types first."""
    import subprocess
    import sys

    code = (
        "import importlib.util, gantlet\n"
        f"spec = importlib.util.spec_from_file_location('page', {__file__!r})\n"
        "page = importlib.util.module_from_spec(spec); spec.loader.exec_module(page)\n"
        "for name, call in page.wrong_calls().items():\n"
        "    try:\n        call()\n"
        "    except gantlet.GantletError as error:\n        assert len(str(error)) > 15, name\n"
        "    except Exception as error:\n        print(name, type(error).__name__, error)\n"
        "    else:\n        print(name, 'passed')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout == "", done.stdout + done.stderr
