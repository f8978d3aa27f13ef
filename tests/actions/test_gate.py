"""A gate compares the end it is asked to; what cannot be told never passes; conditions are refused before any work."""

import dataclasses
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import jaxtyping
import numpy as np
import pytest

import gantlet
from gantlet.actions.baseline import against, require_same_settings
from gantlet.actions.gate import read_conditions, with_metrics
from gantlet.cli.parse import gathered
from gantlet.core.config import EvaluateConfig
from gantlet.core.errors import OutputError, UnknownName, UsageError
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.exact_copies import ExactCopies
from gantlet.core.results.gate import Check, Gate, read_condition
from gantlet.core.results.report import ClassShare, ModeCount, Report
from gantlet.reports.gate import junit, markdown, require_junit

ESTIMATES = (
    Estimate("coverage", 0.9, 0.8, 0.95, "wilson", lower_is_better=False),
    Estimate("frechet_distance", 12.0, 10.0, 15.0, "delta", lower_is_better=True),
    Estimate("ppl", 3.0),
    Estimate("modes", None, notes=("undefined: no classes",)),
)
REPORT = Report(
    {"name": "pixels"}, "photos/", "fakes/", 100, 100, 0, ESTIMATES,
    verdict=("poor: 2 faults found", "copied: 2 of 100", "missing: class 7", "good: the rest"),
    exact_copies=(ExactCopies("real", 2, 100, (("a", "b"),)), ExactCopies("training", 3, 100, (("a", "c"),))),
    modes=(ModeCount("7", 10, 0, "missing"),), class_shares=(ClassShare("7", 0.01, 0.02, 0.1, 0.05, "missing"),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "state"),
    [
        ("coverage < 0.85", "failed"),  # the low end is 0.8
        ("coverage<0.8", "passed"),
        ("coverage <= 0.8", "failed"),
        ("coverage > 0.92", "failed"),  # the high end is 0.95
        ("coverage >= 96%", "passed"),
        ("value:coverage < 0.85", "passed"),
        ("value: coverage < 95%", "failed"),
        ("high:coverage < 0.96", "failed"),
        ("high:coverage < 0.9", "passed"),
        ("low:frechet_distance > 12", "passed"),
        ("frechet_distance > 12", "failed"),
        ("ppl > 1", "undefined"),  # no interval
        ("value:ppl > 1", "failed"),
        ("value:ppl > 1e1", "passed"),
        ("modes < 5", "undefined"),
        ("value:modes < 5", "undefined"),
        ("recall < 0.5", "undefined"),  # not computed
        ("copies > 0", "failed"),
        ("copies > 2", "failed"),  # the larger of both counts: the same fake may be both
        ("copies > 3", "passed"),
        ("faults >= 2", "failed"),
        ("faults > 2", "passed"),
        ("missing > 1", "passed"),  # one class, seen twice
        ("missing > 0", "failed"),
    ],
)
def test_a_condition_compares_the_end_it_is_asked_to(condition: str, state: str) -> None:
    (check,) = gantlet.gate(REPORT, [condition]).checks
    assert (check.condition, check.state) == (condition, state)
    assert check.reason


