"""How each row moves a metric, where that is known of it."""

from gantlet.core.results.estimate import Estimate
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.inference.difference import Influence
from gantlet.evaluation.metrics import METRICS


def influence_of(evidence: Evidence, estimate: Estimate) -> Influence | None:
    """Return a metric's influence functions on the evidence that its estimate was computed from, where it has one, without options.

    None where a statistics file has no rows, where rows belong to groups, and where the metric has no number.
    """
    influence = METRICS.entry(estimate.metric).meta.influence
    grouped = any(
        bank.rows is not None and bank.rows.groups is not None for bank in (evidence.real_bank, evidence.fake_bank)
    )
    if influence is None or estimate.value is None or not evidence.has_rows or "options" in estimate.details or grouped:
        return None
    return influence(evidence)
