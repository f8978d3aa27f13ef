"""Register a training technique and train a few steps with it. Usage: python own_technique.py [FOLDER]"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch

import gantlet
from gantlet.core.interfaces.hooks import Augments
from gantlet.training.techniques import TECHNIQUES


@TECHNIQUES.register("instance-noise", source="Arjovsky & Bottou 2017, arXiv:1701.04862, §3")
@dataclass(frozen=True)
class InstanceNoise(Augments):
    """Gaussian noise on every image that the discriminator sees, so that real and fake distributions overlap."""

    sigma: float = 0.1

    def augment(self, images: torch.Tensor, stream: torch.Generator) -> torch.Tensor:
        """Return images + σ·ε; all random numbers come from the stream, so the run can be resumed exactly."""
        noise = torch.randn(images.shape, generator=stream, device=stream.device)
        return images + self.sigma * noise.to(images)


folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
config = gantlet.TrainConfig(
    data="digits",
    network="dcgan[width=8,norm=none]",
    techniques=("instance-noise[sigma=0.2]",),  # by name, with options in brackets, as on the command line
    steps=30,
    features="pixels[size=8,channels=1]",
    out=str(folder / "run"),
)
report = gantlet.train(config)
print(f"precision {report['precision'].text}, coverage {report['coverage'].text}")
