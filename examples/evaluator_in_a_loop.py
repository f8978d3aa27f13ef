"""Watch a generator inside a plain torch loop. Usage: python evaluator_in_a_loop.py [FOLDER]"""

import sys
import tempfile
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import softplus

import gantlet

folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
torch.manual_seed(0)
data = torch.tensor(load_digits().images, dtype=torch.float32).flatten(1) / 8 - 1
hidden = (nn.Linear(32, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Linear(256, 256), nn.BatchNorm1d(256), nn.ReLU())
generator = nn.Sequential(*hidden, nn.Linear(256, 64), nn.Tanh())
discriminator = nn.Sequential(nn.Linear(64, 256), nn.LeakyReLU(0.2), nn.Linear(256, 1))
optimizers = [torch.optim.Adam(net.parameters(), 5e-4, (0.5, 0.99)) for net in (generator, discriminator)]

# The real images' features are extracted once.
config = gantlet.EvaluateConfig(features="pixels[size=8,channels=1]", metrics=("frechet_distance_debiased", "coverage"))
evaluator = gantlet.Evaluator("digits", config)

for step in range(1201):
    if step % 400 == 0:
        with torch.no_grad():
            images = generator(torch.randn(500, 32)).reshape(-1, 1, 8, 8)
        report = evaluator(images, range="symmetric", images_seen=step * 64, out=folder / f"step-{step}")
        print(step, *(f"{estimate.metric} {estimate.text}" for estimate in report.estimates), sep="  ")
    real, fake = data[torch.randint(len(data), (64,))], generator(torch.randn(64, 32))
    loss = (softplus(-discriminator(real)) + softplus(discriminator(fake.detach()))).mean()
    optimizers[1].zero_grad()
    loss.backward()
    optimizers[1].step()
    loss = softplus(-discriminator(fake)).mean()
    optimizers[0].zero_grad()
    loss.backward()
    optimizers[0].step()
