"""The options of transport-codes by Fréchet distance on held-out images: ``python benchmarks/transport_codes.py MNIST_FOLDER``.

An auto-encoder of the recipe ae-ot learns all but the last 10,000 training images; the same plan is then read with other
options, and images of the same latents are held against those 10,000 in the features of the classifier.
"""

import dataclasses
import json
import sys
from collections.abc import Callable

import numpy as np
import torch

from gantlet.actions.train import training_data
from gantlet.data.opening import open_images
from gantlet.evaluation.compute import compute
from gantlet.evaluation.evidence import Evidence
from gantlet.evaluation.features.classifier import ClassifierFeatures
from gantlet.labs.ae_ot_measures import encode
from gantlet.labs.images import features_of
from gantlet.labs.training import train_and_sample
from gantlet.training import recipes
from gantlet.training.data import TrainingImages
from gantlet.training.runs.drawing import to_uint8
from gantlet.training.techniques.transport_codes import TransportCodes, Transported, nearest_code
from gantlet.transport import solve
from gantlet.transport.continuous import Gaussian

STEPS, CODES, HELD = 1200, 5000, 10_000
PLANS = [{"mixed": m} for m in (2, 3, 5, 17)] + [{"limit": limit} for limit in (0.75, 2.0)] + [{"neighbours": 32}]


def main(folder: str) -> None:
    """Train, solve, try all options."""
    source = open_images(f"mnist[root={folder}]")
    data = training_data(source)
    assert isinstance(data, TrainingImages) and data.labels is not None
    extractor = ClassifierFeatures(source, open_images(source.held_out))
    bank = features_of(data.images[-HELD:], extractor)
    rest = dataclasses.replace(data, images=data.images[:-HELD], labels=data.labels[:-HELD])
    config = dataclasses.replace(
        recipes.load("ae-ot"), steps=STEPS, techniques=("transport-codes[targets=500]",), out="unused"
    )
    state = train_and_sample(config, rest, 100).state
    assert isinstance(state.generator, Transported)
    decoder, codes = state.generator.decoder.eval(), encode(state.discriminator, rest.images).astype(np.float64)
    rng = np.random.default_rng(0)

    @torch.no_grad()
    def distance(points: np.ndarray) -> float:
        images = [to_uint8(decoder(torch.from_numpy(part).float())) for part in np.array_split(points, 20)]
        (found,) = compute(Evidence(bank, features_of(np.concatenate(images), extractor)), ["frechet_distance"])
        assert found.value is not None
        return found.value

    say("codes decoded as they are", distance(codes[rng.permutation(len(codes))[:HELD]]))
    say("codes of one normal law", distance(rng.multivariate_normal(codes.mean(0), np.cov(codes.T), HELD)))
    compare(decoder, codes, distance, rng)


def compare(
    decoder: torch.nn.Module, codes: np.ndarray, distance: Callable[[np.ndarray], float], rng: np.random.Generator
) -> None:
    """Solve once, and print what every choice of options makes of the same latents."""
    latents = rng.standard_normal((HELD, codes.shape[1]))
    chosen = codes[np.sort(rng.permutation(len(codes))[:CODES])]
    solved = solve(Gaussian.standard(codes.shape[1]), chosen, method="semidiscrete-stochastic[tolerance=0.02]")
    assert solved.brenier is not None
    for options in PLANS:
        plan = Transported(decoder, codes.shape[1], TransportCodes(**options))  # type: ignore[arg-type]
        plan.carry(solved.brenier, 0)
        made = plan.blend(latents)
        say(
            str(options),
            distance(made.points),
            kept=float(plan.extension(latents[:2000]).regular.mean()),
            nearest_code=nearest_code(codes, made.points[:1000]),
            largest_share=float(made.shares.max(axis=1).mean()),
        )


def say(what: str, distance: float, **values: float) -> None:
    """Print one JSON object."""
    print(
        json.dumps({"what": what, "fd": round(distance, 2), **{k: round(v, 3) for k, v in values.items()}}), flush=True
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print("nothing was run: it needs the folder of MNIST's four files")
    else:
        main(sys.argv[1])
