"""The recipes for mixtures over seeds: ``python -m benchmarks.mixture_seeds [ring] [grid] --seeds 10 --out FILE.jsonl``.

One line a training: modes found, share of high-quality samples, reverse KL, of 10,000 samples of the final generator, and
its processor seconds. A seed whose line stands in FILE is not trained again, so the run can be stopped and gone on with.
"""

import argparse
import dataclasses
import time
from pathlib import Path

from benchmarks.kept import gone_on

from gantlet.evaluation.inference.seeds import over_seeds
from gantlet.labs.mixtures import measure_modes, mixture_points
from gantlet.labs.training import train_and_sample
from gantlet.training import recipes

DRAWS = 10_000


def measured(recipe: str, seed: int) -> dict[str, float]:
    """Train by a recipe with one seed and say what was found."""
    config = dataclasses.replace(recipes.load(recipe), seed=seed, evaluate_every=0)
    data, law = mixture_points(config.data)
    start = time.process_time()
    samples = train_and_sample(config, data, DRAWS).samples
    seconds = time.process_time() - start
    seen = measure_modes(samples, law)
    return {"modes": seen.modes, "high_quality": seen.quality, "kl": seen.kl, "cpu_seconds": round(seconds)}


def main() -> None:
    """Train what is not there yet; print every line and the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=["ring", "grid"])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path("mixture-seeds.jsonl"))
    given = parser.parse_args()
    tasks = [{"recipe": recipe, "seed": seed} for seed in range(given.seeds) for recipe in given.recipes]
    lines = gone_on(given.out, tasks, measured)
    for recipe in given.recipes:
        mine = [line for line in lines if line["recipe"] == recipe]
        quality = over_seeds("high quality", [line["high_quality"] for line in mine])
        print(
            f"{recipe}: {len(mine)} seeds, modes {sorted(line['modes'] for line in mine)}, high quality {quality.text}, "
            f"{min(line['high_quality'] for line in mine):.4f} to {max(line['high_quality'] for line in mine):.4f}, "
            f"largest KL {max(line['kl'] for line in mine):.4f}, median CPU s {sorted(line['cpu_seconds'] for line in mine)[len(mine) // 2]}"
        )


if __name__ == "__main__":
    main()
