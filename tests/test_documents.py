"""The documents hold: their tables can be read, the paths that they name exist, and they use the glossary's words."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [*(ROOT / "docs").glob("*.md"), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))]
)
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
NOT, SAY = zip(
    *re.findall(r"^\| `([^`]+)` \| (.+) \|$", GLOSSARY.split("## Words we do not use")[1], re.MULTILINE), strict=True
)
BANNED = re.compile(rf"\b({'|'.join(NOT)})\b")
GENERATED = {"chinese.md", "index.md", "catalogue.md", "recipes.md", "commands.md", "contributing.md"}


def test_the_second_table_is_read_whole() -> None:
    rows = GLOSSARY.split("## Words we do not use")[1].split("|---|---|\n")[1].strip().splitlines()
    assert len(rows) == len(NOT) == len(set(NOT)) > 20


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_uses_the_glossarys_words(path: Path) -> None:
    text = path.read_text().split("## Words we do not use")[0]
    found = {word: SAY[NOT.index(word)] for word in BANNED.findall(text)}
    assert not found, f"{path.name}: say {found}"


SOURCE = ROOT / "src" / "gantlet"
ELSEWHERE = {
    "evaluation/gather.py": {"yardstick"},  # the name of a random stream, which decides numbers
    "evaluation/inference/intervals.py": {"law"},  # the title of a paper
    "evaluation/stats/gaussian.py": {"law"},  # a limit law
    "training/techniques/transport_codes.py": {"heights"},  # the name of a tensor in checkpoints
}
"""Words that must stay where they are."""


def test_the_code_uses_the_glossarys_words() -> None:
    offenders = {}
    for path in sorted(SOURCE.rglob("*")):
        name = str(path.relative_to(SOURCE))
        if path.suffix in (".py", ".toml", ".html"):
            words = set(BANNED.findall(path.read_text())) - ELSEWHERE.get(name, set())
            if words:
                offenders[name] = {word: SAY[NOT.index(word)] for word in words}
    assert not offenders


def test_every_file_that_the_architecture_names_exists() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    named = {name for name in re.findall(r"`([\w./]+\.(?:py|md|toml))`", text) if "NAME" not in name}
    missing = [name for name in named if not any((base / name).exists() for base in (ROOT, ROOT / "src" / "gantlet"))]
    assert len(named) > 30
    assert set(missing) <= {"report.json"}


def test_the_navigation_names_every_page_and_no_other() -> None:
    nav = set(re.findall(r"([\w/.-]+\.md)", (ROOT / "mkdocs.yml").read_text()))
    written = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    assert nav == written | GENERATED


@pytest.mark.parametrize(
    "path", [*PAGES, *sorted((ROOT / "docs" / "decisions").glob("*.md"))], ids=lambda path: path.name
)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
        assert (path.parent / link).exists() or link in GENERATED, link
