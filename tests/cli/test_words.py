"""Words of the field lead to what is meant; a typo gets three names, not all; a second set of images is asked about."""

import re
from pathlib import Path

import pytest

from gantlet.actions import catalogue
from gantlet.cli import main
from gantlet.core.errors import UsageError, nearest
from gantlet.core.field_words import FIELD_WORDS, meant_by
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.protocols import PROTOCOLS


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ("fid", "--protocol fid"),
        ("FID", "frechet_distance"),
        ("KID", "--protocol kid"),
        ("kid", "kernel_distance"),
        ("IS", "inception_score"),
        ("prdc", "precision,recall,density,coverage"),
        ("LPIPS", "ssim and psnr"),
        ("SSIM", "did you mean 'ssim'"),
        ("sFID", "--protocol adm"),
        ("clean_fid", "--protocol clean-fid"),
        ("CLIP score", "--features clip"),
        ("Coverage", "did you mean 'coverage'"),
    ],
)
def test_a_word_of_the_field_says_what_is_meant(word: str, part: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "digits", "--real", "digits", "--metrics", word]) == 2
    said = capsys.readouterr().err
    assert part in said and said.count("\n") == 1
    assert main(["evaluate", "digits", "--real", "digits", "--fail-if", f"{word} > 12"]) == 2
    assert part in capsys.readouterr().err


def test_every_sentence_names_things_that_exist() -> None:
    for word, sentence in FIELD_WORDS.items():
        assert word not in METRICS, f"{word} is a metric by now"
        assert word == word.lower().replace("_", "-")
        for protocol in re.findall(r"--protocol ([\w-]+)", sentence):
            assert protocol in PROTOCOLS.names(), word
        for features in re.findall(r"--features '?([\w-]+)", sentence):
            assert features in EXTRACTORS, word
        for metric in re.findall(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b", sentence):
            assert metric in METRICS, (word, metric)
        for metrics in re.findall(r"--metrics ([\w,]+)", sentence):
            assert all(name in METRICS for name in metrics.split(","))
    assert meant_by("Clean FID") and not meant_by("coverage")


def test_explain_of_a_typo_names_three(capsys: pytest.CaptureFixture[str]) -> None:
    for typo, part in (
        ("coverge", "did you mean 'coverage'"),
        ("zzzzzzz", "gantlet list shows them"),
        ("LPIPS", "ssim and psnr"),
    ):
        assert main(["explain", typo]) == 2
        said = capsys.readouterr().err
        assert part in said and len(said) < 250
    assert main(["explain", "FID"]) == 0
    assert capsys.readouterr().out.startswith("fid (protocols)")


def test_nearest_names() -> None:
    many = [f"name-{i}" for i in range(50)]
    assert nearest("NAME_7", many) == "; did you mean 'name-7'?"
    assert nearest("nme-7", many).count("'") == 6
    assert nearest("xyz", many, "gantlet list") == "; none of 50 names is close: gantlet list shows them"
    assert nearest("xyz", many[:2]) == "; known: name-0, name-1"
    assert nearest("xyz", []) == "; none is registered"
    with pytest.raises(UsageError):
        catalogue.find("lpips")


def test_a_second_set_of_images_is_asked_about(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "a/", "b/"]) == 2
    assert "did you mean a/ --real b/?" in capsys.readouterr().err


def test_doctor_checks_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GANTLET_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: pytest.fail("doctor downloads nothing"))
    states = doctor(capsys)
    assert states["inception-v3"] == "not ready: weights pt_inception-2015-12-05-6726825d.pth are not here"
    assert states["efficientnet-lite0"].startswith("ready: weights 579344248a93")
    assert states["pixels"].startswith("ready") and states["torchscript"].startswith("needs a file")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "pt_inception-2015-12-05-6726825d.pth").write_bytes(b"cut off")
    assert "is not pt_inception" in doctor(capsys)["inception-v3"]


def doctor(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.partition("extractors\n")[2].splitlines()
    assert len(lines) == len(EXTRACTORS.names()), "one line each"
    return {name: state.strip() for name, state in (line.split(maxsplit=1) for line in lines)}
