"""The 1-NN two-sample test: can a nearest-neighbour classifier tell real from fake?"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool

from gantlet.core.words import counted
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.inference.intervals import wilson
from gantlet.evaluation.measurement import Measurement, Rows
from gantlet.evaluation.metrics import METRICS
from gantlet.evaluation.stats.neighbours import MANIFOLD_K, Neighbours
from gantlet.evaluation.subsets import neighbour_variance, share_interval


@dataclass(frozen=True)
class Accuracy:
    """Leave-one-out accuracies in [0, 1], and the share of rows whose nearest-neighbour relation is mutual."""

    pooled: float
    real: float
    fake: float
    mutual: float


def right_answers(facts: Neighbours) -> tuple[Bool[np.ndarray, " n"], Bool[np.ndarray, " m"]]:
    """Return whether the nearest neighbour of each real and of each fake row says the right thing; a tie says real."""
    return (
        facts.real.distances[:, 0] <= facts.real_to_fake.distances[:, 0],
        facts.fake_to_real.distances[:, 0] > facts.fake.distances[:, 0],
    )


def equal_sized(evidence: Evidence) -> Evidence:
    """Return the evidence with as many real as fake rows, the larger set cut at random (seeded)."""
    n = min(evidence.real.n, evidence.fake.n)
    if evidence.real.n == evidence.fake.n:
        return evidence

    def cut() -> Evidence:
        banks = zip((evidence.real, evidence.fake), evidence.orders, strict=True)
        real, fake = (bank.take(order[:n]) if bank.n > n else bank for bank, order in banks)
        return replace(evidence, real_bank=real, fake_bank=fake)

    return evidence.shared("equal numbers", cut)


def influence(evidence: Evidence) -> Influence:
    """Return half the right answers at every row, spread by √(1 + s): mutual pairs are right or wrong together."""
    facts = equal_sized(evidence).neighbours
    accuracy = one_nn_accuracy(facts)
    real, fake = (side * 0.5 * (1 + accuracy.mutual) ** 0.5 for side in right_answers(facts))
    return Influence(real, fake)


def one_nn_accuracy(facts: Neighbours) -> Accuracy:
    """Return the leave-one-out accuracy of the 1-nearest-neighbour classifier on the pooled real and fake rows.

    0.5 where they agree, 1 where they are apart. Convention: a tie between a real and a fake neighbour says real.
    Source: Lopez-Paz & Oquab 2017, arXiv:1610.06545; Xu et al. 2018, arXiv:1806.07755, Sec. 2.2.
    """
    n = len(facts.real.distances)
    real, fake = right_answers(facts)
    nearest = np.concatenate(
        [
            np.where(real, facts.real.indices[:, 0], n + facts.real_to_fake.indices[:, 0]),
            np.where(fake, n + facts.fake.indices[:, 0], facts.fake_to_real.indices[:, 0]),
        ]
    )
    mutual = nearest[nearest] == np.arange(len(nearest))
    pooled = float(np.concatenate([real, fake]).mean())
    return Accuracy(pooled, float(real.mean()), float(fake.mean()), float(mutual.mean()))


@METRICS.register(
    "one_nn_accuracy",
    source="Lopez-Paz & Oquab 2017, arXiv:1610.06545",
    needs=("features",),
    unit="accuracy; 0.5 is ideal",
    lower_is_better=True,
    measures="how well a nearest-neighbour test tells generated from real images; chance is 50%",
    margin=0.2,
    beyond="copies of real images do that",
    two_sided=True,
    version=2,
    influence=influence,
)
def estimate(evidence: Evidence) -> Measurement:
    """Leave-one-out accuracy of a 1-nearest-neighbour classifier that tells real from fake; 0.5 is ideal.

    The nearest other row among both sets says real or fake; the share of right answers, in [0, 1]. ``details`` hold the
    accuracy on real and on fake rows: fake far above real hints at collapse, both far below 0.5 at memorised images.

    Interval: Wilson with the number of independent rows that has the variance over fresh draws of both sides, from 12 random subsets
    of 60 % of both; at most 2n/(1 + s), s the share of rows in mutual pairs: two rows that are each other's nearest are right or wrong
    together. ``details.effective_n``: that number.

    When it lies: below 0.5 is not better but copied. In high dimension hubs and a slight shift already give 1.
    The prior matters: with unequal numbers the larger set is cut to the smaller.

    Source: Lopez-Paz & Oquab 2017, arXiv:1610.06545, Sec. 3; Xu et al. 2018, arXiv:1806.07755; variance: Henze 1988,
    Ann. Stat. 16.
    """
    n = min(evidence.real.n, evidence.fake.n)
    notes: tuple[str, ...] = ()
    if evidence.real.n != evidence.fake.n:
        notes = (f"unequal numbers: the larger set was cut to {counted(n, 'random image')}",)
    equal = equal_sized(evidence)
    accuracy = one_nn_accuracy(equal.neighbours)
    variance = neighbour_variance(equal, MANIFOLD_K, lambda facts: one_nn_accuracy(facts).pooled)
    pairs = 2 * n / (1 + accuracy.mutual)
    interval, worth = share_interval(accuracy.pooled, 2 * n, variance, evidence.level)
    if variance is None or worth > pairs:
        interval, worth = ("wilson", *wilson(accuracy.pooled * pairs, pairs, evidence.level)), pairs
    details = {
        "aim": 0.5,
        "effective_n": worth,
        "real": accuracy.real,
        "fake": accuracy.fake,
        "mutual": accuracy.mutual,
    }
    return Measurement(accuracy.pooled, interval, Rows(n, n), details=details, notes=notes)
