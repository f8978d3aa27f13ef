"""No text of a configuration or a spec runs code, reaches the network or leaves its folder."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gantlet.cli import main
from gantlet.core.config import TrainConfig
from gantlet.core.errors import UntrustedError, UsageError
from gantlet.core.specs import parse_spec, split_specs
from gantlet.core.trust import _tokens, require_harmless, trust

TEXTS = [name for name, value in vars(TrainConfig()).items() if isinstance(value, str | tuple | list | dict)]
CHOICES = ("optimizer", "decay", "fakes", "device", "precision", "on_bad", "held_out")
"""Fields that take nothing but a few words, which the configuration itself checks."""


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

    require_harmless_fields(Later({"a": ["b"]}), tmp_path)
    for hostile in ({"a": ["b", "evil:c"]}, {"evil:c": ["b"]}):
        with pytest.raises(UntrustedError, match="runs code"):
            require_harmless_fields(Later(hostile), tmp_path)
        require_harmless_fields(Later(hostile), tmp_path, but=["table"])  # the user's own value


CODE = [
    "os:kill",
    "paired[of=os:kill[n=1,seed=9],task=edges]",
    "a.b:c[n=1]",
    "callable[path=x:y,version=1]",
    "torchscript[path=net.pt]",
    "digits,evil:run",
    "é:run",
    "run:main",
    "dcgan[norm=run:main]",
]
NETWORK = ["hf:owner/name[test]", "huggingface[path=a/b]", "https://host/x.zip", "clip[model=owner/name]"]
OUTSIDE = [
    "/etc/passwd",
    "../secret",
    "mnist[root=/data]",
    "photos/",
    "~/x",
    "run:../other",
    "npz[path=x.npz]",
    "a\\b",
    ".hidden",
    "paired[of=x-{0..1}.tar,task=edges]",
]
HARMLESS = ["digits", "digits[split=test]", "mixture[kind=ring,n=300]", "r1[gamma=0.3]", "paired[of=digits,task=edges]"]


@pytest.mark.parametrize("text", [*CODE, *NETWORK, *OUTSIDE])
def test_what_a_file_may_not_name(text: str) -> None:
    with pytest.raises(UntrustedError, match="--trust"):
        require_harmless(text, Path("run/config.toml"))
    with trust():
        assert require_harmless(text, Path("run/config.toml")) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_what_a_file_may_name(text: str) -> None:
    assert require_harmless(text, Path("run/config.toml")) == text


def test_paths_are_tested_as_they_would_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "link").symlink_to("/etc")
    (tmp_path / "cats").mkdir()
    (tmp_path / "digits").mkdir()
    (tmp_path / "test").mkdir()
    monkeypatch.chdir(tmp_path)
    harmless = ("folder[path=run/images]", "run/images", "run:run/inner", str(run / "x"), "digits[split=test]")
    for text in harmless:
        assert require_harmless(text, run / "config.toml", inside=run, known={"digits"}) == text
    for text in ("folder[path=images/x]", "run/link/x", "run:inner", "cats", "paired[of=cats,task=edges]"):
        with pytest.raises(UntrustedError, match="outside its folder"):
            require_harmless(text, run / "config.toml", inside=run, known={"digits"})
