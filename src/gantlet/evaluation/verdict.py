"""The verdict in words: what is good, what is missing, what looks memorised. Each line is ``kind: sentence``."""

from collections.abc import Iterable, Sequence

from gantlet.core.results.estimate import Estimate
from gantlet.core.results.exact_copies import ExactCopies
from gantlet.core.results.report import ClassShare, ModeCount
from gantlet.core.words import counted
from gantlet.evaluation.copies import TailTest
from gantlet.evaluation.inference.holm import ALPHA
from gantlet.evaluation.mode_sentences import of_classes, of_modes, of_shares
from gantlet.evaluation.sentences import of_standings
from gantlet.evaluation.standing import FEWEST, Standing, standings


def verdict(
    estimates: Sequence[Estimate],
    modes: Sequence[ModeCount],
    copies: TailTest | None,
    outlier_test: TailTest | None,
    *,
    classes: Sequence[ModeCount] = (),
    shares: Sequence[ClassShare] = (),
    exact: Sequence[ExactCopies] = (),
    no_test: str = "",
    further: Sequence[str] = (),
    points: bool = False,
    level: float = 0.95,
) -> tuple[str, ...]:
    """Return the lines of the verdict: a summary, then faults, warnings, what cannot be told, and what is good.

    They rest on the estimates beside their references, the modes, copies and outliers.

    ``classes``: both sides counted by their labels; ``shares``: what is estimated of the fakes' classes; ``exact``: fakes that
    equal real or training images pixel by pixel; ``no_test``: why the images given as held-out are not unseen;
    ``further``: lines about the images of a side; ``points``:
    the data are points, among which near copies and outliers are not looked for.
    """
    found = standings(estimates, level)
    copied = any(one.copied or one.undecided for one in exact)
    tails = () if points else (*_far_fakes(outlier_test), *_copies(copies, no_test, exact=copied))
    labelled = of_classes(classes)
    accused = any(not line.startswith("unclear") for line in labelled)
    lines = (
        *_exact(exact, no_test, points=points),
        *(line for line in further if line),
        *labelled,
        *of_shares(shares, classes),
        *of_standings([one for one in found if not (accused and one.metric == "modes" and one.state == "as good")]),
        *of_modes(modes, accused=accused, labelled=bool(classes)),
        *_labels(classes, estimates, points=points),
        *tails,
    )
    return ranked(lines, found, estimates)


def ranked(lines: Iterable[str], found: Sequence[Standing], estimates: Sequence[Estimate]) -> tuple[str, ...]:
    """Return the lines of a verdict, bad news first, below the line that sums them up."""
    ordered = sorted(lines, key=lambda line: RANKS.index(line.partition(": ")[0]))
    return (_summary(ordered, found, estimates), *ordered)


RANKS = ("copied", "missing", "poor", "memorised", "caution", "unclear", "good")
"""The kinds of lines, bad news first."""
FAULTS = RANKS[:3]


def _summary(lines: Sequence[str], standings: Sequence[Standing], estimates: Sequence[Estimate]) -> str:
    """Return the first line: how many faults and warnings there are, and what the metrics could tell."""
    kinds = [line.partition(": ")[0] for line in lines]
    faults, cautions = sum(kind in FAULTS for kind in kinds), sum(kind in ("memorised", "caution") for kind in kinds)
    told = sum(standing.state == "as good" for standing in standings)
    unclear = sum(standing.state == "unclear" for standing in standings)
    parts = [f"{counted(faults, 'fault')} found" if faults else "no fault found"]
    parts += [f"{counted(cautions, 'point')} to look at"] if cautions else []
    if standings:
        parts.append(f"{told} of {counted(len(standings), 'metric')} shown to be as good as real images' own")
        parts += [f"{unclear} not to be told with so few"] if unclear else []
    elif estimates:
        parts.append("no metric was compared with real images' own")
    kind = "poor" if faults else "caution" if cautions else "good" if told and told >= unclear else "unclear"
    return f"{kind}: {', '.join(parts)}."


OF_LABELS = ("gan_train", "gan_test", "intra_class_frechet")
"""The metrics that see where generated images do not show the class that they are labelled with."""


def _labels(classes: Sequence[ModeCount], estimates: Sequence[Estimate], *, points: bool) -> list[str]:
    """Say that labels were counted and not compared with what the images show, where nothing that was asked for looks at that."""
    if points or not any(one.n_fake for one in classes) or any(one.metric in OF_LABELS for one in estimates):
        return []
    return ["unclear: whether images show the class that they are labelled with was not tested (--metrics gan_test)."]


