"""The verdict in words: what is good, what is missing, what looks memorised. Each line is ``kind: sentence``."""

from collections.abc import Sequence

from gantlet.core.results.estimate import Estimate
from gantlet.core.results.report import ExactCopies, ModeCount
from gantlet.evaluation.copies import TailTest


def verdict(
    estimates: Sequence[Estimate],
    modes: Sequence[ModeCount],
    copies: TailTest | None,
    outlier_test: TailTest | None,
    *,
    classes: Sequence[ModeCount] = (),
    exact: Sequence[ExactCopies] = (),
    no_test: str = "",
    points: bool = False,
) -> tuple[str, ...]:
    """Return the lines of the verdict: the estimates beside their references, the modes, copies and outliers.

    ``classes``: both sides counted by their labels; ``exact``: fakes that equal real or training images pixel by pixel;
    ``no_test``: why the images given as held-out are not unseen; ``points``: the data are points, among which near copies
    and outliers are not looked for.
    """
    by_name = {estimate.metric: estimate for estimate in estimates if estimate.value is not None}
    lines = [line for estimate in by_name.values() if (line := _against_reference(estimate))]
    lines = sorted(lines, key=lambda line: not line.startswith("good"))
    tails = () if points else (*_far_fakes(outlier_test), *_copies(copies, no_test, exact=bool(exact)))
    return (*_exact(exact, points=points), *_classes(classes), *lines, *_modes(modes), *tails)


NAMED_CLASSES = 5
"""How many missing classes have a line of their own."""
ALPHA = 0.01
"""The level at which copies and outliers are reported."""
_SAYS = {
    "gan_test": (
        "the images show the class asked for: a classifier trained on real images agrees with {value:.1%} of them",
        "a classifier trained on real images agrees with the wanted class for only {value:.1%} of the images",
    ),
    "gan_train": (
        "a classifier trained only on generated images recognises {value:.1%} of real ones",
        "a classifier trained only on generated images recognises only {value:.1%} of real ones",
    ),
    "coverage": (
        "variety: {value:.1%} of the real images have a generated one near them",
        "variety is missing: only {value:.1%} of the real images have a generated one near them",
    ),
    "recall": (
        "reach: {value:.1%} of the real images lie among the generated ones",
        "reach is lacking: only {value:.1%} of the real images lie among the generated ones",
    ),
    "precision": (
        "realism: {value:.1%} of the images lie among the real ones",
        "realism is lacking: only {value:.1%} of the images lie among the real ones",
    ),
}


def _against_reference(estimate: Estimate) -> str | None:
    """Good: the interval reaches to within a tenth of the reference; poor: it ends below."""
    if estimate.metric == "one_nn_accuracy":
        return _one_nn(estimate)
    if estimate.metric not in _SAYS or estimate.value is None:
        return None
    good, poor = _SAYS[estimate.metric]
    reference = estimate.reference.value if estimate.reference else None
    if reference is None:
        return None
    reached = (estimate.high if estimate.high is not None else estimate.value) >= 0.9 * reference
    kind, sentence = ("good", good) if reached else ("missing" if estimate.metric == "coverage" else "poor", poor)
    return f"{kind}: {sentence.format(value=estimate.value)} (real against real: {reference:.1%})."


def _one_nn(estimate: Estimate) -> str | None:
    if estimate.value is None or estimate.low is None:
        return None
    if estimate.low <= 0.5:
        return f"good: a nearest-neighbour test cannot tell generated from real images (accuracy {estimate.value:.1%}, chance is 50%)."
    if estimate.value >= 0.6:
        kind = "poor" if estimate.value >= 0.75 else "caution"
        return f"{kind}: a nearest-neighbour test tells generated from real images with {estimate.value:.1%} accuracy (chance is 50%)."
    return None


def _classes(classes: Sequence[ModeCount]) -> list[str]:
    """Name each class of the real images that no generated one is labelled with; the others are counted together."""
    n_real, n_fake = sum(found.n_real for found in classes), sum(found.n_fake for found in classes)
    absent = sorted((found for found in classes if not found.n_fake), key=lambda found: -found.n_real)
    lines = [
        f"missing: class {found.name} is missing: 0 of {n_fake:,} generated images ({found.n_real / n_real:.1%} of the real ones)."
        if found.verdict == "missing"
        else f"caution: no generated image of class {found.name} ({found.n_real / n_real:.1%} of the real ones): of only "
        f"{n_fake:,} images that may be chance."
        for found in absent[:NAMED_CLASSES]
    ]
    further = absent[NAMED_CLASSES:]
    if further:
        names = ", ".join(found.name for found in further[:NAMED_CLASSES])
        lines.append(f"missing: {len(further):,} further classes have no generated image: {names}, ….")
    return lines


