"""A metric of another package."""

from gantlet.core.interfaces.metadata import NO_INFLUENCE
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import normal
from gantlet.evaluation.measurement import Measurement
from gantlet.evaluation.metrics import METRICS


@METRICS.register(
    "spread",
    source="an example",
    needs=("features",),
    unit="squared feature units",
    lower_is_better=False,
    unpaired=NO_INFLUENCE,
)
def estimate(evidence: Evidence, power: int = 2) -> Measurement:
    """Mean distance of the fakes from their mean, to the power of ``power``.

    Interval: delta. When it lies: always; it is an example. Source: an example.
    """
    features = evidence.fake.features.astype(float)
    values = ((features - features.mean(axis=0)) ** 2).sum(axis=1) ** (power / 2)
    value = float(values.mean())
    low, high = normal(value, float(values.var(ddof=1) / len(values)), evidence.level)
    return Measurement(value, ("delta", low, high), evidence.rows)