def test_exit_statuses() -> None:
    status = {name: Check("c", name, "r") for name in ("passed", "failed", "undefined")}
    for names, expected in (
        ((), 0),
        (("passed", "passed"), 0),
        (("passed", "undefined"), 4),
        (("undefined", "failed"), 3),
    ):
        gate = Gate(tuple(status[name] for name in names))
        assert gate.exit_status == expected
        assert gate.passed == (expected == 0)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("coverage", "cannot read the condition"),
        ("coverage << 1", "cannot read the condition"),
        ("< 1", "cannot read the condition"),
        ("coverage = 1", "cannot read the condition"),
        ("coverage < high", "is no number"),
        ("coverage < nan", "is no number"),
        ("coverage < inf", "is no number"),
        ("low:copies > 0", "count without an interval"),
        ("coverage < 1.5", "would always fail"),
        ("coverage <= 1", "would always fail"),
        ("coverage > 1", "would never fail"),
        ("value:coverage < 0%", "would never fail"),
        ("copies < 0", "would never fail"),
        ("copies >= 0", "would always fail"),
        ("copy > 0", "did you mean 'copies'"),
        ("cov < 0.9", "did you mean 'coverage'"),
        ("fid50k > 3", "--protocol fid"),
        ("coverge < 0.9", "did you mean 'coverage'"),
        ("middle:coverage < 0.9", "unknown metric|cannot"),
    ],
)
def test_a_condition_that_cannot_be_read_is_a_usage_error(condition: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_conditions([condition])


def test_spaces_and_options_of_a_condition() -> None:
    condition = read_condition("low:precision[k=5]@pixels[size=8] < 0.5")
    assert (condition.end, condition.name, condition.space) == ("low", "precision[k=5]", "pixels[size=8]")
    two = dataclasses.replace(
        REPORT,
        estimates=tuple(
            dataclasses.replace(ESTIMATES[0], features=space, low=low) for space, low in (("a", 0.8), ("b", 0.5))
        ),
    )
    assert [check.state for check in gantlet.gate(two, ["coverage < 0.7"]).checks] == ["passed", "failed"]
    assert [check.state for check in gantlet.gate(two, ["coverage@a < 0.7"]).checks] == ["passed"]
    for space, state in (("pixels", "passed"), ("pixels[size=8]", "passed"), ("clip", "undefined")):
        assert [check.state for check in gantlet.gate(REPORT, [f"coverage@{space} < 0.7"]).checks] == [state]


def test_a_metric_that_was_not_asked_for_is_added() -> None:
    config = EvaluateConfig(metrics=("coverage",))
    found, added = with_metrics(config, read_conditions(["coverage < 1", "recall < 1", "recall > 0.2", "copies > 0"]))
    assert found.metrics == ("coverage", "recall") and added == ["recall"]
    assert with_metrics(EvaluateConfig(), read_conditions(["recall < 1"])) == (EvaluateConfig(), [])
    with pytest.raises(UsageError, match="protocol fid computes frechet_distance and nothing else"):
        with_metrics(EvaluateConfig(protocol="fid"), read_conditions(["recall < 1"]))
    with pytest.raises(UsageError, match="is not among the features asked for"):
        with_metrics(EvaluateConfig(features="pixels"), read_conditions(["coverage@clip < 1"]))
    with pytest.raises(UnknownName):
        read_conditions(["nothing < 1"])


def test_copies_cannot_be_counted_in_a_statistics_file(tmp_path: Path) -> None:
    path = tmp_path / "real.safetensors"
    path.write_bytes(b"")
    report = dataclasses.replace(REPORT, real=str(path), exact_copies=())
    assert gantlet.gate(report, ["copies > 0"]).exit_status == 4


@pytest.mark.parametrize(
    ("n", "state"), [(2, "undefined"), (15, "undefined"), (43, "undefined"), (44, "passed"), (500, "passed")]
)
def test_no_copies_among_few_images_tell_nothing(n: int, state: str) -> None:
    (check,) = gantlet.gate(dataclasses.replace(REPORT, exact_copies=(), n_fake=n), "copies > 0").checks
    share = 1 - 0.01 ** (1 / n)  # with none among n draws
    said = f"{share:.0%}" if state == "undefined" else f"{100 * share:.2g}%"
    assert check.state == state and said in check.reason


def test_a_gate_reads_a_report_from_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # users call without the type checks of the tests
    REPORT.save(str(tmp_path / "report.json"))
    for path in (tmp_path, str(tmp_path / "report.json")):
        assert gantlet.gate(path, "coverage < 0.85").exit_status == 3
    for wrong in (None, 3, [3]):
        with pytest.raises(UsageError, match="conditions must be texts"):
            gantlet.gate(REPORT, wrong)


def evaluated(values: np.ndarray, real: np.ndarray) -> Report:
    return gantlet.evaluate(
        gantlet.points(values), gantlet.points(real), metrics=["frechet_distance", "coverage"], cache=False
    )


def test_worse_than_the_baseline() -> None:
    rng = np.random.default_rng(0)
    real, near, again, far = (rng.standard_normal((400, 3)).astype(np.float32) for _ in range(4))
    baseline = evaluated(near, real)
    assert against(baseline, baseline).state == "passed"
    equal = against(baseline, evaluated(again, real))
    assert equal.state == "passed" and "would have been found" in equal.reason
    neither = [
        gantlet.evaluate(gantlet.points(side + 90), gantlet.points(real), metrics=["coverage"], cache=False)
        for side in (near, far)
    ]
    nothing = against(*neither)
    assert nothing.state == "passed" and "of coverage, it is 0 for both, the worst that it can be" in nothing.reason
    worse = against(baseline, evaluated(far + 2, real))
    assert worse.state == "failed" and "frechet_distance" in worse.reason
    assert against(evaluated(far + 2, real), baseline).state == "passed", "better is not worse"
    other = against(baseline, evaluated(again, real + 1))
    assert other.state == "undefined" and "differ in the real images: " in other.reason
    assert (
        "give --real the images that the baseline was measured with" in other.reason and "compare" not in other.reason
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"features": "random-conv", "metrics": ("coverage",)}, "differ in the feature space: random-conv here, coordinates there"),
        ({"features": "random-conv", "metrics": ("coverage",)}, "; give --features coordinates, or evaluate the baseline's images anew"),
        ({"features": "coordinates", "level": 0.9, "metrics": ("coverage",)}, "the level of the intervals: 0.9 here, 0.95 there"),
        ({"features": "coordinates", "level": 0.9, "metrics": ("coverage",)}, "; give --level 0.95, or"),
        ({"protocol": "fid"}, "differ in the protocol: fid here, none there"),
        ({"protocol": "fid"}, "; give --features coordinates and --metrics frechet_distance coverage, as the baseline has them, and no --protocol"),
        ({"protocol": ""}, "differ in the protocol: trusted here, none there"),
    ],
)  # fmt: skip
def test_a_baseline_of_other_settings_is_refused_before_any_work(asked: dict[str, Any], said: str) -> None:
    values = np.random.default_rng(0).standard_normal((2, 100, 3)).astype(np.float32)
    baseline = evaluated(*values)
    with pytest.raises(UsageError, match=re.escape(said)):
        require_same_settings(baseline, EvaluateConfig(**asked))
    require_same_settings(
        baseline, EvaluateConfig(metrics=("coverage",))
    )  # auto: only the images tell which space it is
    trusted = dataclasses.replace(baseline, features={"name": "efficientnet-lite0", "protocol": "trusted"})
    require_same_settings(trusted, EvaluateConfig())
    with pytest.raises(UsageError, match="leave --features and --metrics out, as the baseline did"):
        require_same_settings(trusted, EvaluateConfig(metrics=("coverage",)))


