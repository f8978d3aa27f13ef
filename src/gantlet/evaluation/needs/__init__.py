"""One kind of evidence per file."""

from gantlet.core.registry import Metadata, Registry
from gantlet.evaluation.need import Gathered, Need, OfClasses, Stamped

NEEDS = Registry("need", __name__, metadata=Metadata, protocols=(Need, OfClasses, Gathered, Stamped), group="needs")
OWN = "gantlet's own"
