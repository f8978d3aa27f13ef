"""torch-mimicry's Trainer and train steps, on the race's networks behind its base classes.

torch-mimicry 0.1.16 imports TensorFlow (for metrics) and torch._six (for downloads), which torch 2 no longer has; neither is
used here, and empty modules stand in their places.
"""

import importlib.machinery
import sys
import tempfile
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import plain_dcgan as common
import torch
import torch.utils.tensorboard
from torch.utils.data import DataLoader, TensorDataset
from turnstile import Turnstile

sys.modules["tensorflow"] = types.ModuleType("tensorflow")
sys.modules["tensorflow"].__spec__ = importlib.machinery.ModuleSpec("tensorflow", None)  # torch._dynamo asks for it
sys.modules["torch._six"] = types.ModuleType("torch._six")
sys.modules["torch._six"].PY3 = True  # type: ignore[attr-defined]

from torch_mimicry.nets.gan.gan import BaseDiscriminator, BaseGenerator  # noqa: E402
from torch_mimicry.training import Trainer  # noqa: E402


class Generator(BaseGenerator):
    def __init__(self) -> None:
        super().__init__(nz=common.LATENT, ngf=common.WIDTH, bottom_width=4, loss_type="ns")
        self.layers = common.generator()

    def forward(self, z: Any) -> Any:
        return self.layers(z[:, :, None, None])


class Discriminator(BaseDiscriminator):
    def __init__(self) -> None:
        super().__init__(ndf=common.WIDTH, loss_type="ns")
        self.layers = common.discriminator()

    def forward(self, x: Any) -> Any:
        return self.layers(x)


class Gated:
    """A loader whose every batch waits for the turnstile."""

    def __init__(self, loader: Any, gate: Turnstile) -> None:
        self.loader, self.gate, self.batch_size = loader, gate, common.BATCH

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Any:
        for batch in self.loader:
            self.gate.step()
            yield batch


def mimicry(folder: Path) -> Callable[[], list[float]]:
    """Its Trainer; what it prints and writes is asked for every 50 steps, as we log."""
    torch.manual_seed(0)
    G, D = Generator(), Discriminator()
    on_g, on_d = (torch.optim.Adam(net.parameters(), common.RATE, common.BETAS) for net in (G, D))
    real = common.images(folder)
    data = DataLoader(TensorDataset(real, torch.zeros(len(real))), common.BATCH, shuffle=True, drop_last=True)

    def train(gate: Turnstile) -> None:
        every = {"print_steps": 50, "log_steps": 50, "vis_steps": 10**6, "save_steps": 10**6}
        Trainer(
            D, G, on_d, on_g, Gated(data, gate), num_steps=10**6, log_dir=tempfile.mkdtemp(),
            device=torch.device("cpu"), **every,
        ).train()  # fmt: skip

    gate = Turnstile(train)
    gate.advance(1)
    return common.turns(folder, "mimicry", gate.advance, lambda n: common.drawn(G.layers, n))