def _far_fakes(outlier_test: TailTest | None) -> list[str]:
    if outlier_test is None or outlier_test.p_value >= ALPHA:
        return []
    return [
        f"poor: {outlier_test.share:.1%} of the images lie far from every training image; of held-out real images "
        f"{outlier_test.false_alarms:.1%} do."
    ]


NO_SIGN = "sign of copying"
"""What the line on near copies says that there is none of, where the test could tell."""
NAMED = 3
"""How many exact copies the verdict names."""


def _exact(exact: Sequence[ExactCopies], no_test: str, *, points: bool) -> list[str]:
    """Name the exact copies: a fact, not a test, so it needs no held-out images; pictures that the set repeats are no copies."""
    thing, how = ("point", "in every coordinate") if points else ("image", "pixel by pixel")
    copied = [
        f"copied: {found.fact(f'generated {thing}', f'{found.among} {thing}')} ({how}): "
        f"{', '.join(f'{copy} = {original}' for copy, original in found.pairs[: min(NAMED, found.copied)])}"
        f"{', …' if found.copied > NAMED else ''}."
        for found in exact
        if found.copied
    ]
    said = [line for found in exact for line in found.said(f"generated {thing}", f"{found.among} {thing}s", no_test)]
    return [*copied, *(f"{kind}: {line}." for kind, line in said)]


def _copies(copies: TailTest | None, no_test: str, *, exact: bool) -> list[str]:
    """Say what the test of near copies found; beside exact copies it never says that there is no sign of copying."""
    if copies is None:
        near = "near copies were not looked for beside the exact ones" if exact else "memorisation was not tested"
        if no_test:
            return [f"unclear: {near}: {no_test}. Give real images that it was not trained on (--held-out)."]
        return [f"unclear: {near}: that needs the training images and held-out real ones (--train, --held-out)."]
    return [_tested(copies, exact=exact)]


def _tested(copies: TailTest, *, exact: bool) -> str:
    how = " (pixel by pixel, a shift or mirroring undone)" if copies.space == "pixels" else ""
    counts = (
        f"{copies.share:.1%} of the images lie suspiciously close to a training image{how}; of held-out real images "
        f"{copies.false_alarms:.1%} do"
    )
    if copies.p_value < ALPHA:
        return f"memorised: {counts}. Look at the pairs."
    if copies.closer < ALPHA:
        return (
            f"caution: {counts}: more than chance, but not as near as copies are. Copies that were changed, or images that are plainer "
            "than real ones, do that. Look at the pairs."
        )
    if line := _doubtful(copies, counts):
        return line
    if copies.unseen is None:
        other = "further copies cannot be told beside the exact ones" if exact else "memorisation cannot be told"
        return (
            f"unclear: {other}: of {counted(copies.n_fake, 'image')} beside {counted(copies.n_held_out, 'held-out one')} any share of copies "
            f"could have gone unseen. Give more images."
        )
    reach = (
        "mirrored, compressed or shifted by up to a tenth of the side"
        if copies.pixels
        else "less than a quarter as far off as another training image"
    )
    least = f"copies ({reach}) of fewer than {copies.unseen:.1%} of the images could have gone unseen"
    least += "; turned, cropped or recoloured ones were not looked for" if copies.pixels else ""
    if exact:
        return f"caution: no further {NO_SIGN} beside the exact copies: {counts}; {least}."
    return f"good: no {NO_SIGN}: {counts}; {least}."


def _doubtful(copies: TailTest, counts: str) -> str:
    """Return the line about what is neither a sign of copying nor of none: versions of few pictures, or few images; ''."""
    if (
        copies.pictures is not None
        and copies.unseen is not None
        and copies.pictures / copies.n_fake < copies.unseen < copies.share
    ):
        return (
            f"caution: {counts}, and are versions of {counted(copies.pictures, 'picture')}: so few may "
            "lie there by chance. Look at the pairs."
        )
    pictures = copies.n_fake if copies.tested is None else copies.tested
    if copies.unseen is not None and min(pictures, copies.n_held_out) < FEWEST:
        generated = f"{copies.n_fake:,} generated" + (
            f" that show {counted(pictures, 'picture')}" if pictures < copies.n_fake else ""
        )
        return (
            f"unclear: too few images to tell whether any are copied ({generated}, {copies.n_held_out:,} held-out): {counts}; "
            f"copies of fewer than {copies.unseen:.1%} of the images could have gone unseen."
        )
    return ""
