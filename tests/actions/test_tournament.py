"""A tournament: every place has one result whatever happens to workers; curves, pairs and failures are what they are."""

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gantlet.actions.tournament import tournament
from gantlet.actions.tournament_result import assembled
from gantlet.actions.tournament_storage import Places, open_places, open_storage
from gantlet.actions.tournament_trials import Protocol, configured, settings_of
from gantlet.cli import main
from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError, OutputError, UnknownName, UsageError
from gantlet.core.results.tournament import Trial
from gantlet.core.search import Range, applied, read_ranges
from gantlet.reports.tournament import render_tournament
from gantlet.training.recipes import RECIPES

RANGED = [entry.name for entry in RECIPES.entries() if entry.object.get("search")]


def trial(place: int, best: float | None, final: float | None = None, failed: str = "") -> Trial:
    return Trial(place, {"beta1": 0.5}, best, best if final is None else final, 10.0, failed)


@pytest.mark.parametrize("recipe", RANGED)
def test_every_drawn_setting_is_a_valid_training(recipe: str) -> None:
    found = [settings_of(recipe, place, 0) for place in range(8)]
    assert found[0] == settings_of(recipe, 0, 0) and found[0] != found[1]
    for values in found:
        config = configured(recipe, values, Protocol("digits", steps=1000), 3, Path("x"))
        assert config.steps == -(-1000 // config.discriminator_steps) and config.seed == 3
        if "lr_generator lr_discriminator" in values:
            assert config.lr_generator == config.lr_discriminator == values["lr_generator lr_discriminator"]


def test_ranges_are_uniform_in_the_logarithm_and_name_fields() -> None:
    (one,) = read_ranges({"lr_generator": {"low": 1e-5, "high": 1e-1, "log": True}})
    rng = np.random.default_rng(0)
    logs = np.log10([one.draw(rng) for _ in range(2000)])
    assert np.mean(logs) == pytest.approx(-3, abs=0.08) and logs.min() >= -5 and logs.max() <= -1
    config = applied(TrainConfig(penalties=("r1[gamma=1.0]",)), {"penalties.r1.gamma": 0.25, "beta1": 0.1})
    assert config.penalties == ("r1[gamma=0.25]",) and config.beta1 == 0.1
    with pytest.raises(UnknownName, match=r"'lr_generater'; did you mean 'lr_generator'"):
        read_ranges({"lr_generater": [1, 2]})
    for wrong in (
        {"beta1": {"low": 1.0, "high": 0.5}},
        {"beta1": 0.5},
        {"beta1.x": [0, 1]},
        {"lr_generator": {"low": 0, "high": 1, "log": True}},
    ):
        with pytest.raises(ConfigError, match="search"):
            read_ranges(wrong)
    with pytest.raises(ConfigError, match="has no r2"):
        applied(TrainConfig(penalties=("r1[gamma=1.0]",)), {"penalties.r2.gamma": 1.0})
    assert Range("beta1", choices=(0.0, 0.5)).draw(rng) in (0.0, 0.5)


def places(url: str, total: int, longest: float = 1.5) -> Places:
    return open_places(open_storage(url), "dcgan: search", total, {"data": "digits"}, longest)


WORKER = """
import sys, time
from gantlet.actions.tournament_storage import open_places, open_storage
from gantlet.core.results.tournament import Trial

url, total, pace, told = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
mine = open_places(open_storage(url), "dcgan: search", total, {"data": "digits"}, 1.5)
while not mine.done():
    claim = mine.claim({k: {"beta1": 0.1 * k} for k in range(total)})
    if claim is None:
        time.sleep(0.1)
        continue
    with claim.alive():
        time.sleep(pace)
    if claim.tell(Trial(claim.place, {}, float(claim.place), float(claim.place), 1.0)):
        with open(told, "a", encoding="utf-8") as file:
            file.write(f"{claim.place}\\n")
"""


def killed_workers(url: str, folder: Path) -> None:
    """Four workers share eight places; two are killed with -9 in the middle of a trial, and every place has one result."""
    places(url, 8)
    told, until = folder / "told.txt", time.monotonic() + 120
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, url, "8", pace, str(told)])
        for pace in ("600", "600", "0.1", "0.1")
    ]
    try:
        held = 0
        while held < 2 and time.monotonic() < until:
            time.sleep(0.5)
            held = (
                sum(worker.poll() is None and time.monotonic() > until - 100 for worker in workers[:2])
                if told.exists()
                else 0
            )
        for worker in workers[:2]:
            worker.kill()
        for worker in workers[2:]:
            worker.wait(timeout=120)
    finally:
        for worker in workers:
            worker.kill()
    found = places(url, 8).results()
    assert list(found) == list(range(8)) and [t.best for t in found.values()] == [float(k) for k in range(8)]
    assert sorted(map(int, told.read_text().split())) == list(range(8))
    lost = [t for t in places(url, 8).study.get_trials() if "lost" in t.user_attrs]
    assert len(lost) >= 2, "the two killed workers each held a place"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "journal"])