def test_junit_and_markdown_hold_every_check(tmp_path: Path) -> None:
    name = '<a> & "b" | `c` \x1b[31m'
    report = dataclasses.replace(REPORT, fake=name)
    gate = gantlet.gate(report, ["coverage < 0.85", "coverage < 0.1", "modes < 5"])
    root = ElementTree.fromstring(junit(gate, report))
    (suite,) = root
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    assert [case.get("name") for case in suite] == ["coverage < 0.85", "coverage < 0.1", "modes < 5"]
    assert [child.tag for case in suite for child in case] == ["failure", "system-out", "error"]
    text = markdown(report, gate, "out/report.html")
    assert text.count("\n| ✗ failed |") == 1 and text.count("\n| ? undefined |") == 1
    assert "<a>" not in text and "\x1b" not in text and "\\| \\`c\\`" in text
    assert all(line.count("|") - line.count("\\|") == 4 for line in text.splitlines() if line.startswith("|"))
    theirs = tmp_path / "theirs.xml"
    theirs.write_text("<mine/>")
    with pytest.raises(OutputError, match="no gate that gantlet wrote"):
        require_junit(theirs)
    theirs.write_text(junit(gate, report))
    require_junit(theirs)


def test_the_repeated_option() -> None:
    words = ["--fail-if", "a < 1", "--n", "5", "--fail-if=b > 2", "--fail-if", "c < 3", "d > 4", "--json"]
    assert gathered(words, "--fail-if") == ["--n", "5", "--json", "--fail-if", "a < 1", "b > 2", "c < 3", "d > 4"]
    assert gathered(["--json"], "--fail-if") == ["--json"]
    for empty in (["--fail-if"], ["--fail-if", "a < 1", "--fail-if", "--json"]):
        with pytest.raises(UsageError, match="needs a value"):
            gathered(empty, "--fail-if")


