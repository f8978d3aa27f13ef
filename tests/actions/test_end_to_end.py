"""The whole path on small data made by code: train, resume, sample, evaluate, report, and every wrong turn on the way."""

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantlet.cli import main
from gantlet.core.files import sha256
from gantlet.training.runs.tensors import read_header

TINY = ["--steps", "8", "--batch", "8", "--network", "dcgan[width=4,norm=none]", "--latent", "4", "--log-every", "2"]
TINY += ["--sample-every", "4", "--checkpoint-every", "2", "--features", "pixels", "--techniques", "ema[half_life=100]"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished conditional run on the digits."""
    out = tmp_path_factory.mktemp("runs") / "tiny"
    assert (
        main(["train", "digits", *TINY, "--evaluate-every", "32", "--evaluate-samples", "60", "--out", str(out)]) == 0
    )
    return out


def said(capsys: pytest.CaptureFixture[str], words: list[str], status: int) -> str:
    assert main(words) == status
    return capsys.readouterr().err


def test_a_run_folder_holds_what_it_promises(finished: Path) -> None:
    for name in ("config.toml", "events.jsonl", "report.html", "report.json", "report-best.json", "MODEL_CARD.md"):
        assert (finished / name).stat().st_size > 0, name
    names = {path.name for path in (finished / "checkpoints").iterdir()}
    assert {"best.safetensors", "final.safetensors"} <= names
    assert len([name for name in names if name.startswith("step-")]) <= 3
    report = json.loads((finished / "report.json").read_text())
    values = {e["metric"]: e for e in report["estimates"]}
    assert values["gan_train"]["value"] is not None
    assert values["coverage"]["reference"]["value"] > values["coverage"]["value"]
    assert report["n_real"] == 360


def test_evaluations_in_the_loop_leave_their_estimates(finished: Path) -> None:
    events = [json.loads(line) for line in (finished / "events.jsonl").read_text().splitlines()]
    evaluations = [event for event in events if event["event"] == "evaluate"]
    assert len(evaluations) >= 2
    assert all(e["estimates"]["frechet_distance"]["value"] > 0 for e in evaluations)


def test_the_configuration_replays_the_run(finished: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again = folder / "again"
    assert main(["train", str(finished / "config.toml"), "--out", str(again), "--no-evaluate"]) == 0
    digests = [read_header(run / "checkpoints" / "final.safetensors")["weights_sha256"] for run in (finished, again)]
    assert digests[0] == digests[1]


def test_a_second_run_in_the_same_folder_is_refused(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sha256(finished / "checkpoints" / "final.safetensors")
    assert "holds a run already" in said(capsys, ["train", "digits", *TINY, "--out", str(finished)], 1)
    assert "batch" in said(capsys, ["train", "digits", *TINY, "--batch", "9", "--out", str(finished), "--resume"], 1)
    assert sha256(finished / "checkpoints" / "final.safetensors") == before


@pytest.mark.parametrize("name", ["fakes.zip", "fakes.npz", "fakes"])
def test_samples_are_written_whole_labelled_and_reproducible(
    finished: Path, folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sample", str(finished), "--n", "120", "--out", name]) == 0
    assert "exists already" in said(capsys, ["sample", str(finished), "--n", "5", "--out", name], 1)
    words = ["evaluate", name, "--real", "digits[split=test]", "--features", "pixels", "--json"]
    capsys.readouterr()
    assert main([*words, "--metrics", "gan_test"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["n_fake"] == 120
    assert next(e for e in report["estimates"] if e["metric"] == "gan_test")["value"] is not None


def test_one_class_can_be_asked_for(finished: Path, folder: Path) -> None:
    assert main(["sample", str(finished), "--n", "7", "--label", "3", "--out", "threes"]) == 0
    assert [path.name for path in (folder / "threes").iterdir()] == ["3"]
    assert main(["sample", str(finished), "--n", "1", "--label", "3", "--out", "one"]) == 0
    assert [str(path.relative_to(folder)) for path in (folder / "one").rglob("*.png")] == ["one/3/0.png"]


@pytest.mark.parametrize(
    ("words", "part"),
    [(["--n", "0"], "n in"), (["--label", "11"], "11"), (["--which", "beste"], "did you mean 'best'")],
)
def test_wrong_samples_are_refused(
    finished: Path, folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], part: str
) -> None:
    assert part in said(capsys, ["sample", str(finished), *words, "--out", "x.zip"], 2)
    assert list(folder.iterdir()) == []


def test_a_full_disk_while_sampling_leaves_nothing(
    finished: Path, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("zipfile.ZipFile.writestr", full)
    assert "the disk is full" in said(capsys, ["sample", str(finished), "--n", "5", "--out", "x.zip"], 1)
    assert list(folder.iterdir()) == []


def test_a_full_disk_while_training_keeps_the_last_checkpoint(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import gantlet.core.files

    real = gantlet.core.files.os.fsync
    left = 6

    def fsync(number: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(number)

    monkeypatch.setattr(gantlet.core.files.os, "fsync", fsync)
    assert "the disk is full" in said(capsys, ["train", "digits", *TINY, "--no-evaluate", "--out", "run"], 1)
    monkeypatch.undo()
    os.chdir(folder)
    assert main(["train", "digits", *TINY, "--no-evaluate", "--out", "run", "--resume"]) == 0


def test_a_file_in_the_way_of_the_run_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "run").write_text("I was here first")
    assert "cannot write" in said(capsys, ["train", "digits", *TINY, "--out", "run"], 1)
    assert (folder / "run").read_text() == "I was here first"


def test_bad_files_are_all_named_or_left_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generator = np.random.default_rng(0)
    (folder / "fakes").mkdir()
    for i in range(40):
        Image.fromarray(generator.integers(0, 256, (8, 8), dtype=np.uint8)).save(folder / "fakes" / f"{i:02d}.png")
    (folder / "fakes" / "text.png").write_text("not an image")
    (folder / "fakes" / "empty.jpg").write_bytes(b"")
    words = ["evaluate", "fakes", "--real", "digits[split=test]", "--features", "pixels"]
    text = said(capsys, words, 1)
    assert "text.png" in text and "empty.jpg" in text
    assert main([*words, "--on-bad", "skip", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["n_fake"] == 40
    assert any("text.png" in warning and "empty.jpg" in warning for warning in report["warnings"])


def test_the_same_data_twice_is_pointed_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["evaluate", "digits", "--real", "digits", "--features", "pixels", "--metrics", "coverage", "--json"]) == 0
    )
    assert any("the same data" in warning for warning in json.loads(capsys.readouterr().out)["warnings"])


def test_copies_inside_a_set_are_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    np.save("real.npy", images)
    np.save("fake.npy", np.concatenate([images[:10], images[:10, ::-1], images[:4]]))
    words = [
        "evaluate",
        "fake.npy",
        "--real",
        "real.npy",
        "--features",
        "pixels",
        "--metrics",
        "frechet_distance",
        "--json",
    ]
    assert main(words) == 0
    (line,) = [line for line in json.loads(capsys.readouterr().out)["warnings"] if "repeat" in line]
    assert line == "4 of the 24 generated ones repeat another one exactly (distinct: 20)"


def test_too_few_images_make_metrics_undefined_with_the_reason(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(folder / "few.npz", x=np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1), dtype=np.uint8))
    assert (
        main(
            [
                "evaluate",
                "few.npz",
                "--real",
                "digits[split=test]",
                "--features",
                "pixels",
                "--metrics",
                "coverage,precision",
                "--json",
            ]
        )
        == 0
    )
    for estimate in json.loads(capsys.readouterr().out)["estimates"]:
        assert estimate["value"] is None and "fake=4" in estimate["notes"][0]


def test_a_second_evaluation_reads_the_cache_and_says_the_same(
    finished: Path, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["evaluate", f"run:{finished}@ema[n=100]", "--real", "digits[split=test]", "--features", "pixels", "--json"]
    assert main(words) == 0
    first = json.loads(capsys.readouterr().out)

    def computed(*_: object, **__: object) -> None:
        raise AssertionError("the second evaluation must not compute")

    monkeypatch.setattr("gantlet.evaluation.compute.compute", computed)
    monkeypatch.setattr("gantlet.evaluation.features.extract.compute_together", computed)
    assert main(words) == 0
    second = json.loads(capsys.readouterr().out)
    changes = {"seconds": None, "sha256": None}
    assert {**first, **changes} == {**second, **changes}
