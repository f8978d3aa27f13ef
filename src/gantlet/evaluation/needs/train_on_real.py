"""The need train_on_real."""

from dataclasses import dataclass
from typing import ClassVar

from gantlet.evaluation import label_classifiers
from gantlet.evaluation.evidence import Evidence, Predictions
from gantlet.evaluation.measurement import Absent
from gantlet.evaluation.need import Gathered, Need
from gantlet.evaluation.needs import NEEDS, OWN
from gantlet.evaluation.sides import Side, Space


@NEEDS.register("train_on_real", source=OWN)
@dataclass(frozen=True)
class TrainOnReal(Gathered, Need):
    """What a classifier trained on real labels says of the labelled fakes."""

    why_absent: ClassVar[str] = "no classifier trained on real labels was applied to labelled fakes"
    costly: ClassVar[bool] = True

    def gather(self, space: Space, fake: Side | None) -> Predictions | Absent:
        """Return the predictions, or why there are none. The reference: trained on real, applied to held-out real."""
        return label_classifiers.of_fakes(space, fake)

    def present(self, evidence: Evidence) -> bool:
        """Return whether the evidence has it."""
        return "train_on_real" in evidence.given
