"""Sentences of the verdict about generated images that are blank, or repeat each other, more than real ones."""

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
    return (
        f"poor: {count:,} of the {rows.n:,} generated images are blank (of one colour); of {real.n:,} real ones {of_real:,} are."
        if count
        else ""
    )


def _repeated(rows: FeatureBank, real: FeatureBank) -> str:
    again, of_real = repeats(rows, real)
    if not again:
        return ""
    if 2 * again > rows.n:
        return (
            f"missing: variety is lost: the {rows.n:,} generated images show only {rows.n - again:,} "
            f"{'picture' if rows.n - again == 1 else 'different pictures'}."
        )
    return (
        f"caution: {again:,} of the {rows.n:,} generated images repeat another one pixel by pixel; of {real.n:,} real ones "
        f"{of_real:,} do. Intervals take equal images for one draw."
    )
