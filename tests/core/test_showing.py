"""Results in a notebook: a short text, a card, plain values, a table, axes, iteration."""

import html.parser
import json
import math
import re
from typing import Any

import numpy as np
import pytest

import gantlet
from gantlet.core.errors import GantletError, UsageError
from gantlet.core.results.audit import AuditResult, Curve, Planted
from gantlet.core.results.comparison import Comparison, Difference
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.gate import Check, Gate
from gantlet.core.results.lab import LabResult
from gantlet.core.results.leaderboard import Leaderboard, Standing
from gantlet.core.results.report import Report
from gantlet.core.results.runs import MethodDifference, RunsComparison, RunsEstimate, RunsReport, Split
from gantlet.core.results.tournament import Contender, Seeds, Tournament

pytest.importorskip("matplotlib").use("Agg")

NAME = "<script>alert(1)</script>\x1b[31m$x$"
REFERENCE = Estimate("coverage", 0.97, 0.95, 0.99, "wilson", n_real=50, n_fake=50)
ESTIMATES = (
    Estimate(
        "coverage",
        0.9,
        0.85,
        0.94,
        "wilson",
        n_real=100,
        n_fake=100,
        unit="share",
        lower_is_better=False,
        reference=REFERENCE,
    ),
    Estimate("frechet_distance", 12.5, 11.0, 14.0, "delta", n_real=100, n_fake=100, lower_is_better=True),
    Estimate("modes", None, notes=("no classes",)),
)
REPORT = Report(
    {"name": "pixels"},
    "photos/",
    NAME,
    100,
    100,
    0,
    ESTIMATES,
    verdict=("poor: 1 fault", "good: the rest"),
    warnings=("careful",),
)
DIFFERENCE = Difference("coverage", 0.9, 0.8, 0.1, 0.05, 0.15, 0.001, 0.002, "A", True, False)
COMPARISON = Comparison("a/", "b/", "photos/", "pixels", 0.95, (DIFFERENCE,), "A is better", {"modes": "no classes"})
LAB = LabResult(
    "weight-clipping", "clipping pushes weights to the ends", "Gulrajani 2017", "share", 0.5, "half", ESTIMATES[0], "0.1",
    "reproduced", "within", ("step", "share"), ((1, 0.25), (2, None)), (), "smoke", (0, 1),
)  # fmt: skip
AUDIT = AuditResult(
    "digits", 60, (0, 1), {"pixels": {}}, (Planted("blur", "Blur", "σ", (0.5, 1.0)),),
    (Curve("pixels", "coverage", "blur", ((1.0, 4.0), (2.0, 5.0))),), {}, ("coverage detects blur",),
)  # fmt: skip
TRANSPORT = gantlet.transport.solve(np.array([[0.0], [1.0]]), np.array([[0.5], [2.0]]))
OVER_RUNS = RunsEstimate(ESTIMATES[0], (ESTIMATES[0], ESTIMATES[0]), 0.8, 1.0, Split(0.2, 0.1, 0.1))
RUNS = RunsReport(
    (NAME, "run-2"),
    "photos/",
    "pixels",
    0.95,
    (OVER_RUNS,),
    ("good: no fault",),
    {"modes": "no classes"},
    ("a note",),
    ("careful",),
)
METHODS = RunsComparison(
    (NAME, "a-2"), ("b-1", "b-2"), "photos/", "pixels", 0.95,
    (MethodDifference("coverage", OVER_RUNS, OVER_RUNS, 0.1, -0.1, 0.3, 0.4, 0.4, "", False, None),), "not told apart", {},
)  # fmt: skip
BOARD = Leaderboard(
    "coverage", "photos/", "pixels", 0.95, (Standing(NAME, "a/", ESTIMATES[0], 1, 2, ("b",)), Standing("b", "b/", ESTIMATES[0], 1, 2, (NAME,))),
    (), "tied",
)  # fmt: skip
TOURNAMENT = Tournament(
    "frechet_distance", True, NAME, "pixels", 0.95, 4, 100,
    (Contender("dcgan", (), (), {"batch": 64}, (), Seeds(3.5, 3.0, 4.0, 2), None),), (), ("unclear: dcgan alone ended.",), ("a note",),
)  # fmt: skip
GATE = Gate((Check("coverage < 0.5", "passed", "0.9 is not < 0.5"), Check(f"{NAME} < 1", "undefined", "not computed")))
RESULTS: list[Any] = [REPORT, COMPARISON, LAB, AUDIT, TRANSPORT, RUNS, METHODS, BOARD]
IDS = [type(result).__name__ for result in RESULTS]
ALL = pytest.mark.parametrize("result", [*RESULTS, TOURNAMENT, GATE], ids=[*IDS, "Tournament", "Gate"])
"""Those that have no axes and no table as well."""


