"""A leaderboard: places and ties after Holm's correction over all pairs, refusals that name the field, a page for many."""

import dataclasses
import json
import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

import gantlet
from gantlet.cli import main
from gantlet.core.errors import DataError, UsageError
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.report import ModeCount, Report
from gantlet.reports.leaderboard import render

VALUES = {"a": 1.00, "b": 1.02, "c": 1.30, "d": 1.62, "e": 3.0}
SPREAD = 0.09


def estimate(metric: str, value: float, **changed: object) -> Estimate:
    half = norm.ppf(0.975) * SPREAD
    plain = Estimate(metric, value, value - half, value + half, "delta", n_real=500, n_fake=500, lower_is_better=True)
    return dataclasses.replace(plain, **changed)  # type: ignore[arg-type]


def report(name: str, *estimates: Estimate, **changed: object) -> Report:
    plain = Report(
        {"name": "pixels", "protocol": "", "package": "1"}, "real", name, 500, 500, 0, estimates,
        digests={"real": "0", "fake": name, "training": "1"},
    )  # fmt: skip
    return dataclasses.replace(plain, **changed)  # type: ignore[arg-type]


def stored(tmp_path: Path, reports: dict[str, Report]) -> list[str]:
    for name, each in reports.items():
        (tmp_path / name).mkdir(exist_ok=True)
        each.save(tmp_path / name / "report.json")
    return [str(tmp_path / name) for name in reports]


def five(tmp_path: Path) -> list[str]:
    return stored(tmp_path, {name: report(name, estimate("frechet_distance", VALUES[name])) for name in "dbeac"})


def test_places_and_ties_are_those_of_holms_steps_by_hand(tmp_path: Path) -> None:
    result = gantlet.leaderboard(*five(tmp_path))
    assert [Path(each.name).name for each in result] == list("abcde")
    raw = {
        pair: 2 * norm.sf(abs(VALUES[pair[0]] - VALUES[pair[1]]) / (SPREAD * math.sqrt(2)))
        for pair in combinations("abcde", 2)
    }
    clear, running = set(), True  # Holm 1979: step down until the first that is not rejected
    for step, pair in enumerate(sorted(raw, key=lambda pair: raw[pair])):
        running = running and raw[pair] <= 0.05 / (len(raw) - step)
        clear |= {pair} if running else set()
    assert 0 < len(clear) < len(raw)
    found = {(Path(p.a).name, Path(p.b).name): p.difference for p in result.pairs}
    assert {pair for pair, d in found.items() if d.better} == clear and all(
        d.better in ("A", "") for d in found.values()
    )
    assert {(Path(a).name, Path(b).name) for a, b in result.ties} == set(raw) - clear
    for each in result:
        name = Path(each.name).name
        worse = sum((other, name) in clear for other in "abcde")
        better = sum((name, other) in clear for other in "abcde")
        assert (each.first, each.last) == (1 + worse, 5 - better)
        assert {Path(other).name for other in each.tied} == {o for p in set(raw) - clear if name in p for o in p} - {
            name
        }


@pytest.mark.parametrize("k", [3, 6, 10])
def test_a_false_winner_among_equals_is_as_rare_as_the_level_says(tmp_path: Path, k: int) -> None:
    """k sets of one population, 200 draws: any pair is called clear in at most 5 %, + 3 standard errors; one that is better by
    12 standard errors of a difference, ranked with them, is always clear of all."""
    from gantlet.actions.leaderboard import leaderboard_of

    rng, wrong, names = np.random.default_rng(k), 0, "abcdefghij"[:k]
    folders = dict.fromkeys(names, tmp_path)
    for draw in range(200):
        drawn = {name: report(name, estimate("frechet_distance", float(rng.normal(1, SPREAD)))) for name in names}
        wrong += len(leaderboard_of((drawn, folders), "", None).ties) < k * (k - 1) // 2
        if draw < 10:
            better = {**drawn, "z": report("z", estimate("frechet_distance", 1 - 12 * SPREAD * math.sqrt(2)))}
            result = leaderboard_of((better, {**folders, "z": tmp_path}), "", None)
            assert result.standings[0].name == "z" and result.standings[0].place == "1"
    assert 0 < wrong <= 200 * 0.05 + 3 * math.sqrt(200 * 0.05 * 0.95)


