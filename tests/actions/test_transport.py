"""gantlet transport: its numbers against SciPy's assignment, its files, the kinds of input, and one sentence for bad ones."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.optimize import linear_sum_assignment

from gantlet.cli import main
from gantlet.core.drawing import figure
from gantlet.transport import solve

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((30, 3)) + 1e6, RNG.standard_normal((30, 3)) + 1e6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sets")
    np.save(out / "x.npy", X)
    np.savez(out / "y.npz", points=Y, note=np.arange(3))
    (out / "y.csv").write_text("a,b,c\n" + "\n".join(",".join(f"{v:.17g}" for v in row) for row in Y) + "\n")
    np.save(out / "flat.npy", Y[:, :2])
    np.save(out / "holes.npy", np.where(Y > 1e6, np.nan, Y))
    (out / "words.csv").write_text("1,2\n3,four\n")
    (out / "ragged.csv").write_text("1,2\n3\n")
    (out / "empty.csv").write_text("a,b\n")
    np.savez(out / "images.npz", x=RNG.integers(0, 255, (12, 8, 8, 1), dtype=np.uint8))
    return out


def test_the_cost_is_the_assignments_and_the_page_holds_the_figure(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cost = np.square(X[:, None] - Y).sum(-1)
    expected = cost[linear_sum_assignment(cost)].mean()
    for name in ("y.npz", "y.csv"):
        words = ["transport", str(folder / "x.npy"), str(folder / name), "--out", str(tmp_path / "out"), "--json"]
        assert main(words) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["cost"] == pytest.approx(expected, rel=1e-9)  # 1e6 from 0: float64 all the way
        assert found["certificate_lower"] == pytest.approx(expected, rel=1e-6)
        assert found["converged"] and found["method"] == "exact" and found["dim"] == 3
    assert json.loads((tmp_path / "out" / "transport.json").read_text()) == found
    page = (tmp_path / "out" / "transport.html").read_text()
    assert "data:image/png;base64," in page and "http" not in page
    assert Image.open(tmp_path / "out" / "transport.png").size[0] > 500


def test_what_is_printed(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "transport",
        str(folder / "x.npy"),
        str(folder / "y.csv"),
        "--n",
        "10",
        "--method",
        "sinkhorn[epsilon=0.5]",
    ]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    for part in ("10 × 10 rows of 3 numbers (as given)", "method       sinkhorn", "lower bound", "converged    yes"):
        assert part in shown


def test_images_go_through_features(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = [str(folder / "images.npz")] * 2
    assert main(["transport", *both, "--features", "pixels", "--out", str(tmp_path / "o"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["cost"] == pytest.approx(0, abs=1e-9) and found["space"] == "pixels" and found["n_source"] == 12


@pytest.mark.parametrize(
    ("a", "b", "more", "why"),
    [
        ("x.npy", "flat.npy", [], "expected rows of one length; "),
        ("x.npy", "images.npz", [], "two sets of points or two of images; got points and images"),
        ("x.npy", "holes.npy", [], "expected rows of finite numbers"),
        ("words.csv", "words.csv", [], "line 2: expected numbers with commas between them; got '3,four'"),
        ("ragged.csv", "x.npy", [], "expected rows of one length; got [1, 2]"),
        ("empty.csv", "x.npy", [], "holds no rows of numbers"),
        ("gone.csv", "x.npy", [], "gone.csv"),
        ("x.npy", "y.csv", ["--features", "pixels"], "--features is for images"),
        ("x.npy", "y.csv", ["--method", "semidiscrete-newton"], "does not solve between two sets"),
        ("x.npy", "y.csv", ["--method", "exactt"], "did you mean 'exact'"),
        ("x.npy", "y.csv", ["--cost", "quadratik"], "quadratik"),
        ("x.npy", "y.csv", ["--n", "-1"], "expected n ≥ 0"),
    ],
)
def test_bad_input_is_one_sentence(
    a: str, b: str, more: list[str], why: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["transport", str(folder / a), str(folder / b), *more, "--out", str(tmp_path / "out")]) in (1, 2)
    said = capsys.readouterr()
    assert not said.out and why in said.err and said.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_one_set_alone_is_a_usage_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["transport", str(folder / "x.npy")]) == 2
    assert "the second set" in capsys.readouterr().err


@pytest.mark.parametrize("method", ["sliced", "gaussian"])
def test_the_figure_without_a_plan_shows_its_bounds_and_no_text_on_text(method: str) -> None:
    result = solve(X - 1e6, Y - 1e6, method=method)
    picture, (axis,) = figure.new(1, 1)
    result.plot(axis)
    picture.canvas.draw()
    texts = [axis.xaxis.label, *axis.get_xticklabels(), axis.xaxis.get_offset_text()]
    boxes: list[Any] = [text.get_window_extent() for text in texts if text.get_text()]
    assert len(boxes) >= 3
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[k + 1 :])
