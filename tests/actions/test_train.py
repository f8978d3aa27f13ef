"""What a training may lose, and what a resume accepts: nothing after the last step, and whatever changes no weight."""

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from gantlet.cli import main
from gantlet.core.files import sha256
from gantlet.training.runs.header import header_of

SMALL = ["--data", "mixture[kind=ring,n=300]", "--network", "mlp[width=8,depth=2]", "--latent", "2", "--batch", "16"]
SMALL += ["--steps", "3", "--sample-every", "0", "--evaluate-samples", "50", "--decay", "constant"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gantlet.actions.train_evaluations.bounded_n", lambda *_: 50)
    return tmp_path


def train(*words: str, out: str = "run") -> int:
    return main(["train", "ring", *SMALL, "--techniques", "--out", out, *words])


def weights(run: str) -> str:
    return header_of(Path(run, "checkpoints", "final.safetensors")).weights_sha256


def broken(*_: Any, **__: Any) -> None:
    raise ZeroDivisionError("the judge is ill")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--select", "nonsense"), "unknown metric 'nonsense'"),
        (("--select", "precision[z=3]"), "z"),
        (("--features", "nonsense"), "extractor 'nonsense'"),
        (("--features", "pixels"), "extractor 'pixels' looks at images"),
    ],
)
def test_what_judges_is_there_before_the_first_step(
    words: tuple[str, ...], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(*words) != 0
    assert message in capsys.readouterr().err
    assert not (folder / "run").exists()


def test_missing_weights_are_said_before_the_first_step_with_options_that_train_has(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "none.pth").write_bytes(b"not those")
    words = ["train", "digits", "--data", "digits[split=test]", "--features", "inception-v3", "--out", "run"]
    assert main([*words, "--weights", "none.pth"]) == 1
    assert "none.pth" in capsys.readouterr().err
    assert not (folder / "run").exists()


def test_an_evaluation_that_fails_is_a_warning_with_the_command_that_repeats_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("gantlet.actions.train_evaluations.compute", broken)
        patch.setattr("gantlet.evaluation.evaluator.find", broken)
        assert train("--evaluate-every", "16") == 0
        said = " ".join(capsys.readouterr().err.split())
        assert "the evaluation at step 1 failed, and the training goes on: ZeroDivisionError: the judge is ill" in said
        kept = weights("run")
        assert train("--resume") == 0  # does not lose it either
        assert weights("run") == kept
    command = shlex.split(said.partition("To repeat it: ")[2].splitlines()[0])
    words = command[1 : command.index("--out") + 2]
    assert words[:2] == ["evaluate", "run:run@final"]
    assert main([*words, "--n", "50"]) == 0
    assert json.loads((folder / "run" / "report.json").read_text())["n_fake"] == 50


def test_final_is_saved_before_the_last_evaluation_and_that_is_made_up_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        assert Path("run/checkpoints/final.safetensors").is_file()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("gantlet.actions.train_evaluations.Evaluations.measure", killed)
        assert train() == 1
    assert header_of(Path("run/checkpoints/final.safetensors")).last_score is None
    assert train("--resume") == 0
    header = header_of(Path("run/checkpoints/final.safetensors"))
    assert header.last_score == header.best_score is not None
    events = [json.loads(line) for line in Path("run/events.jsonl").read_text().splitlines()]
    assert [event["step"] for event in events if event["event"] == "evaluate"] == [3]
    assert train("--resume") == 0  # once is enough
    assert Path("run/events.jsonl").read_text().count('"evaluate"') == 1


def test_settings_of_evaluations_may_change_on_resume(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train() == 0
    before = header_of(Path("run/checkpoints/final.safetensors"))
    capsys.readouterr()
    changes = ["--select", "coverage", "--evaluate-every", "32", "--evaluate-samples", "60"]
    assert train("--resume", *changes) == 0
    assert "the best checkpoint is chosen anew" in " ".join(capsys.readouterr().err.split())
    after = header_of(Path("run/checkpoints/final.safetensors"))
    assert after.weights_sha256 == before.weights_sha256
    assert after.best_score is not None and after.best_score <= 0 < (
        before.best_score or 0
    )  # −coverage, then a distance
    assert 'select = "coverage"' in Path("run/config.toml").read_text()


def test_a_metric_with_options_selects(folder: Path) -> None:
    assert train("--select", "precision[k=3]") == 0
    assert header_of(Path("run/checkpoints/final.safetensors")).best_score is not None


def test_a_metric_that_is_undefined_here_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train("--select", "psnr") == 0
    assert "no best checkpoint is chosen by psnr" in " ".join(capsys.readouterr().err.split())


def test_without_evaluation_the_same_weights(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(out="with") == 0
    capsys.readouterr()
    assert train("--no-evaluate", "--json", out="without") == 0
    assert json.loads(capsys.readouterr().out) is None
    assert weights("with") == weights("without")
    assert not Path("without/report.json").exists()
    assert '"evaluate"' not in Path("without/events.jsonl").read_text()
    assert train("--resume", out="without") == 0  # evaluates what was left out
    assert Path("without/report.json").is_file()


def test_resume_of_a_copy_leaves_the_original_alone(folder: Path) -> None:
    assert train("--no-evaluate") == 0
    shutil.copytree("run", "copy")
    before = {path: path.read_bytes() for path in Path("run").rglob("*") if path.is_file()}
    assert main(["train", "copy/config.toml", "--resume", "--steps", "5"]) == 0
    assert {path: path.read_bytes() for path in Path("run").rglob("*") if path.is_file()} == before
    assert header_of(Path("copy/checkpoints/final.safetensors")).step == 5
    shutil.rmtree("run")
    Path("copy").rename("moved")
    assert main(["train", "moved/config.toml", "--resume", "--steps", "6"]) == 0
    assert not Path("run").exists() and not Path("copy").exists()
    assert header_of(Path("moved/checkpoints/final.safetensors")).step == 6


def test_resume_auto_starts_and_goes_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train("--no-evaluate", "--resume", "auto") == 0
    assert train("--no-evaluate", "--resume=auto", "--steps", "4") == 0
    assert "resumed at step 3" in " ".join(capsys.readouterr().err.split())
    assert train("--no-evaluate", "--steps", "4", out="whole") == 0
    assert weights("run") == weights("whole")


@pytest.mark.parametrize("how", [("--resume",), ("--resume", "auto"), ()])
def test_a_config_of_the_users_own_is_left_as_it_is(
    how: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = Path("run/config.toml")
    own.parent.mkdir()
    own.write_text("# mine\nsteps = 3\n")
    assert train(*how) == 1
    assert "config.toml" in capsys.readouterr().err
    assert own.read_text() == "# mine\nsteps = 3\n"
    assert [path.name for path in own.parent.iterdir()] == ["config.toml"]


def test_a_training_that_was_killed_as_it_began_is_begun_again(folder: Path) -> None:
    Path("run").mkdir()
    Path("run/events.jsonl").write_text("")
    assert train("--no-evaluate", "--resume", "auto") == 0


def test_the_same_data_elsewhere_and_other_data_in_its_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import numpy as np

    points = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    np.save("here.npy", points)
    np.save("there.npy", points)
    np.save("other.npy", points + 1)
    assert train("--no-evaluate", "--data", "here.npy") == 0
    Path("here.npy").unlink()
    assert train("--no-evaluate", "--resume", "--steps", "4", "--data", "there.npy", "--device", "auto") == 0
    assert train("--no-evaluate", "--resume", "--steps", "5", "--data", "other.npy") == 1
    assert "another digest" in capsys.readouterr().err


def test_a_finished_run_is_not_touched_by_a_refused_one(folder: Path) -> None:
    assert train("--no-evaluate") == 0
    before = sha256(Path("run/checkpoints/final.safetensors"))
    assert train("--no-evaluate") == 1
    assert sha256(Path("run/checkpoints/final.safetensors")) == before
