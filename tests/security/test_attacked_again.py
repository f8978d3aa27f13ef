"""What a second attacker found: each with the right answer."""

import ast
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tomllib
import unicodedata
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotly.offline import get_plotlyjs
from safetensors.numpy import save_file

from gantlet.actions.report import write_page
from gantlet.cli import main
from gantlet.cli.progress import Progress
from gantlet.core.config import TrainConfig
from gantlet.core.drawing.pictures import png
from gantlet.core.errors import CacheError, CheckpointError, DataError, UntrustedError, UsageError
from gantlet.core.output import REPORT, SUBFOLDERS
from gantlet.core.results.report import ModeCount, Report
from gantlet.core.specs import parse_spec, split_specs
from gantlet.core.trust import _tokens, require_harmless
from gantlet.core.visible import in_unicode, json_text, toml_text, visible, visible_in
from gantlet.data.opening import open_source
from gantlet.evaluation.features import cache
from gantlet.evaluation.features.statistics_file import read_statistics
from gantlet.reports.html import plots
from gantlet.training.runs import generator
from gantlet.training.runs.events import read_events
from gantlet.training.runs.header import header_of

EARLIER = Path(__file__).parents[1] / "compatibility" / "earlier"
TEXTS = [name for name, value in vars(TrainConfig()).items() if isinstance(value, str | tuple | list | dict)]
CHOICES = ("optimizer", "decay", "fakes", "device", "precision", "on_bad")
"""Fields that take nothing but a few words, which the configuration itself checks."""


def images(folder: Path, n: int = 12, classes: tuple[str, ...] = ("cat", "dog"), seed: int = 0) -> Path:
    """Write n gray images of 8 × 8 pixels per class."""
    rng = np.random.default_rng(seed)
    for name in classes:
        (folder / name).mkdir(parents=True)
        for i in range(n):
            (folder / name / f"{i}.png").write_bytes(png(rng.integers(0, 256, (8, 8, 1), dtype=np.uint8)))
    return folder


@pytest.mark.parametrize("name", [name for name in TEXTS if name not in CHOICES])
def test_no_text_of_a_configuration_imports(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All fields, so that one that is added later is judged as well (``out`` names a folder and is opened as one)."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inner").mkdir()
    for folder in (tmp_path, tmp_path / "inner"):
        (folder / "evil.py").write_text("import pathlib\npathlib.Path('ran').touch()\n")
    kind = type(getattr(TrainConfig(), name))
    for text in ("evil:c", "inner.evil:c", "evil:c[a=1]", "evil:c@pixels", "evil:c[a=1]@pixels", "r1,evil:c"):
        values = {"data": "nothing", name: text if kind is str else [text]}
        if name == "out":
            values["out"] = "/evil:c"
        (tmp_path / "config.toml").write_text(TrainConfig.from_mapping(values).to_toml())
        assert main(["train", "config.toml"]) == 1
        assert "--trust" in capsys.readouterr().err
        assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", CHOICES)
def test_choices_are_checked_by_the_configuration(name: str) -> None:
    with pytest.raises(UsageError):
        TrainConfig.from_mapping({name: "evil:c"})


