"""A mixture of Gaussians as the latent; it changes the generator, so its layers live beside the networks."""

from gantlet.networks.mixture_latent import SOURCE, MixtureLatent
from gantlet.techniques import TECHNIQUES

TECHNIQUES.register("mixture-latent", source=SOURCE)(MixtureLatent)
