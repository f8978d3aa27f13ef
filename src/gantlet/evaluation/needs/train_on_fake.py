"""The need train_on_fake."""

from dataclasses import dataclass
from typing import ClassVar

from gantlet.evaluation import label_classifiers
from gantlet.evaluation.evidence import Evidence, Predictions
from gantlet.evaluation.measurement import Absent
from gantlet.evaluation.need import Gathered, Need
from gantlet.evaluation.needs import NEEDS, OWN
from gantlet.evaluation.sides import Side, Space


@NEEDS.register("train_on_fake", source=OWN)
@dataclass(frozen=True)
class TrainOnFake(Gathered, Need):
    """What a classifier trained on the fakes' labels says of held-out real images."""

    why_absent: ClassVar[str] = "no classifier trained on fake labels was applied to held-out real images"
    costly: ClassVar[bool] = True

    def gather(self, space: Space, fake: Side | None) -> Predictions | Absent:
        """Return the predictions, or why there are none. The reference: trained on real, applied to held-out real."""
        return label_classifiers.of_held_out(space, fake)

    def present(self, evidence: Evidence) -> bool:
        """Return whether the evidence has it."""
        return "train_on_fake" in evidence.given
