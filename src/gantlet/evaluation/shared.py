"""Shared pictures: which images of one set are also in another, and whether that is more than a population that repeats itself gives."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64
from scipy.special import pdtr

from gantlet.evaluation.duplicates import BLANK, pictures, split_p_value
from gantlet.evaluation.inference.holm import ALPHA
from gantlet.evaluation.stats.feature_bank import FeatureBank

OFTEN = 3
"""How often a set shows a picture at least that its population repeats, rather than a file that was stored twice."""


@dataclass(frozen=True)
class Shared:
    """The m rows of one set that equal a row of another, pixel by pixel.

    ``rows`` [m, 2]: each with the first such row of the other set; ``times`` [m]: how often the other set shows that picture;
    ``expected``: how many rows of a fresh draw from the other set's population would equal a picture that it shows once;
    ``by_chance``: the rows that do are no more than that; ``same``: both sets hold the same pictures, each as often;
    ``repeats``: the other set shows a picture more than once; ``asked_again``: the first one does; ``often``: how many rows of the other
    set show a picture that it shows three times or more. Pictures of one colour (``blank`` [m]) count in none of these.
    """

    rows: Int64[np.ndarray, "m 2"]
    times: Int64[np.ndarray, " m"]
    blank: Bool[np.ndarray, " m"]
    expected: float = 0.0
    by_chance: bool = False
    same: bool = False
    repeats: bool = False
    asked_again: bool = False
    often: int = 0

    @property
    def single(self) -> Bool[np.ndarray, " m"]:
        """Return which of the rows equal a picture that the other set shows once."""
        return (self.times == 1) & ~self.blank

    @property
    def again(self) -> Bool[np.ndarray, " m"]:
        """Return which of the rows equal a picture that the other set repeats."""
        return (self.times > 1) & ~self.blank

    @property
    def beyond_chance(self) -> int:
        """Return how many rows equal a picture that the other set shows once; 0 where chance gives as many."""
        return 0 if self.by_chance else int(self.single.sum())


def shared(query: FeatureBank, among: FeatureBank) -> Shared:
    """Return the rows of ``query`` [m, d] that equal a row of ``among`` [n, d], in the order of ``query``.

    Both banks hold features of one extractor. Pictures that ``among`` repeats say nothing about copying. By Good and Turing
    a fresh draw equals one of the pictures that it shows once with chance 2·f₂/n, f₂ being the number of pictures that it
    shows exactly twice; so m·2·f₂/n such rows are expected. Where f₂ = 0 any is beyond chance; elsewhere `chance` decides.

    Source: Good 1953, Biometrika 40:237, Eq. 9.
    """
    ours, theirs = pictures(query, among)
    same = len(ours) == query.n and len(theirs) == among.n and Counter(ours.values()) == Counter(theirs.values())
    every = Counter(theirs.values())
    shown, asked = (Counter(name for name in side.values() if name[: len(BLANK)] != BLANK) for side in (theirs, ours))
    first: dict[str, int] = {}
    for row, picture in theirs.items():
        first.setdefault(picture, row)
    found = [
        (row, first[picture], every[picture], picture not in shown) for row, picture in ours.items() if picture in first
    ]
    table = np.array(found, np.int64).reshape(-1, 4)
    blank = table[:, 3] == 1
    twice = sum(times == 2 for times in shown.values())
    by_chance = False
    if twice and (table[~blank, 2] == 1).any():
        names = list(shown | asked)
        counts = np.array([[shown[name], asked[name]] for name in names], np.int64)
        by_chance = (
            as_a_population(list(shown.values()), among.n)
            and chance(counts[:, 0], counts[:, 1], among.n, query.n) > ALPHA
        )
    return Shared(
        table[:, :2], table[:, 2], blank, query.n * 2 * twice / among.n, by_chance, same,
        repeats=max(shown.values(), default=0) > 1,
        asked_again=max(asked.values(), default=0) > 1,
        often=sum(times for times in shown.values() if times >= OFTEN),
    )  # fmt: skip


def as_a_population(times: Sequence[int], n: int) -> bool:
    """Return whether n rows repeat pictures as draws from a population of pictures do, and not as files that are stored twice.

    Counts of pictures are mixed Poisson, so that E f₁·6 E f₃ ≥ (2 E f₂)²: where f₂ are seen twice, ⅔ f₂²/f₁ or more are expected to be
    seen three times. Refused where P(f₃ or fewer) ≤ 1 % by Poisson's distribution of that mean. Copies of files come in pairs.

    Args: times: how often each picture is shown that is shown more than once, at least (others count as shown once).
    Source: Chao 1984, "Nonparametric estimation of the number of classes in a population": the inequality of Cauchy and Schwarz.
    """
    twice, thrice = (sum(time == k for time in times) for k in (2, 3))
    repeated = [time for time in times if time > 1]
    once = n - sum(repeated)
    if not once or not twice:
        return True
    more = thrice + sum(time > 3 for time in times)
    return float(pdtr(more, 2 * twice**2 / (3 * once))) > ALPHA


def chance(among: Int64[np.ndarray, " k"], query: Int64[np.ndarray, " k"], n: int, m: int) -> float:
    """Return the p-value of so many rows of ``query`` at pictures that ``among`` shows once, were both of one population.

    With a, b the times that a picture is shown among n and among m rows, the statistic Σ_{a=1} b − 2·(m/n)·#{a = 2} is the
    excess over Good and Turing's estimate. It is compared with its values after the pooled rows were split anew at
    random: exact where both sets are drawn from one population, for f₂ is an estimate that varies as much as the count itself.

    Args: among, query: [k] counts of each picture (those shown once in all may be left out); n, m: rows of the two sets.
    """
    repeated = among + query > 1
    among, query = among[repeated], query[repeated]
    pooled = among + query

    def excess(a: Int64[np.ndarray, " k"]) -> float:
        return float((pooled - a)[a == 1].sum() - 2 * m / n * (a == 2).sum())

    return split_p_value(among, query, (n, m), excess, "shared pictures")
