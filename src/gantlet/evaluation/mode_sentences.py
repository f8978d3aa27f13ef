"""Sentences of the verdict about classes and modes: which are missing, rare or too frequent, and what could have gone unseen."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gantlet.core.results.report import UNMATCHED, ClassShare, ModeCount
from gantlet.core.words import counted, every, some_of
from gantlet.evaluation.inference.holm import ALPHA
from gantlet.evaluation.inference.intervals import quantile

NAMED_CLASSES = 5
"""How many missing classes have a line of their own."""
RARE = 0.3
"""The under-representation of one mode for which the sentences state how many images would show it."""
HALF = 0.5
"""A class whose share is shown to be below this part of its real share is a fault."""
POWER = 0.8
TOLD = 0.5
"""Modes count as shown to be there where none can be made more rarely than by this part."""


def of_classes(classes: Sequence[ModeCount]) -> list[str]:
    """Say of both sides' labels which classes are missing, too rare or too frequent, where variety is lost, and which are absent by chance."""
    n_real, n_fake = sum(found.n_real for found in classes), sum(found.n_fake for found in classes)
    drawn = dict(zip((one.name for one in classes), _independent(classes), strict=True))

    def counts(found: ModeCount) -> str:
        share = f"{found.n_fake / n_fake:.1%}; " if found.n_fake else ""
        return f"{found.n_fake:,} of {counted(n_fake, 'generated image')} ({share}{found.n_real / n_real:.1%} of the real ones)"

    lines = []
    for kind, verdict, sentence in (
        ("missing", "missing", "is missing"),
        ("caution", "rare", "is generated too rarely"),
        ("caution", "over-produced", "is generated too often"),
    ):
        found = sorted(
            (one for one in classes if one.verdict == verdict), key=lambda one: -abs(one.n_real - one.n_fake)
        )
        lines += [
            f"{_weight(kind, one.verdict, drawn[one.name])}: class {one.name} {sentence}: {counts(one)}."
            for one in found[:NAMED_CLASSES]
        ]
        lines += _likewise(kind, [one.name for one in found[NAMED_CLASSES:]])
    collapsed = [found.name for found in classes if found.collapsed]
    if collapsed:
        lines.append(
            f"missing: variety is lost inside class {', '.join(collapsed)}: its images lie closer to each other than real ones."
        )
    if any(found.verdict == UNMATCHED for found in classes):
        return [*lines, *_absent(classes, "class")]
    return [*lines, *_presence(classes, 1 - ALPHA, "class", accused=bool(lines))]


class Independent(NamedTuple):
    """A mode's independent rows: r of n real images, f of m generated ones."""

    r: int
    n: float
    f: int
    m: float


def _independent(modes: Sequence[ModeCount]) -> list[Independent]:
    """Return for each mode the independent rows that it is worth, and of how many: its shares are those of all rows.

    Where it has none, that number is the least of the other modes'.
    """
    sides = []
    for side in (0, 1):
        counts = [(mode.tested[side], (mode.n_real, mode.n_fake)[side]) for mode in modes]
        whole = sum(count for _, count in counts)
        known = [whole * worth / count if worth and count else math.inf for worth, count in counts]
        least = min([size for size in known if math.isfinite(size)], default=float(whole))
        sides.append(
            [(worth, size if math.isfinite(size) else least) for (worth, _), size in zip(counts, known, strict=True)]
        )
    return [Independent(*real, *fake) for real, fake in zip(*sides, strict=True)]


def _weight(kind: str, verdict: str, drawn: Independent) -> str:
    """Return the kind of a class's line: a fault where its share is shown to be below half of the real one, at 99 %."""
    most = math.exp(_log_ratio(drawn, quantile(1 - ALPHA)))
    return "poor" if verdict == "rare" and most < HALF else kind


def _likewise(kind: str, names: Sequence[str]) -> list[str]:
    """Return the line for those that have no line of their own."""
    if not names:
        return []
    return [f"{kind}: likewise {counted(len(names), 'further class')}: {_listed(names)}."]


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:NAMED_CLASSES])}{', …' if len(names) > NAMED_CLASSES else ''}"


def _absent(modes: Sequence[ModeCount], noun: str) -> list[str]:
    """Say how many have no generated image though none of them is shown to be missing, and whether all together are more than chance leaves.

    Where both sides are of one distribution, a mode of c images in all has none on the fakes' side with (1 − q)^c, q the fakes' share of all
    images; the number of absent ones is compared with the distribution of a sum of independent indicators, whose
    dependence is negative, so that the test is cautious.
    """
    known = [mode for mode in modes if (mode.n_real or mode.n_fake) and mode.verdict not in ("missing", UNMATCHED)]
    names = [mode.name for mode in sorted(known, key=lambda mode: -mode.n_real) if not mode.n_fake]
    if not names:
        return []
    n_fake = sum(mode.n_fake for mode in modes)
    chances = [(one.n / (one.n + one.m)) ** (one.r + one.f) for one in _independent(modes)]
    chances = [chance for chance, mode in zip(chances, modes, strict=True) if mode in known]
    counts = np.ones(1)
    for chance in chances:
        counts = np.convolve(counts, [1 - chance, chance])
    found = f"{some_of(len(names), len(known), noun, 'have')} no generated image"
    chance = float(counts[len(names) :].sum())
    if chance <= ALPHA:
        return [
            f"poor: {found}, more than chance leaves (so many in {max(chance, 0.0001):.2%} of honest draws or fewer): {_listed(names)}."
        ]
    return [
        f"unclear: {found}, which may be chance of only {counted(n_fake, 'image')} (so many in {chance:.0%} of honest draws): {_listed(names)}."
    ]