@pytest.mark.parametrize("link", ["a+b", "a=b", "a,b", "a@b", "a b", "a-b"])
def test_what_is_judged_is_what_is_opened(link: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (run / link).symlink_to(tmp_path / "elsewhere")
    monkeypatch.chdir(run)
    known = {"digits", "folder", "paired", "run"}
    forms = [
        "{}",
        "{}[labels=none]",
        "folder[path={}]",
        "folder[labels=none, path = {} ]",
        "run:{}",
        "run:{}@final[n=9]",
    ]
    for form in [*forms, "paired[of=folder[path={}],task=edges]", "paired[of={}[labels=none],task=edges]"]:
        if "," in link and "=" in form.partition("{}")[0]:
            continue  # a comma ends an option: no such path can be written
        with pytest.raises(UntrustedError):
            require_harmless(form.format(link), run / "config.toml", inside=run, known=known)
    (run / link).unlink()
    (run / link).mkdir()
    for form in ("{}", "folder[path={}]", "run:{}"):
        assert require_harmless(form.format(link), run / "config.toml", inside=run, known=known)


SPECS = st.recursive(
    st.text("ab:@+=-. ", min_size=1, max_size=6),
    lambda inner: st.builds("{}[{}={},c={}]".format, st.text("ab", min_size=1), st.sampled_from("xy"), inner, inner),
    max_leaves=6,
)


@given(SPECS)
def test_all_that_the_parser_yields_is_judged(text: str) -> None:
    judged = {token for _, token, _ in _tokens(text)}

    def read(spec: str) -> None:
        for part in split_specs(spec):
            try:
                name, options = parse_spec(part)
            except UsageError:
                continue
            assert name in judged
            for value in options.values():
                assert not value or parse_or_none(value) is None or parse_or_none(value)[0] in judged  # type: ignore[index]
                read(value)

    read(text)


def parse_or_none(text: str) -> tuple[str, dict[str, str]] | None:
    """Return a text as a spec, or None where it is none."""
    try:
        return parse_spec(text)
    except UsageError:
        return None


def test_a_path_to_a_model_is_called_a_path(tmp_path: Path) -> None:
    with pytest.raises(UntrustedError, match="a path outside"):
        require_harmless(f"dinov2[model={tmp_path}]", tmp_path / "config.toml")
    with pytest.raises(UntrustedError, match="on the network"):
        require_harmless("dinov2[model=owner/name]", tmp_path / "config.toml")


def test_a_new_field_of_a_table_is_judged(tmp_path: Path) -> None:
    from gantlet.core.trust import require_harmless_fields

    @dataclasses.dataclass
    class Later:
        table: dict[str, list[str]]
        steps: int = 3

    require_harmless_fields(Later({"a": ["b"]}), Later({"a": ["b"]}), tmp_path)
    for hostile in ({"a": ["b", "evil:c"]}, {"evil:c": ["b"]}):
        with pytest.raises(UntrustedError, match="runs code"):
            require_harmless_fields(Later(hostile), Later(hostile), tmp_path)
        require_harmless_fields(Later(hostile), Later({}), tmp_path)  # the user's own value


FEW = ("--features", "pixels", "--metrics", "precision", "--no-cache")


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with real/ and fake/."""
    monkeypatch.chdir(tmp_path)
    images(tmp_path / "real", seed=1)
    images(tmp_path / "fake", seed=2)
    return tmp_path


def run_folder(place: Path) -> Path:
    """Return a copy of a finished run."""
    return Path(shutil.copytree(EARLIER / "run", place / "run"))


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["checkpoints", "samples", "pictures"])
def test_a_resumed_run_writes_through_no_link(name: str, places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, victim = run_folder(places), places / "victim"
    shutil.copytree(run / "checkpoints", victim)
    shutil.rmtree(run / name, ignore_errors=True)
    (run / name).symlink_to(victim)
    before = contents(victim), contents(run)
    words = ["train", "run/config.toml", "--trust", "--out", "run", "--resume", "--steps", "99", "--keep", "1"]
    assert main(words) == 1
    assert "a link that leads out of run" in capsys.readouterr().err
    assert (contents(victim), contents(run)) == before


def test_a_log_writes_through_no_link(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = run_folder(places)
    (places / "victim").mkdir()
    for to, link in (("tensorboard", "tensorboard"), ("wandb", "wandb"), ("wandb", "wandb/x"), ("trackio", "trackio")):
        (run / to).unlink(missing_ok=True)
        (run / link).parent.mkdir(exist_ok=True)
        (run / link).symlink_to(places / "victim")
        assert main(["log", "run", "--to", to]) == 1
        assert "a link that leads out of run" in capsys.readouterr().err
        assert not contents(places / "victim")
        (run / link).unlink()
        shutil.rmtree(run / to, ignore_errors=True)


def test_a_report_writes_through_no_link(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("out", "victim"):
        (places / folder).mkdir()
    (places / "out" / "pictures").symlink_to(places / "victim")
    assert main(["evaluate", "fake", "--real", "real", *FEW, "--out", "out"]) == 1
    assert "a link that leads out of out" in capsys.readouterr().err
    assert not contents(places / "victim")
    (places / "out" / "pictures").unlink()
    (places / "linked").symlink_to(places / "out")  # what the user typed may be a link
    assert main(["evaluate", "fake", "--real", "real", *FEW, "--out", "linked"]) == 0


def test_all_folders_that_are_written_are_known(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that a training or an evaluation begins to write would have to be checked as well."""
    monkeypatch.setattr("gantlet.actions.train_evaluations.bounded_n", lambda *_: 24)  # images of the last evaluations
    words = [
        "train",
        "wgan-gp",
        "--network",
        "resnet[width=4,pool=mean]",
        "--steps",
        "1",
        "--features",
        "pixels",
        "--data",
        "fake",
    ]
    assert main([*words, "--batch", "8", "--evaluate-samples", "10", "--out", "run"]) == 0
    assert {path.name for path in (places / "run").iterdir() if path.is_dir()} == set(SUBFOLDERS)
    written = {path.relative_to(places / "run").as_posix() for path in (places / "run").glob("pictures/*")}
    assert all(any(fnmatch(name, pattern) for pattern in REPORT.beside) for name in written)


@pytest.mark.parametrize("out", ["fake", "fake/out", "real", "real/cat", "held/x", "seen", "link", "parent"])
def test_a_report_is_written_apart_from_the_images(out: str, places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (places / "link").symlink_to(places / "fake")
    images(places / "held", seed=3)
    images(places / "seen", seed=4)
    fake = "fake"
    if out == "parent":
        fake = str(shutil.move(places / "fake", places / "parent" / "pictures"))
    before = contents(places)
    words = [
        "evaluate",
        fake,
        "--real",
        "real",
        "--held-out",
        "held",
        "--train",
        "folder[path=seen]",
        *FEW,
        "--out",
        out,
    ]
    assert main(words) == 1
    assert "choose another folder with --out" in capsys.readouterr().err
    assert contents(places) == before


def test_other_results_are_written_apart_from_the_images(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(places)
    for words in (
        ["train", "wgan-gp", "--data", "fake", "--out", "fake/run", "--resolution", "8"],
        ["train", "pix2pix", "--data", "paired[of=fake,task=edges]", "--out", "fake/run"],
        ["audit", "--data", "fake", "--out", "fake/audit"],
        ["lab", "metric-audit", "--data", "fake", "--out", "fake"],
    ):
        assert main(words) == 1
        assert "choose another folder with --out" in capsys.readouterr().err
        assert contents(places) == before


def test_pictures_of_an_earlier_report_are_no_images(places: Path) -> None:
    assert main(["evaluate", "fake", "--real", "real", *FEW, "--out", "out"]) == 0
    shutil.copytree("out", "fake/out")
    shutil.copytree("out/pictures", "fake/cat/pictures")
    shutil.copy("out/report.json", "fake/cat")
    run_folder(places / "fake")
    (places / "fake" / "run" / "x.png").write_bytes(png(np.zeros((8, 8, 1), np.uint8)))
    shutil.make_archive("fake", "zip", "fake")
    for source in (open_source("fake"), open_source("fake.zip")):
        assert len(source) == 24
        assert source.classes == ("cat", "dog")
        assert "gantlet's own reports and runs: cat/pictures/, out/pictures/, run/" in " ".join(source.notes)
    Path("fake/cat/report.json").write_text('{"name": "a user\'s own"}')
    assert len(open_source("fake")) > 24  # their pictures are images then


@pytest.mark.parametrize("content", [None, "", "{}", "[1]", '{"schema": 1}'])
def test_a_report_replaces_no_file_of_somebody_else(
    content: str | None, places: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = {"report.html": "mine", "pictures/fakes.png": "mine"} if content is None else {"report.json": content}
    for name, text in theirs.items():
        shutil.rmtree("out", ignore_errors=True)
        Path("out", name).parent.mkdir(parents=True)
        Path("out", name).write_text(text)
        assert main(["evaluate", "fake", "--real", "real", *FEW, "--out", "out"]) == 1
        assert f"out/{name} is of no gantlet result" in capsys.readouterr().err
        assert contents(places / "out") == {name: text.encode()}


def test_an_audit_and_a_lab_replace_no_file_of_somebody_else(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, words in (
        ("audit.json", ["audit", "--data", "digits", "--features", "pixels"]),
        ("audit.png", ["audit", "--data", "digits", "--features", "pixels"]),
        ("two-modes.json", ["lab", "two-modes", "--size", "smoke"]),
        ("two-modes.png", ["lab", "two-modes", "--size", "smoke"]),
    ):
        out = places / "out" / name
        out.mkdir(parents=True)
        (out / name).write_text("{}")
        assert main([*words, "--out", str(out)]) == 1
        assert f"{name} is of no gantlet result" in capsys.readouterr().err
        assert contents(out) == {name: b"{}"}


def test_an_own_report_is_replaced_damaged_or_unfinished(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["evaluate", "fake", "--real", "real", *FEW, "--out", "out"]
    assert main(words) == 0
    assert {path.name for path in Path("out").iterdir()} == {"report.json", "report.html", "pictures"}
    text = Path("out/report.json").read_text()
    Path("out/report.json").write_text(text.replace("precision", "prefision"))
    assert main(words) == 0
    shutil.rmtree("out")
    with monkeypatch.context() as patch:

        def killed(*_: object) -> None:
            raise SystemExit

        patch.setattr(Report, "save", killed)
        with pytest.raises(SystemExit):
            main(words)
    assert not Path("out/report.json").exists()
    assert list(Path("out/pictures").iterdir())
    assert main(words) == 0
    assert {path.name for path in Path("out").iterdir()} == {"report.json", "report.html", "pictures"}


UNSEEN = "\x1b\x07\x85\x9b\x7f\u202e\u2066\u200b\ufeff\xad\u2028\u2029\U000e0041\u2060\u3164\ue000"


def test_what_is_not_seen_is_escaped() -> None:
    """The oracle is Unicode's own table of categories."""
    for number in range(0x110000):
        character = chr(number)
        unseen = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and character not in "\t\n"
        if unseen or 0xE0000 <= number < 0xE1000:
            escaped = visible(character)
            assert escaped.isascii()
            assert json.loads(f'"{escaped}"') == character
        elif number < 0x300:
            assert visible(character) == character


def test_joiners_stay_where_they_are_read() -> None:
    for text in ("می\u200cخواهم", "क\u200dष", "👩\u200d👩\u200d👧", "❤\ufe0f\u200d🔥", "猫 é ß\tb\n"):
        assert visible(text) == text
    assert visible("a\u200db\ufe0f") == "a\\u200db\\ufe0f"


@given(st.text())
def test_json_and_toml_hold_the_same_values(text: str) -> None:
    whole = in_unicode(text)
    for written, read in ((json_text([text, UNSEEN]), json.loads), (json_text({text: 1}, indent=1), json.loads)):
        assert visible(written) == written
        assert read(written) in ([whole, UNSEEN], {whole: 1})
    toml = toml_text({"data": text, "more": [text, UNSEEN]})
    assert visible(toml) == toml
    assert tomllib.loads(toml) == {"data": whole, "more": [whole, UNSEEN]}
    config = TrainConfig(data=whole)
    assert TrainConfig.from_mapping(tomllib.loads(config.to_toml())) == config


def test_a_report_shows_all_characters(tmp_path: Path) -> None:
    earlier = Report.from_json((EARLIER / "report.json").read_text())
    modes = (ModeCount(f"cat{UNSEEN}", 3, 3), ModeCount("cat", 3, 0, "missing"))
    bare = dataclasses.replace(earlier, pictures={}, suspects=(), outliers=())
    odd = dataclasses.replace(bare, modes=modes, classes=modes, fake=UNSEEN, warnings=(UNSEEN,), verdict=(UNSEEN,))
    odd.save(tmp_path / "report.json")
    assert Report.load(tmp_path / "report.json") == odd
    (tmp_path / "config.toml").write_text(f"# {UNSEEN}", encoding="utf-8")
    (tmp_path / "events.jsonl").write_text(json_text({"event": "log", "note": UNSEEN}) + "\n", encoding="utf-8")
    page = write_page(tmp_path).read_text(encoding="utf-8")
    library = get_plotlyjs().replace("</script", "<\\/script")
    assert library in page
    for text in (page.replace(library, ""), (tmp_path / "report.json").read_text(encoding="utf-8")):
        assert not [character for character in UNSEEN if character in text]
    assert "\\u001b" in page
    figures = plots(visible_in(odd), [])
    assert visible_in(figures) == figures


def test_lines_of_events_end_at_line_feeds_alone(tmp_path: Path) -> None:
    raw = json.dumps({"event": "log", "note": "a\u2028b\x85c"}, ensure_ascii=False)
    (tmp_path / "events.jsonl").write_text(f"{raw}\n{raw}\n", encoding="utf-8")
    assert [event["note"] for event in read_events(tmp_path)] == ["a\u2028b\x85c"] * 2
    (tmp_path / "events.jsonl").write_text("")
    assert read_events(tmp_path) == []


@pytest.fixture
def bytes_(places: Path) -> Path:
    """Return the current folder, with names that are no UTF-8: a class, files, and the folder n\\xff that holds a run."""
    for side in ("real", "fake"):
        os.rename(f"{side}/cat".encode(), f"{side}/chat".encode() + b"\xe9")
    os.rename(b"fake/dog/0.png", b"fake/dog/caf\xe9.png")
    Path("n\udcff").mkdir()
    run_folder(places / "n\udcff")
    return places


def test_names_of_any_bytes_are_evaluated(bytes_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANTLET_CACHE", "n\udcff/cache")
    words = ["evaluate", "fake", "--real", "real", "--features", "pixels", "--metrics", "precision"]
    for out in ("out", "out", "o\udcff"):  # the second time from the cache
        assert main([*words, "--out", out]) == 0
        text = Path(out, "report.json").read_text(encoding="utf-8")
        assert "chat\\\\udce9" in text
        assert main(["report", out]) == 0
    assert list(Path("n\udcff/cache/findings").iterdir())
    assert main([*words[:3], "fake", *words[4:], "--classes", "chat\udce9=dog", "--out", "out"]) == 0


def test_files_lie_in_folders_of_any_name(bytes_: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make = ["stats", "make", "n\udcff/images", "--features", "pixels", "--no-cache", "--out"]
    os.rename("real", "n\udcff/images")
    for out in ("st.safetensors", "n\udcff/st.safetensors"):
        assert main([*make, out]) == 0
        capsys.readouterr()
        assert main(["stats", "show", out, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["sources"][0]["spec"] == "n\\udcff/images"
    assert main(["sample", "n\udcff/run", "--n", "4", "--out", "n\udcff/x.npz"]) == 0


@pytest.mark.parametrize("option", ["--out", "--data"])
def test_a_run_is_refused_before_it_begins(option: str, bytes_: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(bytes_)
    assert main(["train", "wgan-gp", option, "n\udcff/new"]) == 1
    error = capsys.readouterr().err
    assert "no UTF-8" in error
    assert error.count("\n") == 1
    assert contents(bytes_) == before


def test_progress_shows_all_characters(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress._last_line = -100.0
        progress(f"reading {UNSEEN}", 1, 2)
        progress.say(f"wrote {UNSEEN}")
    error = capsys.readouterr().err
    assert "reading \\u001b" in error
    assert "wrote \\u001b" in error
    assert not [character for character in UNSEEN if character in error]


def test_a_file_of_another_kind_is_not_called_damaged(places: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_folder(places)
    save_file({"x": np.zeros(3)}, "theirs.safetensors")
    for path, what in (
        ("run/checkpoints/final.safetensors", "a gantlet checkpoint"),
        ("theirs.safetensors", "did not write"),
    ):
        for words in (["stats", "show", path], ["evaluate", "fake", "--real", path]):
            assert main(words) == 1
            error = capsys.readouterr().err
            assert what in error
            assert "damaged" not in error
            assert "delete" not in error


def test_a_damaged_cache_may_be_deleted_and_nothing_else(tmp_path: Path) -> None:
    cache.store(tmp_path / "x.safetensors", {"a": np.arange(3.0)}, {"of": "b"}, {})
    whole = (tmp_path / "x.safetensors").read_bytes()
    (tmp_path / "x.safetensors").write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(CacheError, match="delete it, or use --no-cache"):
        cache.load(tmp_path / "x.safetensors", {"of": "b"})
    with pytest.raises(CacheError) as raised:
        read_statistics(tmp_path / "x.safetensors")
    assert "delete" not in str(raised.value)


def test_a_run_is_sampled_while_its_training_removes_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_folder(tmp_path)
    final = run / "checkpoints" / "final.safetensors"
    early = run / "checkpoints" / "step-00000001.safetensors"
    for path in (run / "checkpoints").glob("step-*"):
        path.unlink()
    content, seen = final.read_bytes(), []
    final.rename(early)

    def pruned(path: Path) -> object:
        seen.append(path.name)
        if len(seen) == 1:  # as it is listed, the training replaces it by a later one
            early.unlink()
            (run / "checkpoints" / "step-00000002.safetensors").write_bytes(content)
        return header_of(path)

    monkeypatch.setattr(generator, "header_of", pruned)
    assert generator.load_generator(run).step > 0
    assert seen == ["step-00000001.safetensors", "step-00000002.safetensors"]
    (run / "checkpoints" / "step-00000002.safetensors").write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match="damaged"):
        generator.load_generator(run)


def test_texts_are_opened_in_utf8() -> None:
    """Python's own default is the locale's encoding."""
    bare = []
    for path in (Path(__file__).parents[2] / "src").rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            owner = ast.unparse(call.func).rpartition(".")[0]
            mode = next((a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)), "r")
            named = any(keyword.arg == "encoding" for keyword in call.keywords)
            text = (
                name in ("open", "fdopen")
                and owner not in ("os", "Image", "archive", "gzip", "tarfile")
                and "b" not in mode
            )
            text = text or (name == "fdopen" and "b" not in mode)
            if (text and not named) or (owner and name in ("read_text", "write_text") and not (named or call.args)):
                bare.append(f"{path.name}:{call.lineno}")
    assert bare == []


def test_the_locale_does_not_matter(places: Path) -> None:
    """The recipes' files and the list itself hold characters beyond ASCII, and so does this report."""
    earlier = Report.from_json((EARLIER / "report.json").read_text(encoding="utf-8"))
    bare = dataclasses.replace(earlier, pictures={}, suspects=(), outliers=(), modes=(), fake="猫é")
    bare.save(places / "report.json")
    code = "import sys, gantlet.cli as c; sys.exit(c.main(['list', 'recipes']) or c.main(['report', '.', '--json']))"
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run([sys.executable, "-c", code], check=False, env={**os.environ, **plain}, capture_output=True)
    assert done.returncode == 0, done.stderr
    printed = done.stdout.decode("ascii")
    assert Report.from_json(printed[printed.index("\n{") :]) == bare


def test_an_interrupt_at_once_is_one_line() -> None:
    code = "import sys, builtins, gantlet.cli\nreal = builtins.__import__\n"
    code += "def cut(name, *rest, **more):\n    if name == 'gantlet.cli.entry': raise KeyboardInterrupt\n    return real(name, *rest, **more)\n"
    code += "assert 'gantlet.cli.entry' not in sys.modules\nbuiltins.__import__ = cut\nsys.exit(gantlet.cli.main(['list']))\n"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (130, 1)
    assert "interrupted" in done.stderr


def test_labels_that_do_not_fit_are_said(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 1), dtype=np.uint8)
    np.savez(tmp_path / "x.npz", x=pixels, y=np.arange(29) % 2)
    source = open_source(str(tmp_path / "x.npz"))
    assert source.labels is None
    assert "no labels: y has the shape (29,) for 30 images" in source.notes
    with pytest.raises(DataError, match="29"):
        open_source(f"{tmp_path / 'x.npz'}[labels=y]")
    assert open_source(f"{tmp_path / 'x.npz'}[labels=none]").notes == ()
