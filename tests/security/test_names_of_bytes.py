"""Names that are not UTF-8 are read, written and shown; files of another kind are called what they are."""

import ast
import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from gantlet.cli import main
from gantlet.core.errors import CacheError, CheckpointError, DataError
from gantlet.core.results.report import Report
from gantlet.data.opening import open_source
from gantlet.evaluation.features import cache
from gantlet.evaluation.features.statistics_file import read_statistics
from gantlet.training.runs import generator
from gantlet.training.runs.header import header_of

EARLIER = Path(__file__).parents[1] / "compatibility" / "earlier"


@pytest.fixture
def bytes_(places: Path) -> Path:
    """Return the current folder, with names that are no UTF-8: a class, files, and the folder n\\xff that holds a run."""
    for side in ("real", "fake"):
        os.rename(f"{side}/cat".encode(), f"{side}/chat".encode() + b"\xe9")
    os.rename(b"fake/dog/0.png", b"fake/dog/caf\xe9.png")
    Path("n\udcff").mkdir()
    shutil.copytree(EARLIER / "run", places / "n\udcff" / "run")
    return places


def test_names_of_any_bytes_are_evaluated(bytes_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANTLET_CACHE", "n\udcff/cache")
    words = ["evaluate", "fake", "--real", "real", "--features", "pixels", "--metrics", "precision"]
    for out in ("out", "out", "o\udcff"):  # the second time from the cache
        assert main([*words, "--out", out]) == 0
        text = Path(out, "report.json").read_text(encoding="utf-8")
        assert "chat\\\\udce9" in text
        assert main(["report", out]) == 0
    assert list(Path("n\udcff/cache/findings").iterdir())
    assert main([*words[:3], "fake", *words[4:], "--classes", "chat\udce9=dog", "--out", "out"]) == 0


def test_files_lie_in_folders_of_any_name(bytes_: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make = ["stats", "make", "n\udcff/images", "--features", "pixels", "--no-cache", "--out"]
    os.rename("real", "n\udcff/images")
    for out in ("st.safetensors", "n\udcff/st.safetensors"):
        assert main([*make, out]) == 0
        capsys.readouterr()
        assert main(["stats", "show", out, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["sources"][0]["spec"] == "n\\udcff/images"
    assert main(["sample", "n\udcff/run", "--n", "4", "--out", "n\udcff/x.npz"]) == 0


@pytest.mark.parametrize("option", ["--out", "--data"])
def test_a_run_is_refused_before_it_begins(option: str, bytes_: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(bytes_.rglob("*"))
    assert main(["train", "wgan-gp", option, "n\udcff/new"]) == 1
    error = capsys.readouterr().err
    assert "no UTF-8" in error
    assert error.count("\n") == 1
    assert sorted(bytes_.rglob("*")) == before


def test_a_file_of_another_kind_is_not_called_damaged(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(EARLIER / "run", places / "run")
    save_file({"x": np.zeros(3)}, "theirs.safetensors")
    for path, what in (
        ("run/checkpoints/final.safetensors", "a gantlet checkpoint"),
        ("theirs.safetensors", "did not write"),
    ):
        for words in (["stats", "show", path], ["evaluate", "fake", "--real", path]):
            assert main(words) == 1
            error = capsys.readouterr().err
            assert what in error
            assert "damaged" not in error
            assert "delete" not in error


def test_a_damaged_cache_may_be_deleted_and_nothing_else(tmp_path: Path) -> None:
    cache.store(tmp_path / "x.safetensors", {"a": np.arange(3.0)}, {"of": "b"}, {})
    whole = (tmp_path / "x.safetensors").read_bytes()
    (tmp_path / "x.safetensors").write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(CacheError, match="delete it, or use --no-cache"):
        cache.load(tmp_path / "x.safetensors", {"of": "b"})
    with pytest.raises(CacheError) as raised:
        read_statistics(tmp_path / "x.safetensors")
    assert "delete" not in str(raised.value)


def test_a_run_is_sampled_while_its_training_removes_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Path(shutil.copytree(EARLIER / "run", tmp_path / "run"))
    final = run / "checkpoints" / "final.safetensors"
    early = run / "checkpoints" / "step-00000001.safetensors"
    for path in (run / "checkpoints").glob("step-*"):
        path.unlink()
    content, seen = final.read_bytes(), []
    final.rename(early)

    def pruned(path: Path) -> object:
        seen.append(path.name)
        if len(seen) == 1:  # as it is listed, the training replaces it by a later one
            early.unlink()
            (run / "checkpoints" / "step-00000002.safetensors").write_bytes(content)
        return header_of(path)

    monkeypatch.setattr(generator, "header_of", pruned)
    assert generator.load_generator(run).step > 0
    assert seen == ["step-00000001.safetensors", "step-00000002.safetensors"]
    (run / "checkpoints" / "step-00000002.safetensors").write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match="damaged"):
        generator.load_generator(run)


def test_texts_are_opened_in_utf8() -> None:
    """Python's own default is the locale's encoding."""
    bare = []
    for path in (Path(__file__).parents[2] / "src").rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            owner = ast.unparse(call.func).rpartition(".")[0]
            mode = next((a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)), "r")
            named = any(keyword.arg == "encoding" for keyword in call.keywords)
            text = (
                name in ("open", "fdopen")
                and owner not in ("os", "Image", "archive", "gzip", "tarfile")
                and "b" not in mode
            )
            text = text or (name == "fdopen" and "b" not in mode)
            if (text and not named) or (owner and name in ("read_text", "write_text") and not (named or call.args)):
                bare.append(f"{path.name}:{call.lineno}")
    assert bare == []


def test_the_locale_does_not_matter(places: Path) -> None:
    """The recipes' files and the list itself hold characters beyond ASCII, and so does this report."""
    earlier = Report.from_json((EARLIER / "report.json").read_text(encoding="utf-8"))
    bare = dataclasses.replace(earlier, pictures={}, suspects=(), outliers=(), modes=(), fake="猫é")
    bare.save(places / "report.json")
    code = "import sys, gantlet.cli as c; sys.exit(c.main(['list', 'recipes']) or c.main(['report', '.', '--json']))"
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run([sys.executable, "-c", code], check=False, env={**os.environ, **plain}, capture_output=True)
    assert done.returncode == 0, done.stderr
    printed = done.stdout.decode("ascii")
    assert Report.from_json(printed[printed.index("\n{") :]) == bare


def test_an_interrupt_at_once_is_one_line() -> None:
    code = "import sys, builtins, gantlet.cli\nreal = builtins.__import__\n"
    code += "def cut(name, *rest, **more):\n    if name == 'gantlet.cli.entry': raise KeyboardInterrupt\n    return real(name, *rest, **more)\n"
    code += "assert 'gantlet.cli.entry' not in sys.modules\nbuiltins.__import__ = cut\nsys.exit(gantlet.cli.main(['list']))\n"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (130, 1)
    assert "interrupted" in done.stderr


def test_labels_that_do_not_fit_are_said(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 1), dtype=np.uint8)
    np.savez(tmp_path / "x.npz", x=pixels, y=np.arange(29) % 2)
    source = open_source(str(tmp_path / "x.npz"))
    assert source.labels is None
    assert "no labels: y has the shape (29,) for 30 images" in source.notes
    with pytest.raises(DataError, match="29"):
        open_source(f"{tmp_path / 'x.npz'}[labels=y]")
    assert open_source(f"{tmp_path / 'x.npz'}[labels=none]").notes == ()
