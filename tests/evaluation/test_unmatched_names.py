"""Class names that one side alone has are said whatever metrics are asked for, with the option that matches them."""

import numpy as np
import pytest

import gantlet
from gantlet.core.class_names import composed
from gantlet.core.results.report import Report
from gantlet.core.specs import class_map
from gantlet.data.source import ImageSource
from gantlet.evaluation.class_differences import way_out

NAMES = np.array(["Bee", "Cat", "Dog", "Elk"])
SHADES = np.array([40, 100, 160, 220])


def images(seed: int, labels: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 12, (len(labels), 8, 8, 3))
    return np.clip(SHADES[labels][:, None, None, None] + noise, 0, 255).astype(np.uint8)


def side(seed: int, names: np.ndarray, *kept: int) -> ImageSource:
    labels = np.repeat(kept or (0, 1, 2, 3), 25)
    return gantlet.images(images(seed, labels), labels=names[labels], name=f"set {seed}")


def evaluate(fake: object, **changes: object) -> Report:
    settings = {"metrics": ["coverage"], "features": "pixels[size=8]", "cache": False, **changes}
    return gantlet.evaluate(fake, side(0, NAMES), held_out=side(1, NAMES), **settings)


def said(report: Report) -> list[str]:
    cautions = [line.partition(": ")[2] for line in report.verdict if line.startswith("caution: ")]
    return [
        line
        for line in cautions
        if line.startswith(("classes were not compared", "metrics by class leave out", "real classes"))
    ]


def test_names_without_one_in_common_are_said_and_the_named_option_matches_them() -> None:
    lower = np.char.lower(NAMES)
    report = evaluate(side(2, lower, 0, 1, 3))
    (line,) = said(report)
    assert line.startswith("classes were not compared: ") and "real Bee, Cat, Dog, Elk; generated bee, cat, elk" in line
    assert not report.classes and not any("class" in verdict for verdict in report.verdict if verdict[:4] == "good")
    value = line.rpartition("--classes ")[2]
    assert class_map(value) == {"bee": "Bee", "cat": "Cat", "elk": "Elk"}
    told = evaluate(side(2, lower, 0, 1, 3), classes=value)
    assert not said(told) and {found.name: found.n_fake for found in told.classes}["Dog"] == 0
    assert any("class Dog is missing" in verdict for verdict in told.verdict)


def test_names_of_one_side_alone_are_named_with_their_numbers() -> None:
    half = np.array(["Bee", "Cat", "x2", "x3"])
    (line,) = said(evaluate(side(2, half, 0, 1, 2, 3, 3)))
    assert "do not have: x3 (50), x2 (25); real classes" in line
    assert "named by: Dog, Elk; none of these is called missing" in line  # which is which cannot be guessed


def test_a_label_of_minus_one_is_named() -> None:
    labels = np.repeat([0, 1, 2, -1], 25)
    real = gantlet.images(images(0, labels % 4), labels=labels % 4)
    fake = gantlet.images(images(2, labels % 4), labels=labels)
    report = gantlet.evaluate(fake, real, metrics=["coverage"], features="pixels[size=8]", cache=False)
    (line,) = said(report)
    assert "do not have: -1 (25); " in line and "named by: 3; none of these" in line


def test_matching_names_are_not_remarked_and_absent_classes_are_left_to_the_counts() -> None:
    assert not said(evaluate(side(2, NAMES)))
    absent = evaluate(side(2, NAMES, 0, 1, 3))
    assert not said(absent) and any("class Dog is missing" in line for line in absent.verdict)
    assert not said(evaluate(images(2, np.repeat(np.arange(4), 25))))


def test_both_sides_of_a_comparison_are_named() -> None:
    sides = side(2, np.char.lower(NAMES)), side(3, np.array(["Bee", "Cat", "Dog", "x3"]))
    result = gantlet.compare(*sides, side(0, NAMES), metrics=["coverage"], features="pixels[size=8]", cache=False)
    first, second = (next(line for line in result.warnings if line.startswith(f"{name}: ")) for name in "AB")
    assert first.startswith("A: classes were not compared: ") and "do not have: x3 (25)" in second


