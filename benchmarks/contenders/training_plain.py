"""The loop that example code has: default layout, both networks trainable throughout, torch's default Adam, float32."""

import json
from collections.abc import Callable
from pathlib import Path

import plain_dcgan as common
import torch
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset
from turnstile import Turnstile


def plain(folder: Path) -> Callable[[], list[float]]:
    """DCGAN with the generator's pass shared by both players' steps."""
    torch.manual_seed(json.loads((folder / "plan.json").read_text())["seed"])
    G, D = common.generator(), common.discriminator()
    on_g, on_d = (torch.optim.Adam(net.parameters(), common.RATE, common.BETAS) for net in (G, D))
    data = DataLoader(TensorDataset(common.images(folder)), common.BATCH, shuffle=True, drop_last=True)
    real_label, fake_label = torch.ones(common.BATCH, 1), torch.zeros(common.BATCH, 1)

    def train(gate: Turnstile) -> None:
        while True:
            for (real,) in data:
                gate.step()
                D.zero_grad()
                on_real = functional.binary_cross_entropy_with_logits(D(real), real_label)
                on_real.backward()
                fake = G(torch.randn(common.BATCH, common.LATENT, 1, 1))
                on_fake = functional.binary_cross_entropy_with_logits(D(fake.detach()), fake_label)
                on_fake.backward()
                on_d.step()
                G.zero_grad()
                g_loss = functional.binary_cross_entropy_with_logits(D(fake), real_label)
                g_loss.backward()
                on_g.step()

    gate = Turnstile(train)
    gate.advance(1)
    return common.turns(folder, "plain", gate.advance, lambda n: common.drawn(G, n))