class Tags(html.parser.HTMLParser):
    """Which tags a card opens; fails for one that is not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@ALL
def test_a_repr_is_one_short_line(result: Any) -> None:
    assert len(repr(result)) < 500
    assert "\n" not in repr(result)
    assert type(result).__name__ in repr(result)


@ALL
def test_a_card_is_whole_small_and_harmless(result: Any) -> None:
    card = result._repr_html_()
    tags = Tags()
    tags.feed(card)
    assert not tags.open, "every tag is closed"
    assert tags.seen <= {"div", "p", "b", "i", "table", "thead", "tbody", "tr", "th", "td"}
    assert len(card) < 10_000 and "\x1b" not in card and "http" not in card


def test_the_reports_card_holds_the_pages_content() -> None:
    card = REPORT._repr_html_()
    for words in (
        "1 fault",
        "✗",
        "✓",
        "0.9",
        "0.85 … 0.94",
        "0.97",
        "modes is undefined: no classes",
        "Warning: careful",
    ):
        assert words in card, words
    assert "&lt;script&gt;" in card


@ALL
def test_plain_values_are_those_of_json(result: Any) -> None:
    values = result.to_dict()
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    if result is REPORT:
        assert {k: v for k, v in json.loads(REPORT.to_json()).items() if k != "sha256"} == values


def test_tables() -> None:
    pytest.importorskip("pandas")
    assert list(REPORT.to_pandas()["metric"]) == ["coverage", "frechet_distance", "modes"]
    assert math.isnan(REPORT.to_pandas()["value"][2])
    assert COMPARISON.to_pandas()["better"][0] == "A"
    assert METHODS.to_pandas().loc[0, ["metric", "a", "b", "high"]].tolist() == ["coverage", 0.9, 0.9, 0.3]
    assert list(RUNS.to_pandas()["run"]) == [NAME, "run-2"] and list(BOARD.to_pandas()["place"]) == ["1–2", "1–2"]
    assert LAB.to_pandas()["share"].iloc[0] == 0.25
    assert AUDIT.to_pandas().shape == (4, 6) and AUDIT.to_pandas()["z"].sum() == 12
    assert TRANSPORT.to_pandas()["cost"][0] == pytest.approx(0.625)


def test_without_pandas_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match="pip install pandas"):
        REPORT.to_pandas()


@pytest.mark.parametrize("result", RESULTS, ids=IDS)
def test_plots_are_drawn_on_the_axes_given_and_on_new_ones(result: Any) -> None:
    from matplotlib import pyplot

    axes = result.plot()
    assert axes.get_figure() is not None
    axes.get_figure().canvas.draw()
    given = pyplot.figure().subplots()
    assert result.plot(given) is given
    assert given.has_data()
    pyplot.close("all")


def test_a_single_number_has_a_card() -> None:
    card = ESTIMATES[0]._repr_html_()
    for words in ("coverage", "0.9 [0.85, 0.94]", "wilson, 95%", "100 real, 100 generated", "0.97 [0.95, 0.99]"):
        assert words in card
    assert "no classes" in ESTIMATES[2]._repr_html_()


def test_cards_of_many_say_what_their_pages_say() -> None:
    for result, words in (
        (
            RUNS,
            (
                "2 runs of one method",
                "✓</b> no fault",
                "0.85 … 0.94",
                "0.8 … 1",
                "modes: no classes",
                "Warning: careful",
            ),
        ),
        (METHODS, ("2 runs", "not told apart", "-0.1 … 0.3", "coverage")),
        (BOARD, ("2 sets against", "1–2", "tied", "cannot be told apart from")),
        (TOURNAMENT, ("1 method, 4 settings each", "3.5 [3, 4]", "batch 64", "a note")),
        (GATE, ("gate undefined: of 2 checks 1 undefined", "✓</b> coverage &lt; 0.5: 0.9 is not", "?</b> ")),
    ):
        card = result._repr_html_()
        assert not [word for word in words if word not in re.sub(r" (style|title)=\"[^\"]*\"", "", card)], card


def test_the_reports_plot_places_numbers_and_names() -> None:
    from matplotlib import pyplot

    axes = REPORT.plot()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["coverage ↑", "frechet_distance ↓"]
    assert [text.get_text() for text in axes.texts] == ["0.9 [0.85, 0.94]", "12.5 [11, 14]"]
    assert axes.lines[1].get_xdata()[0] == pytest.approx(90), "a share's bar ends at 1"
    pyplot.close("all")


def test_iteration_and_names() -> None:
    assert [estimate.metric for estimate in REPORT] == ["coverage", "frechet_distance", "modes"]
    assert [difference.metric for difference in COMPARISON] == ["coverage"]
    assert list(LAB) == [{"step": 1, "share": 0.25}, {"step": 2, "share": None}]
    assert COMPARISON["coverage"] is DIFFERENCE
    for result, words in ((REPORT, "it has coverage"), (COMPARISON, "no 'recall' in this comparison")):
        with pytest.raises(KeyError) as caught:
            result["recall"]
        assert isinstance(caught.value, GantletError) and words in str(caught.value)
    with pytest.raises(GantletError, match=r"modes.*\(no classes\)"):
        COMPARISON["modes"]


def test_grids_of_sources() -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 10, 8, 3), dtype=np.uint8)
    source = gantlet.images(images)
    assert repr(source) == "<ImageSource images: 20 images>"
    picture = source.grid(10, columns=4)
    assert picture.size == (4 * 66 - 2, 3 * 66 - 2)
    shown = []
    picture_type = type(picture)
    original, picture_type.show = picture_type.show, lambda self: shown.append(self.size)
    try:
        source.show(4)
    finally:
        picture_type.show = original
    assert shown == [(4 * 66 - 2, 64)]
    with pytest.raises(UsageError, match="at least one image"):
        source.grid(0)


def test_samples_are_laid_out() -> None:
    class Generator:
        def sample(self, n: int, seed: int) -> np.ndarray:
            return np.random.default_rng(seed).integers(0, 256, (n, 12, 12, 1), dtype=np.uint8)

    samples = gantlet.Samples("mine", Generator(), 300, 1)
    assert repr(samples) == "<Samples: 300 images of mine, seed 1>" and len(samples) == 300
    assert samples.grid(9, columns=3).size == (3 * 66 - 2, 3 * 66 - 2)
    np.testing.assert_array_equal(samples[250], samples.read(250))