def of_modes(
    modes: Sequence[ModeCount], level: float = 1 - ALPHA, *, accused: bool = False, labelled: bool = False
) -> list[str]:
    """Return the lines about missing, rare and too frequent modes, about lost variety, and whether all are there.

    ``accused``: a class is already said to be missing or rare, so that it is not said that all modes are there; ``labelled``: classes are
    counted by labels, so that what cannot be told of modes is not said beside them.
    """
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
    told = _presence(modes, level, "mode", accused=accused or bool(lines))
    return [*lines, *(line for line in told if not (labelled and line.startswith("unclear")))]


def _presence(modes: Sequence[ModeCount], level: float, noun: str, *, accused: bool) -> list[str]:
    """Say that all modes or classes are there only where each has a generated image; one without any may be missing by chance."""
    if lines := _absent(modes, noun):
        return lines
    known = [mode for mode in modes if mode.n_real or mode.n_fake]
    if accused or not known:
        return []
    rarest = unseen_rarity(known, level)
    if rarest <= TOLD:
        return [f"good: {every(len(known), noun, 'are')} there, and none is made more than {rarest:.0%} too rarely."]
    independent = "independent image" if any(mode.draws for mode in known) else "image"
    found, more = _independent(known), needed(known, level)
    enough = f"; {RARE:.0%} would be seen with {counted(more, independent)} of each side"
    return [
        f"unclear: {every(len(known), noun, 'have')} generated images, but one that is made {min(rarest, 0.99):.0%} too rarely could have "
        f"gone unseen{enough if more > min(min(one.n, one.m) for one in found) else ''}."
    ]


def unseen_rarity(modes: Sequence[ModeCount], level: float) -> float:
    """Return the largest part by which a mode may be made too rarely and still fit the counts, over all modes at once.

    1 − the lower end of share(fake)/share(real): log-ratio ± z √(1/f − 1/m + 1/r − 1/n), ½ added to f and r, Bonferroni over
    the modes. Source: Katz, Baptista, Azen & Pike 1978, "Obtaining confidence intervals for the risk ratio".
    """
    z = quantile(1 - (1 - level) / len(modes))
    return max(0.0, 1 - math.exp(min(_log_ratio(drawn, -z) for drawn in _independent(modes))))


def _log_ratio(drawn: Independent, z: float) -> float:
    """Return log share(fake)/share(real) of one mode and z standard errors beside it."""
    r, n, f, m = (count + 0.5 for count in drawn)
    spread = math.sqrt(max(0.0, 1 / f - 1 / m + 1 / r - 1 / n))
    return math.log(f / m) - math.log(r / n) + z * spread


def needed(modes: Sequence[ModeCount], level: float) -> int:
    """Return the (independent) images of each side with which the rarest mode, made 30% too rarely, is found with probability 80%.

    (z + z_power)² (p(1 − p) + q(1 − q)) / (p − q)², p its share of both sides' images, q = 0.7 p, z at 1 − (1 − level)/modes; two digits.
    """
    p = min((one.r + one.f + 0.5) / (one.n + one.m + 1) for one in _independent(modes))
    q = (1 - RARE) * p
    z = quantile(1 - (1 - level) / len(modes)) + quantile(2 * POWER - 1)
    exact = z**2 * (p * (1 - p) + q * (1 - q)) / (p - q) ** 2
    digits = 10 ** max(0, int(math.log10(exact)) - 1)
    return math.ceil(exact / digits) * digits


def of_shares(shares: Sequence[ClassShare], classes: Sequence[ModeCount]) -> list[str]:
    """Return a line for each class that real images' labels show to be missing or rare, unless the fakes' labels said so."""
    said = {found.name for found in classes if found.verdict in ("missing", "rare")}
    lines = []
    for verdict, start in (
        ("missing", "missing: class {} seems to be missing"),
        ("rare", "caution: class {} is generated too rarely"),
    ):
        found = [share for share in shares if share.verdict == verdict and share.name not in said]
        lines += [
            f"{start.format(share.name)}: an estimated {share.share:.1%} of the generated images show it, at most {share.most:.1%} "
            f"({share.real:.1%} of the real ones)."
            for share in found[:NAMED_CLASSES]
        ]
        lines += _likewise(start.partition(": ")[0], [share.name for share in found[NAMED_CLASSES:]])
    return lines
