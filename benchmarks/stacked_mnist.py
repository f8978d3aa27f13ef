"""The curve of a run of stacked-mnist over its kept checkpoints: ``python -m benchmarks.stacked_mnist RUN MNIST_FOLDER``.

Train with ``--keep 1000`` for a curve. A line a checkpoint: modes and KL to the law of three independent training digits
over 26,000 samples, by the digit classifier of each colour; and, since it names a digit in noise too, the share of digits
that it is sure of (p > .9) and the modes that images with three sure digits find. Draws RUN/curve.png and writes RUN/curve.json.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from scipy.special import rel_entr

from gantlet.core.drawing import figure
from gantlet.data.opening import open_source
from gantlet.evaluation.features.classifier import Classifier, ClassifierFeatures
from gantlet.evaluation.metrics.modes import modes
from gantlet.training.runs.generator import LoadedGenerator, checkpoints, load_generator

SAMPLES = 26_000
SURE = 0.9
PUBLISHED = {"DCGAN": (628, 2.58), "Unrolled GAN": (817, 1.43), "PacDCGAN3": (867, 0.90)}


def at(run: Path, checkpoint: Path) -> LoadedGenerator:
    """Load the moving average of one checkpoint: the newest of a folder that holds no other."""
    with tempfile.TemporaryDirectory() as name:
        alone = Path(name)
        (alone / "checkpoints").mkdir()
        (alone / "config.toml").symlink_to((run / "config.toml").resolve())
        (alone / "checkpoints" / checkpoint.name).symlink_to(checkpoint.resolve())
        return load_generator(alone)


def counted(classifier: Classifier, images: UInt8[np.ndarray, "n s s 3"], law: np.ndarray) -> dict[str, float]:
    """Count the modes of images with three colours, all and sure ones, against the law of one digit."""
    n, size = len(images), images.shape[1]
    found = classifier.probabilities(np.ascontiguousarray(images.transpose(0, 3, 1, 2)).reshape(3 * n, size, size, 1))
    labels = found.argmax(axis=1).reshape(n, 3) @ np.array([100, 10, 1])
    counts = np.bincount(labels, minlength=1000)
    sure = found.max(axis=1).reshape(n, 3) > SURE
    expected = np.einsum("i,j,k->ijk", law, law, law).ravel()
    return {
        "modes": modes(counts)[0],
        "kl": round(float(rel_entr(counts / n, expected).sum()), 3),
        "sure": round(float(sure.mean()), 3),
        "sure_modes": modes(np.bincount(labels[sure.all(axis=1)], minlength=1000))[0],
    }


def draw(lines: Sequence[dict[str, Any]], real: dict[str, float], out: Path) -> None:
    """Draw modes, KL and the share of sure digits over steps, with the papers' figures and real images."""
    drawing, axes = figure.new(1, 3)
    steps = [line["step"] for line in lines]
    for axis, (i, (key, title)) in zip(
        axes,
        enumerate((("modes", "Modes of 1,000"), ("kl", "KL, nats"), ("sure", f"Digits with p > {SURE}"))),
        strict=True,
    ):
        figure.line(axis, steps, np.array([[line[key] for line in lines]]), "this run", 0)
        if key == "modes":
            sure = np.array([[line["sure_modes"] for line in lines]])
            figure.line(axis, steps, sure, f"of images whose digits all have p > {SURE}", 1)
        axis.axhline(real[key], color=figure.COLOURS[2], linestyle="--", linewidth=1, label="real images")
        for j, (name, figures) in enumerate(PUBLISHED.items() if i < 2 else ()):
            axis.axhline(
                figures[i], color=figure.COLOURS[3 + j], linestyle=":", linewidth=1, label=f"{name}, 500k steps"
            )
        axis.set_ylim(bottom=0)
        figure.label(axis, title, "generator steps")
    axes[0].legend(fontsize=6.5, frameon=False, loc="lower right")
    axes[1].legend(fontsize=6.5, frameon=False, loc="upper right")
    figure.save(drawing, out)


def main() -> None:
    """Measure every checkpoint and the real images, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("mnist", help="folder with MNIST's four files")
    parser.add_argument("--every", type=int, default=1, help="look at every n-th checkpoint")
    given = parser.parse_args()
    train = open_source(f"mnist[root={given.mnist}]")
    features = ClassifierFeatures(train, open_source(train.held_out))
    classifier, law = features.trained.classifier, np.bincount(train.labels, minlength=10) / len(train)
    stacked = open_source(f"stacked-mnist[root={given.mnist},split=test,n={SAMPLES}]")
    real = counted(classifier, np.stack([stacked.read(i) for i in range(SAMPLES)]), law)
    print(json.dumps({"real": real, "classifier accuracy": features.trained.accuracy}), flush=True)
    lines = []
    for checkpoint in checkpoints(given.run)[:: given.every]:
        generator = at(given.run, checkpoint)
        lines.append({"step": generator.step, **counted(classifier, generator.sample(SAMPLES), law)})
        print(json.dumps(lines[-1]), flush=True)
    (given.run / "curve.json").write_text(json.dumps({"real": real, "run": lines}, indent=1))
    draw(lines, real, given.run / "curve.png")


if __name__ == "__main__":
    main()
