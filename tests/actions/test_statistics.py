"""gantlet stats: shards merge to the whole, files stand for images, published .npz are read, mismatches are named."""

import json
from pathlib import Path

import numpy as np
import pytest

from gantlet.cli import main
from gantlet.core.errors import CacheError
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.features.statistics_file import Statistics, check_statistics, read_statistics, write_statistics
from gantlet.evaluation.metrics.frechet_distance import frechet_distance
from gantlet.evaluation.stats.bank import SummaryBank
from gantlet.evaluation.stats.feature_bank import FeatureBank
from gantlet.evaluation.stats.summary import Summary

HEADER = {
    "features": "x",
    "extractor": {"name": "x"},
    "protocol": "",
    "package": "0",
    "sources": [],
}


def bank(n: int, seed: int, shift: float = 0.0) -> FeatureBank:
    rng = np.random.default_rng(seed)
    features = (rng.standard_normal((n, 6)) @ np.diag(range(1, 7)) + 50 + shift).astype(np.float32)
    return FeatureBank(features, rng.dirichlet(np.ones(4), n).astype(np.float32))


def summarised(side: FeatureBank) -> FeatureBank:
    return SummaryBank(Summary.of(side.features, side.probabilities))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def evaluated(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, dict]:
    capsys.readouterr()
    assert main(["evaluate", *words, "--json"]) == 0
    return {e["metric"]: e for e in json.loads(capsys.readouterr().out)["estimates"]}


def test_shards_merge_to_the_whole_part_by_part() -> None:
    whole = bank(1000, 1)
    pieces = np.split(np.random.default_rng(0).permutation(1000), [10, 400])
    shards = [whole.take(rows) for rows in pieces]
    first, *others = (Summary.of(shard.features, shard.probabilities) for shard in shards)
    merged = first.merge(others[0]).merge(others[1])
    expected = Summary.of(whole.features, whole.probabilities)
    for one, other in zip(merged.parts, expected.parts, strict=True):
        assert one.n == other.n
        assert one.mean == pytest.approx(other.mean, rel=1e-12)
        assert one.m2 == pytest.approx(other.m2, rel=1e-9)
    assert merged.classes is not None and expected.classes is not None
    assert merged.classes.marginal == pytest.approx(expected.classes.marginal, rel=1e-12)
    # four parts of 1,000 rows by a hash: binomial, standard deviation 14
    assert all(190 < part.n < 310 for part in merged.parts)


def test_a_file_gives_the_numbers_of_its_images(folder: Path) -> None:
    real, fake = bank(900, 1), bank(700, 2, 0.8)
    write_statistics(folder / "real.safetensors", Statistics(Summary.of(real.features, real.probabilities), HEADER))
    read = SummaryBank(read_statistics(folder / "real.safetensors").summary)
    names = ["frechet_distance", "inception_score", "mode_score", "frechet_distance_debiased", "recall"]
    rows = {e.metric: e for e in compute(Evidence(real, fake), names)}
    file = {e.metric: e for e in compute(Evidence(read, fake), names)}
    for name in names[:3]:
        assert file[name].value == pytest.approx(rows[name].value, rel=1e-9)
    # other random quarters of the same rows: the difference is noise, well inside the interval
    debiased = rows["frechet_distance_debiased"]
    assert debiased.low < file["frechet_distance_debiased"].value < debiased.high
    assert file["recall"].value is None and "moments only" in file["recall"].notes[0]
    assert file["frechet_distance"].interval == "delta"
    assert 0 < file["frechet_distance"].details["standard_error"] < rows["frechet_distance"].details["standard_error"]
    assert "leaves out the real images' own noise" in " ".join(file["frechet_distance"].notes)
    neither = compute(Evidence(read, summarised(fake)), ["frechet_distance", "inception_score"])
    assert (neither[0].value, neither[0].low, neither[0].interval) == (
        pytest.approx(rows["frechet_distance"].value, rel=1e-9), None, "none",
    )  # fmt: skip
    assert neither[1].low == pytest.approx(rows["inception_score"].low, rel=1e-9)


