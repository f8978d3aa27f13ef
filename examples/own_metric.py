"""Register a metric and use it by name. Usage: python own_metric.py [FOLDER]"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import gantlet
from gantlet.core.interfaces.metadata import NO_INFLUENCE
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.intervals import wilson
from gantlet.evaluation.measurement import Measurement
from gantlet.evaluation.metrics import METRICS


@METRICS.register(
    "near_share",
    source="an example",
    needs=("features",),
    unit="share of fake images",
    lower_is_better=False,
    unpaired=NO_INFLUENCE,
)
def near_share(evidence: Evidence) -> Measurement:
    """Share of fakes that lie at most as far from a real image as the median real image does from another."""
    facts = evidence.neighbours
    typical = np.median(facts.real.distances[:, 0])
    near = facts.fake_to_real.distances[:, 0] <= typical
    low, high = wilson(near.sum(), len(near), evidence.level)  # with the real images given
    return Measurement(near.mean(), ("wilson", low, high), evidence.rows)


folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
config = gantlet.EvaluateConfig(features="pixels[size=8,channels=1]", metrics=("near_share", "precision"))
report = gantlet.evaluate("digits[split=test]", "digits", config, out=folder)
print(*(f"{estimate.metric}: {estimate.text} {estimate.unit}" for estimate in report.estimates), sep="\n")
