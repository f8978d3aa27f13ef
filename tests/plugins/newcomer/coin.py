"""A lab of another package."""

from dataclasses import dataclass

from gantlet.core.results.estimate import Estimate
from gantlet.core.results.lab import LabResult
from gantlet.labs import LABS
from gantlet.labs.lab import Lab, Setting

CLAIM = "A coin has two sides."


@LABS.register("coin", source="an example", claim=CLAIM)
@dataclass(frozen=True)
class Coin(Lab):
    """Claim: a coin has two sides. Tolerance: none. Option: ``sides``."""

    sides: int = 2

    def run(self, setting: Setting) -> LabResult:
        """Count the sides."""
        return LabResult(
            lab="coin", claim=CLAIM, source="an example", measure="sides", paper_value=2.0, paper_note="",
            ours=Estimate("sides", float(self.sides)), tolerance="none", why="counted", columns=("sides",),
            verdict="reproduced" if self.sides == 2 else "not reproduced", rows=((self.sides,),), figures=(),
            size=setting.size, seeds=setting.seeds(1, 1, 1),
        )  # fmt: skip
