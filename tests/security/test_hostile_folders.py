"""A downloaded folder is data: it runs no code, reads and writes nothing outside itself, and sends nothing to the terminal."""

import json
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save_file

import gantlet
from gantlet.cli import main
from gantlet.core.config import TrainConfig
from gantlet.core.drawing.pictures import png
from gantlet.core.errors import DataError
from gantlet.core.files import distinct_names, safe_name
from gantlet.core.locks import only_one
from gantlet.core.trust import require_below, trust

EARLIER = Path(__file__).parents[1] / "compatibility" / "earlier"


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "run" / ".lock").symlink_to(tmp_path / "mine")
    with pytest.raises(OSError, match="symbolic links"), only_one(tmp_path / "run"):
        pass
    assert (tmp_path / "mine").read_text() == "mine"


def hostile_run(folder: Path, **changes: object) -> Path:
    """Return a copy of a run whose checkpoint's header says something else."""
    run = Path(shutil.copytree(EARLIER / "run", folder / "run"))
    path = run / "checkpoints" / "final.safetensors"
    with safe_open(path, "numpy") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    (key,) = metadata
    header = json.loads(metadata[key])
    inner = header.get("made_of", header)
    for name, value in changes.items():
        target = inner["config"] if name in inner["config"] else inner
        target[name] = value
    save_file(tensors, path, metadata={key: json.dumps(header)})
    return run


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("network", "evil:run"),
        ("objective", "evil:run[n=1]"),
        ("techniques", ["evil:run"]),
        ("conditioning", "evil:run"),
    ],
)
def test_a_checkpoint_imports_nothing(
    field: str, value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.py").write_text("import pathlib\npathlib.Path('ran').touch()\n")
    run = hostile_run(tmp_path, **{field: value})
    assert main(["sample", str(run), "--n", "3", "--out", "x.npz"]) == 1
    error = capsys.readouterr().err
    assert "runs code" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "ran").exists()


def test_a_configuration_from_a_file_imports_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.py").write_text("import pathlib\npathlib.Path('ran').touch()\n")
    for name, value in (("data", "evil:run"), ("techniques", ("evil:run",)), ("data", "/etc"), ("features", "evil:f")):
        config = TrainConfig.from_mapping({name: value, "out": str(tmp_path / "out")})
        (tmp_path / "config.toml").write_text(config.to_toml())
        assert main(["train", "config.toml"]) == 1
        assert "--trust" in capsys.readouterr().err
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "out").exists()


def test_what_the_user_types_may_name_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(
        "import numpy as np\ndef images(n, seed):\n    return np.random.default_rng(seed).integers(0, 256, (n, 8, 8, 1), dtype=np.uint8)\n"
    )
    words = ["evaluate", "mine:images[n=40]", "--real", "digits", "--features", "pixels", "--metrics", "precision"]
    assert main([*words, "--out", "report"]) == 0


NAMES = ["../../../up", "/absolute", "a/b", "..", "", ".hidden", "C:\\x", "nul\x00", "escape\x1b[2J", "ok", "OK", "猫"]


def test_class_names_never_lead_outside(tmp_path: Path) -> None:
    counts = [1] * len(NAMES)
    run = hostile_run(tmp_path, classes=[*NAMES[:10]], class_counts=counts[:10])
    gantlet.sample(run, tmp_path / "inner" / "images", 60, seed=0)
    gantlet.sample(run, tmp_path / "inner" / "images.zip", 60, seed=0)
    written = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*.png")}
    assert written == {"inner"}
    with zipfile.ZipFile(tmp_path / "inner" / "images.zip") as archive:
        for name in archive.namelist():
            assert not name.startswith(("/", "."))
            assert ".." not in Path(name).parts
            assert len(Path(name).parts) == 2


@given(st.lists(st.text(max_size=12), max_size=8))
def test_safe_names_are_plain_and_distinct(texts: list[str]) -> None:
    names = distinct_names(texts)
    for name in names:
        assert name == safe_name(name)
        assert Path(name).parts == (name,)
        assert name not in (".", "..")
        assert name.isprintable()
    assert len({name.casefold() for name in names}) == len({text.casefold() for text in texts}) or len(names) == len(
        texts
    )


def test_a_page_embeds_only_pictures_of_its_folder(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("real", "fake"):
        np.savez(tmp_path / f"{name}.npz", x=rng.integers(0, 256, (40, 8, 8, 1), dtype=np.uint8))
    folder = tmp_path / "report"
    config = gantlet.EvaluateConfig(features="pixels", metrics=("precision",), cache=False)
    gantlet.evaluate(str(tmp_path / "fake.npz"), str(tmp_path / "real.npz"), config, out=folder)
    report = json.loads((folder / "report.json").read_text())
    del report["sha256"]  # as somebody would who makes such a report
    (tmp_path / "secret.png").write_bytes(b"\x89PNG\r\n\x1a\nsecret")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "text.png").write_text("a text")
    os.mkfifo(folder / "pipe.png")
    from gantlet.actions.report import write_page

    for name in ("../secret.png", str(tmp_path / "secret.png"), "link.png", "pipe.png", "/dev/zero", "text.png", ""):
        changed = {**report, "pictures": {"fakes": [name]}}
        (folder / "report.json").write_text(json.dumps(changed))
        with pytest.raises(DataError, match="the report names the picture"):
            write_page(folder)
    (folder / "report.json").write_text(json.dumps(report))
    assert write_page(folder).is_file()


def test_names_of_files_may_be_any_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    for side in ("real", "fake"):
        (tmp_path / side).mkdir()
        for i in range(40):
            picture = png(rng.integers(0, 256, (8, 8, 1), dtype=np.uint8))
            Path(os.fsdecode(os.fsencode(tmp_path / side) + b"/%d\xff.png" % i)).write_bytes(picture)
    config = gantlet.EvaluateConfig(features="pixels", metrics=("precision", "psnr"), cache=False)
    report = gantlet.evaluate(str(tmp_path / "fake"), str(tmp_path / "real"), config)
    assert report["psnr"].value is not None  # by the names
    assert main(["evaluate", str(tmp_path / "fake"), "--real", "nothing\udcff.zip"]) != 0
    assert "nothing\\udcff.zip" in capsys.readouterr().err


def test_a_configuration_writes_below_its_folder_or_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for out in (str(tmp_path / "elsewhere"), "../escape"):
        Path("config.toml").write_text(TrainConfig(out=out).to_toml())
        assert main(["train", "config.toml"]) == 1
        assert "give your own --out" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here"]
    for out in (str(tmp_path / "here" / "a"), "a", "runs/../a"):
        require_below(out, Path("config.toml"))
    with trust():
        require_below("../escape", Path("config.toml"))


@pytest.mark.parametrize("name", ["report.html", "MODEL_CARD.md", "report.json"])
def test_a_training_replaces_nothing_in_a_folder_that_is_no_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text("mine")
    assert main(["train", "digits", "--steps", "2", "--out", str(tmp_path)]) == 1
    assert name in capsys.readouterr().err
    assert (tmp_path / name).read_text() == "mine"


@pytest.mark.parametrize(
    "line", ["lr_generator = 1" + "0" * 400, "lr_generator = inf", "steps = 1" + "0" * 30, "seed = 1" + "0" * 5000]
)
def test_numbers_that_no_computer_holds(line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.toml").write_text(line)
    assert main(["train", str(tmp_path / "config.toml")]) in (1, 2)
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert len(error) < 500
