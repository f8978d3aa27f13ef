"""Train a small conditional GAN on the built-in digits and read its report. Usage: python train_and_evaluate.py [FOLDER]"""

import dataclasses
import sys
import tempfile
from pathlib import Path

import gantlet
from gantlet.training import recipes

folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())

# A recipe is a configuration; any field can be replaced. The recipe's own 2,500 steps give much better digits.
config = dataclasses.replace(
    recipes.load("digits"), steps=250, network="dcgan[width=16,norm=none]", evaluate_every=0, out=str(folder / "run")
)
report = gantlet.train(config)

for estimate in report.estimates:
    reference = estimate.reference.text if estimate.reference else "none"
    print(f"{estimate.metric:28} {estimate.text:28} real against held-out real: {reference}")
print(*report.verdict, sep="\n")

images = gantlet.load(folder / "run").sample(16, seed=1)
print(f"sampled {images.shape[0]} images of shape {images.shape[1:]}; open {folder / 'run' / 'report.html'}")
