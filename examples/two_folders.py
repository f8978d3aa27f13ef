"""Evaluate one folder of images against another. Usage: python two_folders.py [FOLDER]"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from sklearn.datasets import load_digits

import gantlet

folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())

# Two folders as a user has them. The "generated" images are blurred digits without any 7.
data = load_digits()
for name, rows in (("real", np.arange(0, 1797, 2)), ("fake", np.arange(1, 1797, 2))):
    (folder / name).mkdir(parents=True, exist_ok=True)
    for row in rows:
        if name == "fake" and data.target[row] == 7:
            continue
        image = Image.fromarray(np.uint8(data.images[row] * 15)).resize((32, 32))
        image = image.filter(ImageFilter.GaussianBlur(1)) if name == "fake" else image
        image.save(folder / name / f"{row:04d}.png")

# features="auto" (the default) takes a network trained on ImageNet; untrained convolutions are quick.
config = gantlet.EvaluateConfig(features="random-conv", metrics=("frechet_distance_debiased", "precision", "coverage"))
report = gantlet.evaluate(str(folder / "fake"), str(folder / "real"), config, out=folder / "report")
for estimate in report.estimates:
    print(f"{estimate.metric:28} {estimate.text}")
print(*report.verdict, *report.warnings, sep="\n")
