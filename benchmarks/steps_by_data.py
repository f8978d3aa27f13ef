"""How many steps few images need: ``python -m benchmarks.steps_by_data [--images 100 300 1000] [--steps 20000]``.

The recipe dcgan on so many of the 8×8 digits (train split, drawn with seed 0), evaluated every 1,000 steps against the 360 digits of
the test split in random-conv features: Fréchet distance and coverage at each. What `gantlet.actions.sizing` takes its numbers from.
"""

import argparse
import dataclasses
import json
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import gantlet
from gantlet.data.opening import open_images
from gantlet.training import recipes

EVERY = 1_000


def written(n: int, folder: Path, chance: np.random.Generator) -> str:
    """Write n digits to train on and all that are held out; return the source string of the former."""
    for split in ("train", "test"):
        source = open_images(f"digits[split={split}]")
        rows = chance.permutation(len(source))[:n] if split == "train" else range(len(source))
        (folder / split).mkdir()
        for row in rows:
            Image.fromarray(source.read(int(row))[:, :, 0]).save(folder / split / f"{row}.png")
    return f"{folder}[split=train]"


def curve(n: int, steps: int, chance: np.random.Generator) -> list[dict[str, float]]:
    """Return Fréchet distance and coverage over the steps of one training on n images."""
    with tempfile.TemporaryDirectory() as place:
        loaded, folder = recipes.load("dcgan"), Path(place)
        (folder / "data").mkdir()
        config = dataclasses.replace(
            loaded, data=written(n, folder / "data", chance), out=str(folder / "run"), steps=steps, sample_every=0, resolution=8,
            checkpoint_every=steps, evaluate_every=EVERY * loaded.batch, features="random-conv[size=8,channels=1]",
        )  # fmt: skip
        gantlet.train(config, say=lambda _: None)
        events = [json.loads(line) for line in (folder / "run" / "events.jsonl").read_text().splitlines()]
    found = [(event["step"], event["estimates"]) for event in events if event["event"] == "evaluate"]
    names = ("frechet_distance", "coverage")
    return [{"step": step, **{name: round(values[name]["value"], 3) for name in names}} for step, values in found]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[100, 300, 1000])
    parser.add_argument("--steps", type=int, default=20_000)
    chosen = parser.parse_args()
    random = np.random.default_rng(0)
    for number in chosen.images:
        for row in curve(number, chosen.steps, random):
            print(json.dumps({"images": number, **row}), flush=True)
