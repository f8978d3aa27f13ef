"""Tables of the lab ring-and-grid arm by arm: ``python -m benchmarks.remedies --table 2 --data ring --seeds 3 --out FILE.jsonl``.

The lab runs its arms in one go; here one line of FILE is one training, by the lab's own configurations and measures, and one
whose line stands there is not trained again, so the run can be stopped and gone on with. Table 1: the unrolled paper's game;
table 2: the further remedies, each in its own paper's game. Printed at the end: modes, share of high-quality samples and
reverse KL of each arm over its seeds, beside the published modes.
"""

import argparse
import time
from pathlib import Path

import torch
from benchmarks.kept import Line, gone_on

from gantlet.core.errors import TrainingDiverged
from gantlet.evaluation.inference.seeds import over_seeds
from gantlet.labs.collapse_arms import ARMS, DECISIVE, config
from gantlet.labs.lab import Setting
from gantlet.labs.mixtures import DRAWS, measure_modes, mixture_points
from gantlet.labs.ring_and_grid import DATA, OF
from gantlet.labs.training import train_and_sample


def measured(data: str, arm: str, seed: int) -> dict[str, object]:
    """Train one arm of the lab at laptop size and say what was found; a loss that is not finite counts as no mode."""
    points, law = mixture_points(DATA[data])
    start = time.process_time()
    try:
        seen = measure_modes(train_and_sample(config(arm, Setting("laptop"), seed), points, DRAWS).samples, law)
        found: dict[str, object] = {"modes": seen.modes, "high_quality": seen.quality, "kl": seen.kl}
    except TrainingDiverged as error:
        found = {"modes": 0, "high_quality": 0.0, "kl": None, "diverged": str(error)}
    return {**found, "cpu_seconds": round(time.process_time() - start)}


def summary(data: str, arm: str, lines: list[Line]) -> str:
    """Return what an arm reached over its seeds, in one line."""
    modes = over_seeds("modes", [line["modes"] for line in lines])
    quality = over_seeds("high quality", [line["high_quality"] for line in lines])
    divergences = ", ".join("-" if line["kl"] is None else f"{line['kl']:.3f}" for line in lines)
    published = ARMS[arm].published[list(OF).index(data)]
    return f"{data}, {arm}: modes {modes.text} of {OF[data]} (published: {published}), high quality {quality.text}, KL {divergences}"


def main() -> None:
    """Train what is not there yet; print every line and the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=int, choices=(1, 2), default=2)
    parser.add_argument("--data", nargs="*", choices=list(DATA), default=["ring"])
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("remedies.jsonl"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    arms = [arm for arm in ARMS if (arm in DECISIVE) == (given.table == 1)]
    seeds = range(given.seed, given.seed + given.seeds)
    tasks = [{"data": data, "arm": arm, "seed": seed} for seed in seeds for data in given.data for arm in arms]
    lines = gone_on(given.out, tasks, measured)
    for data in given.data:
        for arm in arms:
            mine = [line for line in lines if (line["data"], line["arm"]) == (data, arm) and line["seed"] in seeds]
            print(summary(data, arm, mine))


if __name__ == "__main__":
    main()
