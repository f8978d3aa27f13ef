"""Numbers before nouns: one image, two images; no sentence of the package counts in another way."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from gantlet.core.words import agreeing, an, counted, every, some_of

SOURCE = Path(__file__).parents[2] / "src" / "gantlet"
NOUNS = (
    "arrays|bytes|checks|classes|clips|cores|columns|comparisons|copies|dimensions|directions|entries|fakes|features|fields|files|"
    "frames|groups|images|inputs|labels|methods|metrics|modes|names|numbers|ones|others|outputs|pairs|parts|pictures|pixels|points|"
    "processes|rounds|rows|runs|samples|seeds|sets|settings|shards|spaces|splits|steps|targets|tensors|threads|trials|values|weights"
)
NOUN = re.compile(rf" (?!of |and |or |in )([\w-]+ ){{0,2}}({NOUNS})\b")
"""What follows a number: a noun in the plural, at most two words of its own before it."""


def test_one_is_singular_and_all_else_plural() -> None:
    assert [counted(n, "image") for n in (0, 1, 2, 1200, None)] == [
        "0 images", "1 image", "2 images", "1,200 images", "an unknown number of images",
    ]  # fmt: skip
    assert [counted(2, noun) for noun in ("class", "axis", "entry", "batch", "real one", "array", "process")] == [
        "2 classes", "2 axes", "2 entries", "2 batches", "2 real ones", "2 arrays", "2 processes",
    ]  # fmt: skip
    assert (counted(1.5, "minute"), counted(1.0, "minute")) == ("1.5 minutes", "1 minute")


def test_verbs_agree_with_the_number_that_they_are_about() -> None:
    assert [counted(n, "image", "are") for n in (1, 2)] == ["1 image is", "2 images are"]
    assert [some_of(n, 5, "image", "have", "of the") for n in (1, 2)] == [
        "1 of the 5 images has",
        "2 of the 5 images have",
    ]
    assert [some_of(1, 1, "image", verb) for verb in ("were", "do", "repeat")] == [
        "1 of 1 image was", "1 of 1 image does", "1 of 1 image repeats",
    ]  # fmt: skip
    assert (some_of(0, 1, "pair", "are"), some_of(0, 2, "pair", "are")) == ("0 of 1 pair is", "0 of 2 pairs are")
    assert [every(n, "mode", "are") for n in (1, 7)] == ["the one mode is", "all 7 modes are"]
    assert (agreeing(None, "are"), an("image"), an("run")) == ("are", "an image", "a run")


def _counts(text: str) -> Iterator[str]:
    """Yield the places of a module where a number stands before a noun that is always in the plural."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.JoinedStr):
            continue
        for number, after in zip(node.values, node.values[1:], strict=False):
            if not (isinstance(number, ast.FormattedValue) and isinstance(after, ast.Constant)):
                continue
            shown = ast.unparse(number.value)
            thousands = number.format_spec is not None and ast.unparse(number.format_spec).strip("f'\"") == ","
            if (shown.startswith("len(") or thousands) and not shown.isupper() and NOUN.match(str(after.value)):
                yield f"{{{shown}}}{after.value}"


def test_the_search_finds_what_it_looks_for() -> None:
    found = [
        *_counts('f"{len(rows)} rows"'),
        *_counts('f"{n:,} generated images"'),
        *_counts('f"{counted(n, 1)} images"'),
    ]
    assert found == ["{len(rows)} rows", "{n} generated images"]


def test_no_sentence_counts_without_the_words() -> None:
    allowed = ["{len(both_modes)} keep both modes, with "]
    found = {
        path: [place for place in _counts(path.read_text()) if place not in allowed] for path in SOURCE.rglob("*.py")
    }
    assert len(found) > 300 and not {path: places for path, places in found.items() if places}


def test_no_page_counts_without_the_words() -> None:
    lone = re.compile(rf'(\|(count|length)|"{{:,}}"\.format\([^)]*\)) }}}}( <[^>]*>)?{NOUN.pattern}')
    assert lone.search("{{ runs|length }} runs") and lone.search('{{ "{:,}".format(n) }} real ones')
    pages = [*SOURCE.rglob("templates/*.html")]
    assert len(pages) > 5 and not [found[0] for page in pages for found in lone.finditer(page.read_text())]
