"""Results are written apart from images, through no link, over no file of somebody else."""

import shutil
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pytest

from gantlet.cli import main
from gantlet.core.drawing.pictures import png
from gantlet.core.output import REPORT, SUBFOLDERS
from gantlet.core.results.report import Report
from gantlet.data.opening import open_source

EARLIER = Path(__file__).parents[1] / "compatibility" / "earlier"

FEW = ("--features", "pixels", "--metrics", "precision", "--no-cache")


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["checkpoints", "samples", "pictures"])
def test_a_resumed_run_writes_through_no_link(name: str, places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, victim = Path(shutil.copytree(EARLIER / "run", places / "run")), places / "victim"
    shutil.copytree(run / "checkpoints", victim)
    shutil.rmtree(run / name, ignore_errors=True)
    (run / name).symlink_to(victim)
    before = contents(victim), contents(run)
    words = ["train", "run/config.toml", "--trust", "--out", "run", "--resume", "--steps", "99", "--keep", "1"]
    assert main(words) == 1
    assert "a link that leads out of run" in capsys.readouterr().err
    assert (contents(victim), contents(run)) == before


def test_a_log_writes_through_no_link(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Path(shutil.copytree(EARLIER / "run", places / "run"))
    (places / "victim").mkdir()
    for to, link in (("tensorboard", "tensorboard"), ("wandb", "wandb"), ("wandb", "wandb/x"), ("trackio", "trackio")):
        (run / to).unlink(missing_ok=True)
        (run / link).parent.mkdir(exist_ok=True)
        (run / link).symlink_to(places / "victim")
        assert main(["log", "run", "--to", to]) == 1
        assert "a link that leads out of run" in capsys.readouterr().err
        assert not contents(places / "victim")
        (run / link).unlink()
        shutil.rmtree(run / to, ignore_errors=True)


def test_a_report_writes_through_no_link(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("out", "victim"):
        (places / folder).mkdir()
    (places / "out" / "pictures").symlink_to(places / "victim")
    assert main(["evaluate", "fake", "--real", "real", *FEW, "--out", "out"]) == 1
    assert "a link that leads out of out" in capsys.readouterr().err
    assert not contents(places / "victim")
    (places / "out" / "pictures").unlink()
    (places / "linked").symlink_to(places / "out")  # what the user typed may be a link
    assert main(["evaluate", "fake", "--real", "real", *FEW, "--out", "linked"]) == 0


def test_all_folders_that_are_written_are_known(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that a training or an evaluation begins to write would have to be checked as well."""
    monkeypatch.setattr("gantlet.actions.train_evaluations.bounded_n", lambda *_: 24)  # images of the last evaluations
    words = [
        "train",
        "wgan-gp",
        "--network",
        "resnet[width=4,pool=mean]",
        "--steps",
        "1",
        "--features",
        "pixels",
        "--data",
        "fake",
    ]
    assert main([*words, "--batch", "8", "--evaluate-samples", "10", "--out", "run"]) == 0
    assert {path.name for path in (places / "run").iterdir() if path.is_dir()} == set(SUBFOLDERS)
    written = {path.relative_to(places / "run").as_posix() for path in (places / "run").glob("pictures/*")}
    assert all(any(fnmatch(name, pattern) for pattern in REPORT.beside) for name in written)


@pytest.mark.parametrize("out", ["fake", "fake/out", "real", "real/cat", "held/x", "seen", "link", "parent"])
def test_a_report_is_written_apart_from_the_images(out: str, places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (places / "link").symlink_to(places / "fake")
    shutil.copytree("real", "held")
    shutil.copytree("real", "seen")
    fake = "fake"
    if out == "parent":
        fake = str(shutil.move(places / "fake", places / "parent" / "pictures"))
    before = contents(places)
    words = [
        "evaluate",
        fake,
        "--real",
        "real",
        "--held-out",
        "held",
        "--train",
        "folder[path=seen]",
        *FEW,
        "--out",
        out,
    ]
    assert main(words) == 1
    assert "choose another folder with --out" in capsys.readouterr().err
    assert contents(places) == before


def test_other_results_are_written_apart_from_the_images(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(places)
    for words in (
        ["train", "wgan-gp", "--data", "fake", "--out", "fake/run", "--resolution", "8"],
        ["train", "pix2pix", "--data", "paired[of=fake,task=edges]", "--out", "fake/run"],
        ["audit", "--data", "fake", "--out", "fake/audit"],
        ["lab", "metric-audit", "--data", "fake", "--out", "fake"],
    ):
        assert main(words) == 1
        assert "choose another folder with --out" in capsys.readouterr().err
        assert contents(places) == before


def test_pictures_of_an_earlier_report_are_no_images(places: Path) -> None:
    assert main(["evaluate", "fake", "--real", "real", *FEW, "--out", "out"]) == 0
    shutil.copytree("out", "fake/out")
    shutil.copytree("out/pictures", "fake/cat/pictures")
    shutil.copy("out/report.json", "fake/cat")
    shutil.copytree(EARLIER / "run", places / "fake" / "run")
    (places / "fake" / "run" / "x.png").write_bytes(png(np.zeros((8, 8, 1), np.uint8)))
    shutil.make_archive("fake", "zip", "fake")
    for source in (open_source("fake"), open_source("fake.zip")):
        assert len(source) == 24
        assert source.classes == ("cat", "dog")
        assert "gantlet's own reports and runs: cat/pictures/, out/pictures/, run/" in " ".join(source.notes)
    Path("fake/cat/report.json").write_text('{"name": "a user\'s own"}')
    assert len(open_source("fake")) > 24  # their pictures are images then


@pytest.mark.parametrize("content", [None, "", "{}", "[1]", '{"schema": 1}'])
def test_a_report_replaces_no_file_of_somebody_else(
    content: str | None, places: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = (
        {"report.html": "mine", f"pictures/fakes-{'0' * 12}.png": "mine"}
        if content is None
        else {"report.json": content}
    )
    for name, text in theirs.items():
        shutil.rmtree("out", ignore_errors=True)
        Path("out", name).parent.mkdir(parents=True)
        Path("out", name).write_text(text)
        assert main(["evaluate", "fake", "--real", "real", *FEW, "--out", "out"]) == 1
        assert f"out/{name} is of no gantlet result" in capsys.readouterr().err
        assert contents(places / "out") == {name: text.encode()}


def test_an_audit_and_a_lab_replace_no_file_of_somebody_else(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, words in (
        ("audit.json", ["audit", "--data", "digits", "--features", "pixels"]),
        ("audit.png", ["audit", "--data", "digits", "--features", "pixels"]),
        ("two-modes.json", ["lab", "two-modes", "--size", "smoke"]),
        ("two-modes.png", ["lab", "two-modes", "--size", "smoke"]),
    ):
        out = places / "out" / name
        out.mkdir(parents=True)
        (out / name).write_text("{}")
        assert main([*words, "--out", str(out)]) == 1
        assert f"{name} is of no gantlet result" in capsys.readouterr().err
        assert contents(out) == {name: b"{}"}


def test_an_own_report_is_replaced_damaged_or_unfinished(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["evaluate", "fake", "--real", "real", *FEW, "--out", "out"]
    assert main(words) == 0
    assert {path.name for path in Path("out").iterdir()} == {"report.json", "report.html", "pictures"}
    text = Path("out/report.json").read_text()
    Path("out/report.json").write_text(text.replace("precision", "prefision"))
    assert main(words) == 0
    shutil.rmtree("out")
    with monkeypatch.context() as patch:

        def killed(*_: object) -> None:
            raise SystemExit

        patch.setattr(Report, "save", killed)
        with pytest.raises(SystemExit):
            main(words)
    assert not Path("out/report.json").exists()
    assert list(Path("out/pictures").iterdir())
    assert main(words) == 0
    assert {path.name for path in Path("out").iterdir()} == {"report.json", "report.html", "pictures"}


def test_figures_of_audits_and_labs_are_no_images(places: Path) -> None:
    assert main(["lab", "two-modes", "--size", "smoke", "--out", "real"]) == 0
    audit = ["audit", "--data", "digits", "--features", "pixels", "--metrics", "coverage", "--failures", "blur"]
    assert main([*audit, "--n", "60", "--out", "real/audit"]) == 0
    figures = {path.name for path in Path("real").rglob("*.png")} - {f"{i}.png" for i in range(12)}
    assert {"two-modes.png", "audit.png"} <= figures
    source = open_source("real")
    assert len(source) == 24
    assert "of gantlet's own reports and runs" in " ".join(source.notes)
    Path("real/cat/0.json").write_text('{"claim": "a user\'s own, without what a lab writes"}')
    Path("real/cat/0-1.png").write_bytes(png(np.zeros((8, 8, 1), np.uint8)))
    assert len(open_source("real")) == 25
