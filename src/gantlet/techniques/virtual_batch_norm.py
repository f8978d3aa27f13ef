"""Virtual batch normalisation as a technique; it changes the generator, so its layers live beside the networks."""

from gantlet.networks.virtual_batch_norm import SOURCE, VirtualBatchNorm
from gantlet.techniques import TECHNIQUES

TECHNIQUES.register("virtual-batch-norm", source=SOURCE)(VirtualBatchNorm)
