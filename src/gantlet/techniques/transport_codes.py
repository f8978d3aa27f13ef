"""Transport of latents to codes as a technique; it changes the generator, so its layers live beside the networks."""

from gantlet.networks.transported import SOURCE, TransportCodes
from gantlet.techniques import TECHNIQUES

TECHNIQUES.register("transport-codes", source=SOURCE)(TransportCodes)
