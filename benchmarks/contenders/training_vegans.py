"""vegans' VanillaGAN on the race's networks (its discriminator must end in a sigmoid, and does).

vegans 0.4.0 calls ``next`` as a method of a loader's iterator, which torch 1 had; the loader here has iterators that do.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import plain_dcgan as common
import torch
from torch import nn
from torch.utils.data import DataLoader
from turnstile import Turnstile
from vegans.GAN import VanillaGAN


class Iterator:
    def __init__(self, loader: Any, gate: Turnstile | None) -> None:
        self.batches, self.gate = iter(loader), gate

    def __iter__(self) -> "Iterator":
        return self

    def __next__(self) -> Any:
        if self.gate is not None:
            self.gate.step()
        return next(self.batches)

    next = __next__


class Loader(DataLoader):
    """A loader whose batches wait for the turnstile, once `fit` has looked at the first ones."""

    gate: Turnstile | None = None
    looks = 0

    def __iter__(self) -> Any:
        self.looks += 1
        return Iterator(super().__iter__(), self.gate if self.looks > 2 else None)


def vegans(folder: Path) -> Callable[[], list[float]]:
    """Its fit, without pictures and losses kept."""
    torch.manual_seed(0)
    G, D = common.generator(), nn.Sequential(*common.discriminator(), nn.Sigmoid())
    options = {"lr": common.RATE, "betas": common.BETAS}
    game = VanillaGAN(
        G, D, x_dim=(1, 32, 32), z_dim=(common.LATENT, 1, 1), device="cpu", folder=None,
        optim_kwargs={"Generator": options, "Adversary": options},
    )  # fmt: skip
    data = Loader(common.images(folder), common.BATCH, shuffle=True, drop_last=True)

    def train(gate: Turnstile) -> None:
        data.gate = gate
        game.fit(data, epochs=10**6, batch_size=common.BATCH, print_every=50, save_losses_every=None)

    gate = Turnstile(train)
    gate.advance(1)
    return common.turns(folder, "vegans", gate.advance, lambda n: common.drawn(G, n))