def test_pictures_that_the_real_images_repeat_are_no_copies_to_the_gate() -> None:
    repeats = ExactCopies(
        "real", 64, 300, (("a", "b"),), repeated=64, commonest=57, excused=64, unseen=60, unseen_of=300
    )
    doubtful = dataclasses.replace(repeats, excused=0, undecided=64, unseen_of=0)
    reports = [dataclasses.replace(REPORT, exact_copies=(found,)) for found in (repeats, doubtful)]
    for report, state in ((reports[0], "passed"), (reports[1], "undefined"), (REPORT, "failed")):
        (check,) = gantlet.gate(report, ["copies > 0"]).checks
        assert check.state == state


def with_modes(
    *modes: ModeCount, verdict: str = "good: no fault found", labelled: bool = True, **changes: object
) -> Report:
    found = {"classes": modes} if labelled else {"modes": modes}
    plain = {"exact_copies": (), "modes": (), "class_shares": (), "verdict": (verdict,)}
    return dataclasses.replace(REPORT, **{**plain, **found, **changes})


@pytest.mark.parametrize(
    ("report", "state"),
    [
        (with_modes(ModeCount("0", 30, 30), ModeCount("1", 30, 30)), "passed"),
        (with_modes(ModeCount("0", 30, 2), ModeCount("1", 30, 0)), "undefined"),  # two images: chance
        (with_modes(ModeCount("0", 30, 60), ModeCount("1", 30, 0, "missing")), "failed"),
        (with_modes(), "undefined"),
        (with_modes(ModeCount("cluster 1", 30, 2), ModeCount("cluster 2", 30, 9), labelled=False), "undefined"),
        (with_modes(ModeCount("cluster 1", 300, 300), ModeCount("cluster 2", 300, 300), labelled=False), "passed"),
        (
            with_modes(
                ModeCount("cluster 1", 300, 300), ModeCount("cluster 2", 300, 300), labelled=False,
                class_shares=(ClassShare("3", 0.01, 0.09, 0.1, 0.08),),
            ),
            "undefined",
        ),
    ],
)  # fmt: skip
def test_what_could_not_be_told_is_not_counted_as_nothing(report: Report, state: str) -> None:
    assert gantlet.gate(report, ["missing > 0"]).checks[0].state == state


def test_no_faults_where_too_little_was_tested_is_undefined() -> None:
    reference = Estimate("coverage", 0.9, 0.88, 0.92, "wilson", n_real=500, n_fake=500, lower_is_better=False)
    close = dataclasses.replace(reference, value=0.89, low=0.87, high=0.91, reference=reference)
    wide = dataclasses.replace(reference, value=0.8, low=0.5, high=0.95, reference=reference)
    for estimates, status in (((), 4), ((close,), 0), ((wide,), 4), ((close, wide), 0)):
        report = with_modes(verdict="caution: no fault found, 1 point to look at", estimates=estimates)
        assert gantlet.gate(report, ["faults > 0"]).exit_status == status
    poor = with_modes(estimates=(), verdict="poor: 1 fault found")
    assert (
        gantlet.gate(dataclasses.replace(poor, verdict=(*poor.verdict, "poor: blur")), ["faults > 0"]).exit_status == 3
    )


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("memorised: 3.0% of the images lie suspiciously close", "failed"),
        ("good: no sign of copying: 0.0% of the images", "passed"),
        ("unclear: memorisation was not tested", "undefined"),
    ],
)
def test_near_copies_are_gated_where_they_could_be_told(line: str, state: str) -> None:
    report = dataclasses.replace(REPORT, verdict=("poor: a fault found", line))
    assert gantlet.gate(report, ["memorised > 0"]).checks[0].state == state


@pytest.mark.parametrize("condition", ["copies > 5%", "faults > 0.5", "missing >= 1.5"])
def test_counts_are_compared_with_whole_numbers(condition: str) -> None:
    with pytest.raises(UsageError, match="compare it with a whole number"):
        read_conditions([condition])


def test_images_that_repeat_each_other_are_one_draw_to_the_count_of_copies() -> None:
    clean = dataclasses.replace(REPORT, exact_copies=(), n_fake=200)
    assert gantlet.gate(clean, "copies > 0").exit_status == 0
    (check,) = gantlet.gate(dataclasses.replace(clean, distinct_fakes=5), "copies > 0").checks
    assert (
        check.state == "undefined"
        and "among 5 different images a generator that copies 60% of the time" in check.reason
    )
    assert gantlet.gate(dataclasses.replace(clean, distinct_fakes=44), "copies > 0").exit_status == 0