@pytest.mark.parametrize(
    ("theirs", "ours", "said"),
    [
        (["cat", "DOG"], ["Dog", "Cat"], "--classes cat=Cat,DOG=Dog"),
        (["00", "1.0"], ["0", "1"], "--classes 00=0,1.0=1"),
        (["red_cat", "x"], ["red cat"], "--classes 'red_cat=red cat,…'"),
        (["x", "y"], ["a", "b"], "--classes x=a,…"),
        (["a,b", "c="], ["a"], ""),
        ([" a"], ["b"], "--classes a=b,…"),
        (["bird "], ["bird"], "--classes bird=bird"),
        (["10"], ["0"], ""),  # which number is which cannot be guessed from one
        (["1", "2", "10"], ["0", "1", "9"], "--classes 1=0,2=1,10=9"),
    ],
)
def test_the_option_pairs_names_that_differ_in_form_alone(theirs: list[str], ours: list[str], said: str) -> None:
    assert way_out(theirs, ours) == said


@pytest.mark.parametrize(
    ("theirs", "words", "value"),
    [
        (["Bee", "cat", "Dog ", "Elk"], "2 of their names differ in form alone", "cat=Cat,Dog=Dog"),
        (["1", "2", "3", "4"], "their numbers are shifted (from 1 and from 0 on)", "1=0,2=1,3=2,4=3"),
    ],
)
def test_where_names_match_in_part_no_class_is_called_missing_until_they_are_said(
    theirs: list[str], words: str, value: str
) -> None:
    ours = NAMES if theirs[0] == "Bee" else np.array(list("0123"))
    fake, real = side(2, np.array(theirs)), side(0, ours)
    settings = {"metrics": ["coverage"], "features": "pixels[size=8]", "cache": False}
    report = gantlet.evaluate(fake, real, held_out=side(1, ours), **settings)
    (line,) = said(report)
    assert words in line and class_map(line.rpartition("--classes ")[2]) == class_map(value) and not report.classes
    assert not any("missing" in verdict for verdict in report.verdict)
    told = gantlet.evaluate(fake, real, held_out=side(1, ours), classes=value, **settings)
    assert [found.n_fake for found in told.classes] == [25] * 4 and not said(told)


def test_names_match_in_either_form_of_unicode() -> None:
    stored = np.array([f"caf{accent}{i}" for i, accent in enumerate(["e\u0301", "\u00e9", "e\u0301", "e\u0301"])])
    typed = np.array([composed(name) for name in stored])
    assert set(stored) != set(typed)
    settings = {"metrics": ["coverage"], "features": "pixels[size=8]", "cache": False}
    report = gantlet.evaluate(side(2, stored, 0, 1, 3), side(0, typed), **settings)
    assert not said(report) and [found.n_fake for found in report.classes] == [25, 25, 0, 25]
    assert class_map("0=cafe\u0301") == {"0": "caf\u00e9"}


def test_classes_that_each_side_names_alone_are_called_missing_only_where_the_user_says_that_they_differ() -> None:
    fake = side(2, np.array(["Bee", "Cat", "Aves", "Elk"]))
    untold = evaluate(fake)
    assert not any(
        line.startswith("missing") or "too often" in line or "may be chance" in line for line in untold.verdict
    )
    assert gantlet.gate(untold, ["missing > 0"]).checks[0].state == "undefined"
    (line,) = said(untold)
    same, others = line.rpartition("say --classes ")[2].split(" where they are the same or --classes ")
    assert (same, others) == ("Aves=Dog,…", "Bee=Bee where none is")
    told = evaluate(fake, classes="Bee=Bee")
    assert any("class Dog is missing" in line for line in told.verdict)
    assert gantlet.gate(told, ["missing > 0"]).checks[0].state == "failed"
    assert gantlet.gate(evaluate(fake, classes="Aves=Dog"), ["missing > 0"]).checks[0].state == "passed"
