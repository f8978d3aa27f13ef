"""Protocols fix what they say, refuse contradictions, and are stamped into the report."""

import json
from pathlib import Path

import pytest

from gantlet.cli import main
from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import ConfigError, UnknownName, UsageError
from gantlet.core.specs import parse_spec, split_specs
from gantlet.evaluation import protocols
from gantlet.evaluation.features import EXTRACTORS
from gantlet.evaluation.metric_selection import metric_names


@pytest.mark.parametrize("name", [entry.name for entry in protocols.PROTOCOLS.entries()])
def test_a_protocol_names_parts_that_exist(name: str) -> None:
    settled = protocols.fixed(EvaluateConfig(protocol=name))
    assert all(parse_spec(spec)[0] in EXTRACTORS for spec in split_specs(settled.features) if spec != "auto")
    for space in split_specs(settled.features):
        assert metric_names(settled, space)


def test_fid_fixes_the_2015_network_and_its_resize() -> None:
    settled = protocols.fixed(EvaluateConfig(protocol="fid", seed=3))
    assert settled.features == "inception-v3[tap=2048,resize=tf1]"
    assert (settled.metrics, settled.seed) == (("frechet_distance",), 3)


def test_kid_adm_cmmd_and_xu2018_fix_their_metrics_options_in_each_space() -> None:
    def asked(name: str) -> dict[str, list[str]]:
        settled = protocols.fixed(EvaluateConfig(protocol=name))
        return {space: metric_names(settled, space) for space in split_specs(settled.features)}

    assert asked("kid") == {"inception-v3[tap=2048,resize=tf1]": ["kernel_distance[subsets=100,size=1000,seed=2020]"]}
    pool, spatial = asked("adm").values()
    assert spatial == ["frechet_distance"]
    assert pool == ["inception_score[chunk=5000]", "frechet_distance", "precision[k=3]", "recall[k=3]"]
    assert [len(metrics) for metrics in asked("xu2018").values()] == [3, 3, 3, 6]
    assert protocols.fixed(EvaluateConfig(protocol="xu2018")).n == 2000
    assert asked("cmmd")["clip[tap=projected]"] == ["mmd_rbf[sigma=10,relative=false,form=biased,scale=1000]"]


def test_a_plain_evaluation_is_trusted_in_any_space_and_chosen_metrics_are_not() -> None:
    assert protocols.fixed(EvaluateConfig()).protocol == "trusted"
    assert protocols.fixed(EvaluateConfig(features="pixels", seed=4)).protocol == "trusted"
    assert protocols.fixed(EvaluateConfig(metrics=("precision",))).protocol == ""
    with pytest.raises(ConfigError, match="'trusted' fixes metrics"):
        protocols.fixed(EvaluateConfig(protocol="trusted", metrics=("precision",)))


def test_metrics_of_one_space_and_twice_the_same() -> None:
    config = EvaluateConfig(
        features="pixels,random-conv[size=8]", metrics=("precision[k=4]@random-conv[size=8],recall",)
    )
    assert metric_names(config, "pixels") == ["recall"]
    assert metric_names(config, "random-conv[size=8]") == ["precision[k=4]", "recall"]
    with pytest.raises(UsageError, match="clip is not among"):
        metric_names(EvaluateConfig(features="pixels", metrics=("recall@clip",)))
    with pytest.raises(UsageError, match="different options"):
        metric_names(EvaluateConfig(features="pixels", metrics=("recall,recall[k=5]",)))


def test_two_spaces_stand_in_one_report(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["--features", "pixels[size=4],random-conv[size=8]", "--metrics", "coverage,precision@pixels[size=4]"]
    assert main(["evaluate", "digits", "--real", "digits[split=test]", *words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [(e["metric"], e["features"]) for e in report["estimates"]] == [
        ("coverage", "pixels[size=4]"),
        ("precision", "pixels[size=4]"),
        ("coverage", "random-conv[size=8]"),
    ]
    assert set(report["features"]["spaces"]) == {"pixels[size=4]", "random-conv[size=8]"}
    assert all(e["reference"] for e in report["estimates"])
    assert main(["compare", "digits", "digits[split=test]", "--real", "digits", *words, "--json"]) == 0
    compared = json.loads(capsys.readouterr().out)
    assert [d["metric"] for d in compared["differences"]][2] == "coverage in random-conv[size=8]"


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
