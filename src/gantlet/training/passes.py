"""Passes through the discriminator: images with their inputs, in packs, augmented, with latents, or some steps ahead."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.func import functional_call

from gantlet.core.devices import unwrapped
from gantlet.core.interfaces.hooks import Augments, Unrolls
from gantlet.core.interfaces.modules import Batch, DiscriminatorOutput, module_capabilities
from gantlet.core.interfaces.objectives import Objective
from gantlet.core.interfaces.step import Score, StepContext
from gantlet.training.parts import Parts


def discriminator_input(parts: Parts, images: Float[Tensor, "n *shape"], batch: Batch) -> Float[Tensor, "b *packed"]:
    """Return the discriminator's input: images with the inputs of their pairs where it reads them, in packs."""
    if batch.inputs is not None and parts.sees_inputs:
        images = torch.cat([batch.inputs, images], dim=1)
    return images if parts.pack == 1 else images.reshape(len(images) // parts.pack, -1, *images.shape[2:])


def scoring(
    parts: Parts, discriminator: nn.Module | Score, context: StepContext, z: Float[Tensor, "b k"] | None = None
) -> Score:
    """Return the discriminator behind the augmentations, which change each image of a pack by itself.

    ``z``: the latents of fakes, which a discriminator with the capability ``sees_latents`` takes too.
    """
    if z is not None and isinstance(discriminator, nn.Module):
        with_latents = discriminator
        if module_capabilities(unwrapped(with_latents)).sees_latents:
            return lambda images, labels: with_latents(images, labels, z)
    augmenters = parts.present(Augments, context.memory).values()
    if not augmenters:
        return discriminator

    def score(images: Float[Tensor, "b *packed"], labels: Int64[Tensor, " b"] | None) -> DiscriminatorOutput:
        single = images.reshape(len(images) * parts.pack, -1, *images.shape[2:])
        for part in augmenters:
            single = part.augment(single, context.streams["augment"])
        return discriminator(single.reshape(images.shape), labels)

    return score


def opponent(
    parts: Parts,
    objective: Objective,
    discriminator: nn.Module,
    batch: Batch,
    *,
    fakes: Float[Tensor, "b *shape"],
    labels: Int64[Tensor, " b"] | None,
    context: StepContext,
) -> nn.Module | Score:
    """Return the discriminator that the generator is trained against: as it is now, or some steps ahead."""
    unrolled = next(iter(parts.implementing(Unrolls).values()), None)
    if unrolled is None:
        return discriminator
    plain, real = unwrapped(discriminator), discriminator_input(parts, batch.real, batch)

    def at(parameters: dict[str, Tensor]) -> Score:
        def score(images: Float[Tensor, "b *shape"], labels: Int64[Tensor, " b"] | None) -> DiscriminatorOutput:
            output: DiscriminatorOutput = functional_call(plain, parameters, (images, labels))
            return output

        return score

    def loss(parameters: dict[str, Tensor]) -> Tensor:
        scores = scoring(parts, at(parameters), context)  # augmented, as in the steps of the discriminator itself
        return objective.discriminator_loss(scores(real, labels).logits, scores(fakes, labels).logits).mean()

    return at(unrolled.future(plain, loss, context.optimizer))