def test_a_killed_workers_trial_is_taken_up_and_nothing_counts_twice(kind: str, tmp_path: Path) -> None:
    killed_workers(f"sqlite:///{tmp_path / 't.db'}" if kind == "sqlite" else f"journal:{tmp_path / 't.log'}", tmp_path)


@pytest.mark.slow
def test_workers_share_postgresql(tmp_path: Path) -> None:
    url = os.environ.get("GANTLET_TEST_POSTGRESQL")
    if not url:
        pytest.skip("GANTLET_TEST_POSTGRESQL names no empty database")
    killed_workers(url, tmp_path)


def test_two_claims_of_one_place_leave_it_to_the_first(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 't.db'}"
    one, other = places(url, 2), places(url, 2)
    first, second = one.claim({}), other.claim({})
    assert first is not None and second is not None and (first.place, second.place) == (0, 1)
    assert one.claim({}) is None
    first.lose()
    again = other.claim({})
    assert again is not None and again.place == 0
    assert (
        not first.tell(trial(0, 9.0)) and again.tell(trial(0, 1.0)) and second.tell(trial(1, None, failed="diverged"))
    )
    assert other.done() and other.results()[0].best == 1.0 and other.results()[1].failed == "diverged"


def test_other_settings_and_storages_that_cannot_be_reached_are_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 't.db'}"
    places(url, 2)
    with pytest.raises(UsageError, match=r"other settings \(data = 'digits', now 'mnist'\)"):
        open_places(open_storage(url), "dcgan: search", 2, {"data": "mnist"})
    with pytest.raises(UsageError, match=r"cannot open the storage sqlite:////nowhere/x\.db"):
        open_storage("sqlite:////nowhere/x.db")


