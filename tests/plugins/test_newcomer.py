"""One file per kind is all that another package needs: each is installed alone and used from the command line."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

NEWCOMER = Path(__file__).with_name("newcomer")
TINY = ["--data", "mixture[kind=ring,n=300]", "--steps", "3", "--batch", "16", "--evaluate-samples", "50"]
TINY += ["--network", "mlp[width=8,depth=2]", "--penalties", "--techniques", "--out", "run"]


def install(folder: Path, kinds: str, module: str) -> None:
    """Install a package with one module, and its entry point for each of the ``kinds`` (none: no entry point)."""
    package = folder / "newcomer"
    package.mkdir()
    shutil.copy(NEWCOMER / "__init__.py", package)
    thing = NEWCOMER / module.replace(".", "/")
    shutil.copytree(thing, package / thing.name) if thing.is_dir() else shutil.copy(thing.with_suffix(".py"), package)
    if kinds:
        about = folder / "newcomer-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: newcomer\nVersion: 1.0\n")
        lines = [f"[gantlet.{kind}]\nanything = newcomer.{module}\n" for kind in kinds.split()]
        (about / "entry_points.txt").write_text("".join(lines))


@pytest.fixture(autouse=True)
def _quick(started: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{started}{os.pathsep}{os.environ['PATH']}")


def gantlet(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        ["gantlet", *words], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip


def works(folder: Path, *words: str) -> str:
    done = gantlet(folder, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in ("real", "fake"):
        np.savez(tmp_path / f"{name}.npz", x=rng.integers(0, 256, (60, 8, 8, 1), dtype=np.uint8))
    return tmp_path


def evaluate(folder: Path, *words: str) -> dict:
    report: dict = json.loads(works(folder, "evaluate", "fake.npz", "--real", "real.npz", "--json", *words))
    return report


def test_metric(folder: Path) -> None:
    install(folder, "metrics", "spread")
    (estimate,) = evaluate(folder, "--features", "pixels", "--metrics", "spread[power=1]")["estimates"]
    assert estimate["metric"] == "spread"
    assert estimate["low"] < estimate["value"] < estimate["high"]
    listed = json.loads(works(folder, "list", "metrics", "--json"))["metrics"]
    assert {entry["origin"] for entry in listed} == {"gantlet", "newcomer"}
    assert "(newcomer)" in works(folder, "list", "metrics")


def test_metric_by_reference(folder: Path) -> None:
    install(folder, "", "spread")
    (estimate,) = evaluate(folder, "--features", "pixels", "--metrics", "newcomer.spread:estimate")["estimates"]
    assert estimate["metric"] == "spread"


def test_need(folder: Path) -> None:
    install(folder, "needs metrics", "names")
    (estimate,) = evaluate(folder, "--features", "pixels", "--metrics", "name_length")["estimates"]
    assert estimate["value"] == pytest.approx(len("fake.npz#00"), abs=1)
    assert estimate["n_fake"] == 60


def test_a_need_that_is_absent_says_why(folder: Path) -> None:
    install(folder, "needs", "names")
    words = ["--real", "mixture[kind=ring,n=300]", "--metrics", "psnr", "--json"]
    report = json.loads(works(folder, "evaluate", "mixture[kind=ring,n=300,seed=1]", *words))
    assert "only features are known" in report["estimates"][0]["notes"][0]


def test_extractor(folder: Path) -> None:
    install(folder, "extractors", "mean_colour")
    assert evaluate(folder, "--features", "mean-colour", "--metrics", "precision")["features"]["name"] == "mean-colour"


def test_extractor_by_reference(folder: Path) -> None:
    install(folder, "", "mean_colour")
    words = ["--features", "newcomer.mean_colour:MeanColour", "--metrics", "precision"]
    assert evaluate(folder, *words)["features"]["name"] == "mean-colour"


def test_source(folder: Path) -> None:
    install(folder, "sources", "stripes")
    words = ["evaluate", "stripes[n=50,seed=1]", "--real", "stripes", "--features", "pixels", "--metrics", "precision"]
    assert json.loads(works(folder, *words, "--json"))["n_fake"] == 50


def test_protocol(folder: Path) -> None:
    install(folder, "protocols", "protocols")
    assert evaluate(folder, "--protocol", "plain")["features"]["protocol"] == "plain"


def test_lab(folder: Path) -> None:
    install(folder, "labs", "coin")
    assert json.loads(works(folder, "lab", "coin", "--json"))["verdict"] == "reproduced"
    assert json.loads(works(folder, "lab", "coin[sides=3]", "--json"))["verdict"] == "not reproduced"


def events(folder: Path) -> str:
    return (folder / "run" / "events.jsonl").read_text()


@pytest.mark.parametrize("kind", ["objectives", ""], ids=["entry point", "reference"])
def test_objective(folder: Path, kind: str) -> None:
    install(folder, kind, "relativistic_hinge")
    name = "paired-hinge" if kind else "newcomer.relativistic_hinge:PairedHinge"
    works(folder, "train", "ring", *TINY, "--objective", name)
    assert '"d_loss"' in events(folder)
    works(folder, "sample", "run", "--n", "10", "--out", "points.npy", *([] if kind else ["--trust"]))


@pytest.mark.parametrize("kind", ["penalties", ""], ids=["entry point", "reference"])
def test_penalty(folder: Path, kind: str) -> None:
    install(folder, kind, "logit_norm")
    name = "logit-norm[weight=0.1]" if kind else "newcomer.logit_norm:LogitNorm[weight=0.1]"
    works(folder, "train", "ring", *TINY, "--penalties", name)
    assert f'"{name.partition("[")[0]}"' in events(folder)


@pytest.mark.parametrize("kind", ["techniques", ""], ids=["entry point", "reference"])
def test_technique(folder: Path, kind: str) -> None:
    install(folder, kind, "drift")
    name = "drift" if kind else "newcomer.drift:Drift"
    works(folder, "train", "ring", *TINY, "--techniques", name)
    assert f'"d_{name}"' in events(folder)


@pytest.mark.parametrize("kind", ["networks", ""], ids=["entry point", "reference"])
def test_network(folder: Path, kind: str) -> None:
    install(folder, kind, "linear")
    works(folder, "train", "ring", *TINY, "--network", "linear" if kind else "newcomer.linear:Linear")
    works(folder, "sample", "run", "--n", "10", "--out", "points.npy", *([] if kind else ["--trust"]))


def test_recipe(folder: Path) -> None:
    install(folder, "recipes", "recipes")
    works(folder, "train", "small-ring", "--out", "run")
    assert 'recipe = "small-ring"' in (folder / "run" / "config.toml").read_text()


def test_a_broken_plug_in_is_a_warning(folder: Path) -> None:
    install(folder, "metrics", "spread")
    (folder / "newcomer" / "spread.py").write_text("import nothing_of_that_name")
    done = gantlet(folder, "list", "metrics")
    assert done.returncode == 0
    assert "'anything' of newcomer (gantlet.metrics: newcomer.spread) cannot be loaded" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_reference_is_one_sentence(folder: Path) -> None:
    install(folder, "", "spread")
    done = gantlet(folder, "evaluate", "fake.npz", "--real", "real.npz", "--metrics", "newcomer.spread:estimat")
    assert done.returncode == 2
    assert "has no attribute 'estimat'; did you mean 'estimate'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_one_bad_file_of_a_package_stops_nothing(folder: Path) -> None:
    install(folder, "protocols", "protocols")
    (folder / "newcomer" / "protocols" / "zz.toml").write_text("summary = ")
    done = gantlet(
        folder, "evaluate", "fake.npz", "--real", "real.npz", "--features", "pixels", "--metrics", "precision"
    )
    assert done.returncode == 0, done.stderr
    assert "'zz' of newcomer.protocols is no TOML" in done.stderr
    assert gantlet(folder, "list").returncode == 0


def test_an_entry_point_that_exits_stops_nothing(folder: Path) -> None:
    install(folder, "metrics", "spread")
    (folder / "newcomer" / "spread.py").write_text("import sys\nsys.exit(3)")
    done = gantlet(folder, "list", "metrics")
    assert done.returncode == 0
    assert "cannot be loaded and is ignored: SystemExit" in done.stderr


def test_a_guest_never_takes_a_built_in_name(folder: Path) -> None:
    install(folder, "", "spread")
    module = folder / "newcomer" / "spread.py"
    module.write_text(module.read_text().replace('"spread"', '"precision"'))
    code = (
        "import gantlet\n"
        "try: import newcomer.spread\n"
        "except Exception as error: print(error)\n"
        "config = gantlet.EvaluateConfig(features='pixels', metrics=('precision', 'recall'), cache=False)\n"
        "for _ in range(2): print(gantlet.evaluate('fake.npz', 'real.npz', config)['precision'].unit)\n"
    )
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert "metric 'precision' of newcomer is registered twice: gantlet has that name" in done.stdout
    assert done.stdout.count("share of generated images") == 2 or done.stdout.count("share") == 2


def test_another_metric_of_the_same_name_is_computed_anew(folder: Path) -> None:
    install(folder, "", "spread")
    words = ["--features", "pixels", "--metrics", "newcomer.spread:estimate"]
    (first,) = evaluate(folder, *words)["estimates"]
    module = folder / "newcomer" / "spread.py"
    module.write_text(module.read_text().replace("float(values.mean())", "float(2 * values.mean())"))
    (second,) = evaluate(folder, *words)["estimates"]
    assert second["value"] == pytest.approx(2 * first["value"])


def test_a_source_by_reference(folder: Path) -> None:
    install(folder, "", "stripes")
    words = ["evaluate", "newcomer.stripes:stripes[n=50,seed=1]", "--real", "newcomer.stripes:stripes[n=60]"]
    done = gantlet(folder, *words, "--features", "pixels", "--metrics", "precision", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n_fake"] == 50


@pytest.mark.parametrize(
    "text", ["return None", "return 3.0", "return Measurement(value, ('wilsn', low, high), evidence.rows)"]
)
def test_a_metric_that_returns_something_else_is_one_sentence(text: str, folder: Path) -> None:
    install(folder, "metrics", "spread")
    module = folder / "newcomer" / "spread.py"
    lines = module.read_text().splitlines()
    module.write_text("\n".join([*lines[:-1], f"    {text}"]))
    done = gantlet(folder, "evaluate", "fake.npz", "--real", "real.npz", "--features", "pixels", "--metrics", "spread")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "expected a Measurement" in done.stderr or "an interval is one of" in done.stderr


def test_a_need_by_reference_is_part_of_the_cache_key(folder: Path) -> None:
    install(folder, "", "names")
    module = folder / "newcomer" / "names.py"
    module.write_text(module.read_text().replace('needs=("file_names",)', 'needs=("newcomer.names:FileNames",)'))
    words = ["--features", "pixels", "--metrics", "newcomer.names:estimate"]
    (first,) = evaluate(folder, *words)["estimates"]
    (folder / "fake.npz").rename(folder / "a-much-longer-name.npz")
    report = works(folder, "evaluate", "a-much-longer-name.npz", "--real", "real.npz", "--json", *words)
    (second,) = json.loads(report)["estimates"]
    assert second["value"] == pytest.approx(first["value"] + len("a-much-longer-name") - len("fake"))
