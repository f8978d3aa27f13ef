"""The 1-NN two-sample test: can a nearest-neighbour classifier tell real from fake?"""

from dataclasses import dataclass

import numpy as np

from gantlet.metrics import METRICS
from gantlet.results import Estimate
from gantlet.stats.evidence import Evidence
from gantlet.stats.intervals import wilson
from gantlet.stats.neighbours import Neighbours, neighbours


@dataclass(frozen=True)
class Accuracy:
    """Leave-one-out accuracies in [0, 1], and the share of rows whose nearest-neighbour relation is mutual."""

    pooled: float
    real: float
    fake: float
    mutual: float


def one_nn_accuracy(facts: Neighbours) -> Accuracy:
    """Return the leave-one-out accuracy of the 1-nearest-neighbour classifier on the pooled real and fake rows.

    0.5 where they agree, 1 where they are apart. Convention: a tie between a real and a fake neighbour says real.
    Source: Lopez-Paz & Oquab 2017, arXiv:1610.06545; Xu et al. 2018, arXiv:1806.07755, Sec. 2.2.
    """
    n = len(facts.real.distances)
    real_says_real = facts.real.distances[:, 0] <= facts.real_to_fake.distances[:, 0]
    fake_says_real = facts.fake_to_real.distances[:, 0] <= facts.fake.distances[:, 0]
    nearest = np.concatenate(
        [
            np.where(real_says_real, facts.real.indices[:, 0], n + facts.real_to_fake.indices[:, 0]),
            np.where(fake_says_real, facts.fake_to_real.indices[:, 0], n + facts.fake.indices[:, 0]),
        ]
    )
    mutual = nearest[nearest] == np.arange(len(nearest))
    correct = np.concatenate([real_says_real, ~fake_says_real])
    return Accuracy(
        float(correct.mean()), float(real_says_real.mean()), float((~fake_says_real).mean()), float(mutual.mean())
    )


@METRICS.register(
    "one_nn_accuracy",
    source="Lopez-Paz & Oquab 2017, arXiv:1610.06545",
    needs=("features",),
    unit="accuracy; 0.5 is ideal",
    lower_is_better=True,
    version=1,
)
def estimate(evidence: Evidence) -> Estimate:
    """Leave-one-out accuracy of a 1-nearest-neighbour classifier that tells real from fake; 0.5 is ideal.

    The nearest other row among both sets says real or fake; the share of right answers, in [0, 1]. ``details`` hold the
    accuracy on real and on fake rows: fake far above real hints at collapse, both far below 0.5 at memorised images.

    Interval: Wilson with the effective number 2n/(1 + s), s the share of rows in mutual pairs: two rows that are
    each other's nearest are right or wrong together, which plain Wilson ignores.

    When it lies: below 0.5 is not better but copied. In high dimension hubs and a slight shift already give 1.
    The prior matters: with unequal numbers the larger set is cut to the smaller.

    Source: Lopez-Paz & Oquab 2017, arXiv:1610.06545, Sec. 3; Xu et al. 2018, arXiv:1806.07755; variance: Henze 1988,
    Ann. Stat. 16.
    """
    n = min(evidence.real.n, evidence.fake.n)
    facts = evidence.neighbours
    notes: tuple[str, ...] = ()
    if evidence.real.n != evidence.fake.n:
        real, fake = (
            bank.features[order[:n]]
            for bank, order in zip((evidence.real, evidence.fake), evidence.orders, strict=True)
        )
        facts = neighbours(real, fake, k=1, memory=evidence.memory)
        notes = (f"unequal numbers: the larger set was cut to {n} random images",)
    accuracy = one_nn_accuracy(facts)
    effective = 2 * n / (1 + accuracy.mutual)
    low, high = wilson(accuracy.pooled * effective, effective, evidence.level)
    details = {"real": accuracy.real, "fake": accuracy.fake, "mutual": accuracy.mutual}
    return Estimate(
        "one_nn_accuracy", accuracy.pooled, low, high, "wilson", evidence.level, n, n, details=details, notes=notes
    )
