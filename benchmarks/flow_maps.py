"""Are generators of noise the optimal map? ``python -m benchmarks.flow_maps --steps 2000 --dims 2 4 8 16 --seeds 1``.

Generators of N(0, I) trained on the image of a known curved optimal map (log_sum_exp_pair), by their samples alone; L2-UVP and cosine
of G against the map, which none of them is told. The linear map of the two samples' moments stands beside them.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from benchmarks.flow_couplings import Silent

from gantlet.core.config import TrainConfig
from gantlet.training.data import TrainingPoints
from gantlet.training.loop import run
from gantlet.training.runs.generator import load_generator
from gantlet.transport import solve
from gantlet.transport.critic_audit import mean_cosine
from gantlet.transport.ground_truth import Pair, l2_uvp, log_sum_exp_pair

MLP = "mlp[width=128,depth=3]"
PENALTIES = ("r1[gamma=0.1]", "r2[gamma=0.1]")
KINDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "rpgan": ("rpgan", MLP, PENALTIES),
    "adversarial-flow": ("adversarial-flow", MLP, PENALTIES),
    "wasserstein-flow": ("wasserstein-flow", MLP, ()),
    "flow-matching, none": ("flow-matching", "flow[width=128,depth=2,steps=16]", ()),
    "flow-matching, mini-batch": ("flow-matching[coupling=mini-batch]", "flow[width=128,depth=2,steps=16]", ()),
}


def moved(kind: str, pair: Pair, x: np.ndarray, steps: int, seed: int) -> tuple[np.ndarray, float]:
    """Return G(x) after training, and its CPU seconds."""
    objective, network, penalties = KINDS[kind]
    points = pair.draw_target(20_000, seed, "train").astype(np.float32)
    adversarial = bool(penalties)
    with tempfile.TemporaryDirectory() as folder:
        config = TrainConfig(
            out=f"{folder}/run", data="unused", steps=steps, batch=256, network=network, latent=0, objective=objective,
            penalties=penalties, lr_generator=1e-3, lr_discriminator=1e-3, beta1=0.0 if adversarial else 0.9,
            beta2=0.9 if adversarial else 0.999, decay="cosine", techniques=("ema[half_life=10000]",), evaluate=False,
            sample_every=0, checkpoint_every=10**6, log_every=10**6, device="cpu", seed=seed,
        )  # fmt: skip
        start = time.process_time()
        run(config, TrainingPoints(points, None, (), "d", "pair"), observer=Silent())
        spent = time.process_time() - start
        generator = load_generator(Path(folder) / "run").generator
        with torch.no_grad():
            return generator(torch.from_numpy(x).float()).double().numpy(), spent


def main() -> None:
    """Print one line per dimension, seed and kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--dims", type=int, nargs="+", default=[2, 4, 8, 16])
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for dim in given.dims:
        for seed in range(given.seeds):
            pair = log_sum_exp_pair(dim, seed)
            x = pair.draw(2000, seed, "test")
            truth = pair.map(x)
            linear = solve(pair.source, pair.draw_target(2000, seed, "fit"), method="gaussian")
            assert linear.map is not None
            found = {"linear": (linear.map(x), 0.0)}
            for kind in KINDS:
                found[kind] = moved(kind, pair, x, given.steps, seed)
                points, spent = found[kind]
                score = f"L2-UVP {l2_uvp(points, truth):.1f} %, cosine {mean_cosine(points - x, truth - x):.3f}"
                print(f"d {dim}, seed {seed}, {kind}: {score}, {spent:.0f} CPU s", flush=True)
            print(f"d {dim}, seed {seed}, linear: L2-UVP {l2_uvp(found['linear'][0], truth):.1f} %", flush=True)


if __name__ == "__main__":
    main()
