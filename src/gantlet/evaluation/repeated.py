"""Sentences of the verdict about generated images that are blank, or repeat each other, more than real ones."""

from gantlet.core.words import agreeing, counted, some_of
from gantlet.evaluation.duplicates import blanks, repeats
from gantlet.evaluation.sides import Side, Space
from gantlet.evaluation.stats.feature_bank import FeatureBank


def said_of_repeats(space: Space, fake: Side) -> list[str]:
    """Return the lines about fakes of one colour and about fakes that repeat each other, where real images have fewer; [] for points."""
    rows, real = fake.bank.rows, space.real.bank.rows
    if rows is None or real is None or fake.source.kind == "points":
        return []
    return [line for line in (_blank(rows, real), _repeated(rows, real)) if line]


def _blank(rows: FeatureBank, real: FeatureBank) -> str:
    count, of_real = blanks(rows, real)
    blank = some_of(count, rows.n, "generated image", "are", "of the")
    beside = f"of {counted(real.n, 'real one')} {of_real:,} {agreeing(of_real, 'are')}"
    return f"poor: {blank} blank (of one colour); {beside}." if count else ""


def _repeated(rows: FeatureBank, real: FeatureBank) -> str:
    again, of_real = repeats(rows, real)
    if not again:
        return ""
    if 2 * again > rows.n:
        return (
            f"missing: variety is lost: the {counted(rows.n, 'generated image', 'show')} only "
            f"{counted(rows.n - again, 'different picture')}."
        )
    return (
        f"caution: {some_of(again, rows.n, 'generated image', 'repeat', 'of the')} another one pixel by pixel; of {counted(real.n, 'real one')} "
        f"{of_real:,} {agreeing(of_real, 'do')}. Intervals take equal images for one draw."
    )