def test_higher_is_better_and_an_aim_are_ranked_their_own_way(tmp_path: Path) -> None:
    values = {"a": 0.4, "b": 0.9, "c": 0.6}
    words = stored(
        tmp_path,
        {
            name: report(
                name,
                estimate("recall", v, lower_is_better=False),
                estimate("one_nn_accuracy", v, details={"aim": 0.5}),
            )
            for name, v in values.items()
        },
    )
    assert [Path(each.name).name for each in gantlet.leaderboard(*words)] == ["b", "c", "a"]
    near = gantlet.leaderboard(list(words), metric="one_nn_accuracy")
    assert {Path(each.name).name for each in near.standings[:2]} == {"a", "c"} and near.standings[2].name.endswith("b")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"features": {"name": "other", "protocol": "", "package": "1"}}, "has name = 'pixels'"),
        ({"features": {"name": "pixels", "protocol": "fid", "package": "1"}}, "protocol"),
        ({"digests": {"real": "9", "fake": "b", "training": "1"}}, "real images"),
        ({"warnings": ("real images: fitted to 64×64 pixels with 1 channel",)}, "resolution of the real images"),
    ],
)
def test_reports_that_are_not_comparable_are_refused_with_the_field(
    tmp_path: Path, changed: dict[str, object], words: str
) -> None:
    one = estimate("recall", 0.5, lower_is_better=False)
    folders = stored(tmp_path, {"a": report("a", one), "c": report("c", one), "b": report("b", one, **changed)})
    with pytest.raises(DataError, match=words):
        gantlet.leaderboard(*folders)


def test_what_cannot_rank_is_left_out_or_refused_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = estimate("frechet_distance", 1.0)
    good = estimate("coverage", 0.5, lower_is_better=False)
    folders = stored(
        tmp_path,
        {
            "a": report("a", first, good),
            "b": report("b", dataclasses.replace(first, n_fake=100), dataclasses.replace(good, value=0.6)),
        },
    )
    result = gantlet.leaderboard(*folders)
    assert result.metric == "coverage" and "depends on their number" in result.left_out["frechet_distance"]
    assert main(["leaderboard", *folders, "--metric", "frechet_distance"]) == 2
    assert "cannot be ranked by frechet_distance" in capsys.readouterr().err
    for words in ([folders[0]], [folders[0], folders[0]], [folders[0], "nowhere"], [*folders, "--metric", "coverge"]):
        assert main(["leaderboard", *words, "--out", str(tmp_path / "x")]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    twin = stored(tmp_path, {"twin": report("a", first, good)})
    with pytest.raises(UsageError, match="evaluate the same images"):
        gantlet.leaderboard(*folders, *twin)


def test_the_command_writes_page_and_numbers_and_replaces_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    five(tmp_path)
    names = list("abcde")
    assert main(["leaderboard", *names, "--json"]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed) == json.loads(Path("gantlet-leaderboard/leaderboard.json").read_text())
    assert main(["leaderboard", *names]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "a has the best frechet_distance, and cannot be told apart from b, c" in shown
    assert shown.endswith("gantlet-leaderboard/leaderboard.html") and "1–3" in shown
    Path("mine").mkdir()
    Path("mine/leaderboard.json").write_text('{"mine": 1}')
    assert main(["leaderboard", *names, "--out", "mine"]) == 1
    assert Path("mine/leaderboard.json").read_text() == '{"mine": 1}'


def test_the_page_says_what_each_misses_and_escapes_names(tmp_path: Path) -> None:
    modes = (ModeCount("7", 40, 0, "missing"), ModeCount("8", 40, 41, variety=0.2, collapsed=True))
    one = estimate("recall", 0.5, lower_is_better=False)
    reports = {"a": report("a", one), "<b>": report("b", one, modes=modes, classes=modes[:1])}
    from gantlet.actions.leaderboard import leaderboard_of

    result = leaderboard_of((reports, dict.fromkeys(reports, tmp_path)), "", None)
    assert [(m.name, m.what) for m in result["<b>"].misses] == [("7", "missing"), ("8", "variety lost")]
    page = render(result, {}, {})
    assert "0 of 500 generated, 40 of 500 real" in page and "&lt;b&gt;" in page and "<b><b>" not in page
    assert "<script" not in page and "http" not in page and "Nothing is shown to be missing" in page
