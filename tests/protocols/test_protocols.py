"""Protocols fix what they say, refuse contradictions, and are stamped into the report."""

import json
from pathlib import Path

import pytest

from gantlet import protocols
from gantlet.cli import main
from gantlet.config import EvaluateConfig
from gantlet.errors import ConfigError, UnknownName
from gantlet.features import EXTRACTORS
from gantlet.metrics import METRICS
from gantlet.registry import parse_spec


@pytest.mark.parametrize("name", [entry.name for entry in protocols.entries()])
def test_a_protocol_names_parts_that_exist(name: str) -> None:
    settled = protocols.fixed(EvaluateConfig(protocol=name))
    assert parse_spec(settled.features)[0] in EXTRACTORS
    assert all(metric in METRICS for metric in settled.metrics)


def test_fid_fixes_the_2015_network_and_its_resize() -> None:
    settled = protocols.fixed(EvaluateConfig(protocol="fid", seed=3))
    assert settled.features == "inception-v3[tap=2048,resize=tf1]"
    assert (settled.metrics, settled.seed) == (("frechet_distance",), 3)


def test_contradictions_and_unknown_names_are_refused() -> None:
    with pytest.raises(ConfigError, match="fixes features"):
        protocols.fixed(EvaluateConfig(protocol="fid", features="pixels"))
    with pytest.raises(UnknownName, match="did you mean 'clean-fid'"):
        protocols.fixed(EvaluateConfig(protocol="cleanfid"))


def test_without_weights_the_error_says_what_to_do(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: (_ for _ in ()).throw(OSError("no network")))
    assert main(["evaluate", "digits", "--real", "digits[split=test]", "--protocol", "fid"]) == 1
    said = capsys.readouterr().err
    for part in ("pt_inception-2015-12-05", "6726825d0af5f729", "--weights"):
        assert part in said
    (tmp_path / "wrong.pth").write_bytes(b"not weights")
    assert (
        main(["evaluate", "digits", "--real", "digits[split=test]", "--protocol", "fid", "--weights", "wrong.pth"]) == 1
    )
    assert "wrong.pth" in capsys.readouterr().err


def test_weights_for_an_extractor_that_takes_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["evaluate", "digits", "--real", "digits[split=test]", "--features", "pixels", "--weights", "x.pth"]) == 2
    )
    assert "weights" in capsys.readouterr().err


def test_the_protocol_is_stamped(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [
        "evaluate",
        "digits",
        "--real",
        "digits[split=test]",
        "--features",
        "pixels",
        "--metrics",
        "precision",
        "--json",
    ]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["features"]["protocol"] == ""
