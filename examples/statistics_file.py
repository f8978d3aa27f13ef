"""Keep the moments of the real images in a file and evaluate against it. Usage: python statistics_file.py [FOLDER]

On the command line the same is: gantlet stats make digits --out real.safetensors
"""

import sys
import tempfile
from pathlib import Path

import gantlet
from gantlet.actions.statistics import describe_statistics, make_statistics

folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
folder.mkdir(parents=True, exist_ok=True)
statistics = folder / "real.safetensors"

# Mean and covariance, with what made them: extractor, weights, preprocessing, package, images.
statistics.unlink(missing_ok=True)
make_statistics("digits", statistics, gantlet.EvaluateConfig(features="pixels[size=8,channels=1]"))
for key, value in describe_statistics(statistics).items():
    print(f"{key}: {value}")

# The file stands for REAL, in the features that it was made in; metrics that need every image say so.
config = gantlet.EvaluateConfig(metrics=("frechet_distance", "coverage"))
report = gantlet.evaluate("digits[split=test]", str(statistics), config, out=folder / "report")
for estimate in report.estimates:
    print(f"{estimate.metric}: {estimate.text}", *estimate.notes, sep="\n  ")
