"""Ask whether generator A is better than generator B. Usage: python compare_generators.py [FOLDER]"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_digits

import gantlet


def noisy(n: int, seed: int) -> np.ndarray:
    """Return n digits with a little noise, uint8 [n, 8, 8]."""
    rng = np.random.default_rng(seed)
    digits = load_digits().images[rng.integers(0, 1797, n)] * 15
    return np.uint8(np.clip(digits + rng.normal(0, 8, digits.shape), 0, 255))


def blurred(n: int, seed: int) -> np.ndarray:
    """Return n blurred digits, uint8 [n, 8, 8]."""
    rng = np.random.default_rng(seed)
    return np.uint8(gaussian_filter(load_digits().images[rng.integers(0, 1797, n)] * 15, (0, 0.8, 0.8)))


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    config = gantlet.EvaluateConfig(
        features="pixels[size=8,channels=1]", metrics=("frechet_distance_debiased", "precision", "recall"), n=800
    )
    found = gantlet.compare("compare_generators:noisy", "compare_generators:blurred", "digits", config)
    for d in found.differences:
        print(
            f"{d.metric:28} A − B = {d.difference:.4g} [{d.low:.4g}, {d.high:.4g}], better: {d.better or 'cannot tell'}"
        )
    print(found.verdict)
    (folder / "comparison.json").write_text(found.to_json())
