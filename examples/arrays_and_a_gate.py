"""Evaluate arrays, look at the result as a table and a figure, and gate it. Usage: python arrays_and_a_gate.py [FOLDER]"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import gantlet

folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
folder.mkdir(parents=True, exist_ok=True)
digits = load_digits()
pixels = (digits.images * (255 / 16)).round().astype(np.uint8)
rng = np.random.default_rng(0)
real, fakes = pixels[:900], np.clip(pixels[900:] + rng.normal(0, 20, pixels[900:].shape), 0, 255) / 255

# The range of floats is stated, never guessed; images of another form and labels go through gantlet.images.
metrics = ["frechet_distance_debiased", "precision", "coverage"]
report = gantlet.evaluate(fakes, real, range="unit", metrics=metrics, features="pixels[size=8,channels=1]", out=folder)
print(report)
for estimate in report:
    print(f"{estimate.metric:<28} {estimate.text}")

report.plot().get_figure().savefig(folder / "metrics.png")
gantlet.images(fakes, range="unit").grid(32).save(folder / "fakes.png")

gate = gantlet.gate(report, ["coverage < 0.5", "value:precision < 0.5", "copies > 0"])
print(gate.text, *(f"  {check.state}: {check.reason}" for check in gate.checks), sep="\n")