def test_a_page_of_somebody_else_is_found_before_the_first_trial(tmp_path: Path) -> None:
    (tmp_path / "tournament.html").write_text("mine")
    with pytest.raises(OutputError, match=r"tournament\.html is of no gantlet result"):
        tournament(["dcgan", "lsgan"], trials=1, seeds=2, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["tournament.html"]


def test_what_trials_say(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def method(mean: float, failed: int = 0) -> tuple[dict[int, Trial], dict[int, Trial]]:
        search = {
            k: trial(k, None, failed="diverged") if k < failed else trial(k, mean + float(rng.exponential(20)))
            for k in range(10)
        }
        return search, {k: trial(k, mean + float(rng.normal(0, 1)), mean + 5.0) for k in range(5)}

    result = assembled(
        Protocol("digits"), True, 0.95, [("a", *method(10)), ("b", *method(10.2)), ("c", *method(30, 3))]
    )
    assert {one.recipe for one in result.contenders[:2]} == {"a", "b"} and result["c"].best.mean > 25
    assert [pair.better for pair in result.pairs if "c" in (pair.a, pair.b)] != ["", ""]
    assert "not distinguishable from" in result.verdict[0] and result.verdict[1].startswith("good: 2 of 3 pairs")
    assert "caution: c: 3 of 10 settings failed." in result.verdict
    medians = [each.median for each in result["a"].curve]
    assert medians == sorted(medians, reverse=True) and result["a"].curve[-1].seconds == 100.0
    assert json.loads(result.to_json())["contenders"][2]["recipe"] == "c" and "Tournament of 3" in repr(result)
    assert "not distinguishable" in render_tournament(result)
    higher = assembled(Protocol("digits"), False, 0.95, [("a", *method(10)), ("c", *method(30))])
    assert higher.contenders[0].recipe == "c" and higher["c"].curve[-1].median > higher["c"].curve[0].median


def test_equal_methods_are_seldom_told_apart() -> None:
    rng, told = np.random.default_rng(1), 0
    for _ in range(200):
        sides = [({0: trial(0, 1.0)}, {k: trial(k, float(rng.normal(10, 1))) for k in range(5)}) for _ in range(4)]
        result = assembled(
            Protocol("digits"), True, 0.95, [(name, *side) for name, side in zip("abcd", sides, strict=True)]
        )
        told += any(pair.better for pair in result.pairs)
    assert told <= 20  # family-wise 5 %: 10 of 200, three standard deviations above: 19


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dcgan"], "two or more different recipes"),
        (["dcgan", "dcgan"], "two or more different recipes"),
        (["dcgan", "ae-ot"], "'ae-ot' declares no [search] ranges"),
        (["dcgan", "lsgann"], "lsgan"),
        (["dcgan", "lsgan", "--budget", "many"], "--budget is the number of random settings"),
        (["dcgan", "lsgan", "--seeds", "1"], "two fresh seeds at least"),
        (["dcgan", "lsgan", "--metric", "modes_of"], "modes_of"),
    ],
)
def test_bad_input_is_one_sentence(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tournament", *words, "--out", str(tmp_path / "t")]) == 2
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error and not (tmp_path / "t").exists()


def test_two_methods_from_the_first_trial_to_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trainings are replaced by numbers of a known function of the settings; the one end-to-end run is in test_tournament_runs."""
    scores = itertools.count()

    def made(config: TrainConfig, place: int, values: dict[str, object], *_: object) -> Trial:
        next(scores)
        if config.lr_generator > 5e-3:
            return Trial(place, dict(values), None, None, 1.0, "training has diverged")
        value = (
            abs(np.log10(config.lr_generator) + 3.5)
            + (0.2 if "lsgan" in config.out else 0.0)
            + 0.01 * (config.seed % 7)
        )
        return Trial(place, dict(values), float(value), float(value) + 0.1, 1.0)

    monkeypatch.setattr("gantlet.actions.tournament.ran", made)
    settings = {"trials": 6, "seeds": 3, "out": tmp_path / "t", "say": lambda _: None}
    result = tournament(["dcgan", "lsgan"], **settings)
    assert next(scores) == 18 and (tmp_path / "t/tournament.html").is_file()
    best = min(t.best for t in result["dcgan"].search if t.best is not None)
    assert result["dcgan"].settings == next(t.values for t in result["dcgan"].search if t.best == best)
    again = tournament(["dcgan", "lsgan"], **settings)
    assert next(scores) == 19 and again == result
    with pytest.raises(UsageError, match="other settings"):
        tournament(["dcgan", "lsgan"], **{**settings, "trials": 7})


@pytest.mark.slow
def test_two_methods_really_trained(tmp_path: Path) -> None:
    """Half a CPU minute: trainings, evaluations, both checkpoints' scores; a part that was done is not done again."""
    settings = {
        "features": "random-conv",
        "steps": 20,
        "samples": 50,
        "trials": 2,
        "seeds": 2,
        "out": tmp_path / "t",
        "say": lambda _: None,
    }
    result = tournament(["dcgan", "lsgan"], **settings)
    for one in result:
        assert all(t.best is not None and t.best <= t.final and t.seconds > 0 for t in (*one.search, *one.seeds))
    started = time.perf_counter()
    assert tournament(["dcgan", "lsgan"], **settings) == result and time.perf_counter() - started < 20
