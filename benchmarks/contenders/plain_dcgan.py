"""The networks of the training race in torch's own modules, those of gantlet's `dcgan[width=64]` at 32 pixels and one channel,
and the data: for contenders that do not know gantlet.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

WIDTH, LATENT, BATCH, RATE, BETAS = 64, 100, 64, 2e-4, (0.5, 0.999)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)


def generator() -> nn.Sequential:
    """z [b, 100, 1, 1] → images [b, 1, 32, 32]."""
    layers: list[nn.Module] = [nn.ConvTranspose2d(LATENT, 4 * WIDTH, 4, bias=False)]
    for before in (4 * WIDTH, 2 * WIDTH):
        layers += [nn.BatchNorm2d(before), nn.ReLU(True), nn.ConvTranspose2d(before, before // 2, 4, 2, 1, bias=False)]
    layers += [nn.BatchNorm2d(WIDTH), nn.ReLU(True), nn.ConvTranspose2d(WIDTH, 1, 4, 2, 1), nn.Tanh()]
    return nn.Sequential(*layers).apply(_initialise)


def discriminator() -> nn.Sequential:
    """Images → logits [b, 1]."""
    layers: list[nn.Module] = [nn.Conv2d(1, WIDTH, 4, 2, 1), nn.LeakyReLU(0.2, True)]
    for before in (WIDTH, 2 * WIDTH):
        layers += [
            nn.Conv2d(before, 2 * before, 4, 2, 1, bias=False),
            nn.BatchNorm2d(2 * before),
            nn.LeakyReLU(0.2, True),
        ]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * WIDTH, 1)).apply(_initialise)


def images(folder: Path) -> Tensor:
    """Return the training images [n, 1, 32, 32] in [−1, 1]."""
    return torch.from_numpy(np.load(folder / "train.npy")).permute(0, 3, 1, 2).float() / 127.5 - 1


def turns(
    folder: Path, name: str, advance: Callable[[int], None], draw: Callable[[int], Tensor]
) -> Callable[[], list[float]]:
    """Return the timed task, some steps; after the last ones it writes samples [n, 32, 32, 1] for the judge."""
    plan = json.loads((folder / "plan.json").read_text())
    taken = 0

    def run() -> list[float]:
        nonlocal taken
        advance(plan["turn"])
        taken += plan["turn"]
        if taken == plan["steps"]:
            made = draw(plan["samples"]).float().clamp(-1, 1).permute(0, 2, 3, 1).add(1).mul(127.5).round()
            np.save(folder / f"samples-{name}.npy", made.to(torch.uint8).numpy())
        return [taken]

    return run


def drawn(network: nn.Module, n: int) -> Tensor:
    """Return n images of a generator in evaluation mode."""
    network.eval()
    with torch.no_grad():
        parts = [network(torch.randn(100, LATENT, 1, 1)) for _ in range(n // 100)]
    network.train()
    return torch.cat(parts)