def test_make_merge_show_and_evaluate_from_the_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (90, 8, 8, 1), dtype=np.uint8)
    for name, part in (("all", pixels), ("one", pixels[:40]), ("two", pixels[40:])):
        np.savez(folder / f"{name}.npz", x=part)
        assert (
            main(["stats", "make", f"{name}.npz", "--out", f"{name}.safetensors", "--features", "pixels[size=4]"]) == 0
        )
    assert main(["stats", "merge", "one.safetensors", "two.safetensors", "--out", "both.safetensors"]) == 0
    capsys.readouterr()
    assert main(["stats", "show", "both.safetensors", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["images"], shown["dimensions"], len(shown["sources"])) == (90, 48, 2)
    whole, both = (
        evaluated(capsys, "digits", "--real", f"{name}.safetensors", "--metrics", "frechet_distance,coverage")
        for name in ("all", "both")
    )
    assert both["frechet_distance"]["value"] == pytest.approx(whole["frechet_distance"]["value"], rel=1e-9)
    images = evaluated(
        capsys, "digits", "--real", "all.npz", "--metrics", "frechet_distance", "--features", "pixels[size=4]"
    )
    assert both["frechet_distance"]["value"] == pytest.approx(images["frechet_distance"]["value"], rel=1e-9)
    assert "moments only" in both["coverage"]["notes"][0]


def test_a_trained_space_is_named_by_its_training_images(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 3
    np.savez(
        folder / "t.npz",
        x=(rng.integers(0, 60, (120, 8, 8, 1)) + 60 * labels[:, None, None, None]).astype(np.uint8),
        y=labels,
    )
    assert main(["stats", "make", "t.npz", "--out", "t.safetensors"]) == 0
    result = evaluated(capsys, "digits[split=test]", "--real", "t.safetensors")
    assert result["frechet_distance"]["value"] > 0
    assert result["inception_score"]["low"] is not None


def test_published_npz_needs_its_protocol(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    side = bank(500, 3)
    mean, cov = side.features.mean(0, dtype=np.float64), np.cov(side.features.astype(np.float64).T)
    np.savez(folder / "ref.npz", mu=mean, sigma=cov)
    result = read_statistics(folder / "ref.npz")
    assert result.summary.n is None
    fake = bank(400, 4, 1.0)
    value = frechet_distance(result.summary.moments, fake.moments)
    assert value == pytest.approx(frechet_distance(side.moments, fake.moments), rel=1e-9)
    named = {
        e.metric: e
        for e in compute(Evidence(SummaryBank(result.summary), fake), ["frechet_distance", "frechet_distance_debiased"])
    }
    assert named["frechet_distance"].value == value
    assert "no disjoint parts" in named["frechet_distance_debiased"].notes[0]
    assert main(["evaluate", "digits", "--real", "ref.npz", "--features", "pixels"]) == 1
    assert "--protocol pytorch-fid, clean-fid or fid" in capsys.readouterr().err
    with pytest.raises(CacheError, match="6 dimensions, this protocol's features 2048"):
        check_statistics("ref.npz", result, {}, 2048, "fid")


@pytest.mark.parametrize(
    ("field", "value"), [("preprocessing", "clean"), ("weights_sha256", "ab"), ("package", "0.0.1"), ("name", "x")]
)
def test_whatever_differs_is_named(field: str, value: str) -> None:
    from gantlet.core.version import __version__

    extractor = {"name": "inception-v3", "preprocessing": "tf1", "weights_sha256": "cd"}
    header = {"extractor": extractor, "package": __version__, "protocol": "fid"}
    result = Statistics(Summary.of(bank(9, 1).features, None), header)
    check_statistics("x", result, extractor, 6, "fid")
    wrong = {**header, "package": value} if field == "package" else {**header, "extractor": {**extractor, field: value}}
    with pytest.raises(CacheError, match=f"{field} = '{value}'"):
        check_statistics("x", Statistics(result.summary, wrong), extractor, 6, "fid")
    with pytest.raises(CacheError, match="protocol = 'fid'"):
        check_statistics("x", result, extractor, 6, "clean-fid")


def test_wrong_calls(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(words: list[str], status: int) -> str:
        assert main(words) == status
        return capsys.readouterr().err

    for name, size in (("a", 4), ("b", 5)):
        assert (
            main(["stats", "make", "digits", "--out", f"{name}.safetensors", "--features", f"pixels[size={size}]"]) == 0
        )
    capsys.readouterr()
    assert "preprocessing" in said(["stats", "merge", "a.safetensors", "b.safetensors", "--out", "c.safetensors"], 1)
    assert "twice" in said(["stats", "merge", "a.safetensors", "a.safetensors", "--out", "c.safetensors"], 1)
    assert "two files" in said(["stats", "merge", "a.safetensors", "--out", "c.safetensors"], 2)
    assert "exists already" in said(["stats", "make", "digits", "--out", "a.safetensors"], 1)
    assert "NAME.safetensors" in said(["stats", "make", "digits", "--out", "a.npz"], 1)
    assert "one feature space" in said(
        ["stats", "make", "digits", "--out", "d.safetensors", "--features", "pixels,random-conv"], 2
    )
    assert "did you mean 'make'" in said(["stats", "mke"], 2)
    assert "needs make SOURCE" in said(["stats"], 2)
    assert "no statistics file" in said(["stats", "show", "z.safetensors"], 1)
    assert "preprocessing" in said(["evaluate", "digits", "--real", "a.safetensors", "--features", "pixels[size=5]"], 1)
    data = bytearray((folder / "a.safetensors").read_bytes())
    data[-9] ^= 1
    (folder / "a.safetensors").write_bytes(data)
    assert "damaged" in said(["stats", "show", "a.safetensors"], 1)
    (folder / "cut.safetensors").write_bytes(bytes(data[:100]))
    assert "damaged" in said(["evaluate", "digits", "--real", "cut.safetensors"], 1)