def _modes(modes: Sequence[ModeCount]) -> list[str]:
    if not modes:
        return []
    lines = []
    for kind, sentence in (
        ("missing", "never generated"),
        ("rare", "generated too rarely"),
        ("over-produced", "generated too often"),
    ):
        names = [mode.name for mode in modes if mode.verdict == kind]
        if names:
            lines.append(f"{'missing' if kind == 'missing' else 'caution'}: {sentence}: {', '.join(names)}.")
    collapsed = [mode.name for mode in modes if mode.collapsed]
    if collapsed:
        lines.append(
            f"missing: variety is lost inside {', '.join(collapsed)}: its images lie closer to each other than real ones."
        )
    return [*lines, *_presence(modes, accused=bool(lines))]


def _presence(modes: Sequence[ModeCount], *, accused: bool) -> list[str]:
    """Say that all modes are there only where each has a generated image; a mode without one may be missing by chance."""
    known = [mode for mode in modes if mode.n_real or mode.n_fake]
    unseen = [mode.name for mode in known if not mode.n_fake and mode.verdict != "missing"]
    if unseen:
        n_fake = sum(mode.n_fake for mode in modes)
        return [
            f"caution: {len(unseen)} of {len(known)} modes have no generated image, which may be chance of only {n_fake:,} "
            f"images: {', '.join(unseen[:NAMED_CLASSES])}{', …' if len(unseen) > NAMED_CLASSES else ''}."
        ]
    if accused:
        return []
    return [f"good: all {len(known)} of {len(known)} modes are there, in their real proportions as far as can be told."]


def _far_fakes(outlier_test: TailTest | None) -> list[str]:
    if outlier_test is None or outlier_test.p_value >= ALPHA:
        return []
    return [
        f"poor: {outlier_test.share:.1%} of the images lie far from every training image; of held-out real images "
        f"{outlier_test.false_alarms:.1%} do."
    ]


NAMED = 3
"""How many exact copies the verdict names."""


def _exact(exact: Sequence[ExactCopies], *, points: bool) -> list[str]:
    """Name the exact copies: a fact, not a test, so it needs no held-out images."""
    things, how = ("points", "in every coordinate") if points else ("images", "pixel by pixel")
    return [
        f"copied: {found.n:,} of {found.of:,} generated {things} are exact copies of {found.among} {things} ({how}): "
        f"{', '.join(f'{copy} = {original}' for copy, original in found.pairs[:NAMED])}{', …' if found.n > NAMED else ''}."
        for found in exact
    ]


def _copies(copies: TailTest | None, no_test: str, *, exact: bool) -> list[str]:
    """Say what the test of near copies found; beside exact copies it never says that there is no sign of copying."""
    if copies is None:
        near = "near copies were not looked for beside the exact ones" if exact else "memorisation was not tested"
        if no_test:
            return [f"caution: {near}: {no_test}. Give real images that it was not trained on (--held-out)."]
        return [f"caution: {near}: that needs the training images and held-out real ones (--train, --held-out)."]
    how = " (pixel by pixel, a shift or mirroring undone)" if copies.space == "pixels" else ""
    counts = (
        f"{copies.share:.1%} of the images lie suspiciously close to a training image{how}; of held-out real images "
        f"{copies.false_alarms:.1%} do"
    )
    if copies.p_value < ALPHA:
        return [f"memorised: {counts}. Look at the pairs."]
    if copies.unseen is None:
        other = "further copies cannot be told beside the exact ones" if exact else "memorisation cannot be told"
        return [
            f"caution: {other}: of {copies.n_fake:,} images beside {copies.n_held_out:,} held-out ones any share of copies "
            f"could have gone unseen. Give more images."
        ]
    least = f"close copies of fewer than {copies.unseen:.1%} of the images could have gone unseen"
    if exact:
        return [f"caution: no further sign of copying beside the exact copies: {counts}; {least}."]
    return [f"good: no sign of copying: {counts}; {least}."]
