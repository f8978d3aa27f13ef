"""The gradient penalty constrains the critic between the samples only; spectral normalisation bounds the critic's slope everywhere."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.drawing import figure
from gantlet.core.results.lab import Cell, LabResult
from gantlet.core.rng import torch_stream
from gantlet.evaluation.inference.seeds import lower, over_seeds, upper
from gantlet.labs import LABS
from gantlet.labs.lab import Lab, Setting
from gantlet.labs.mixtures import mixture_points
from gantlet.labs.training import train_and_sample
from gantlet.training.penalties.spectral_norm import converge

SOURCE = (
    "Miyato et al. 2018, arXiv:1802.05957, §3; Gulrajani et al. 2017, arXiv:1704.00028, §4; the source text on WGAN-GP"
)
CLAIM = (
    "The gradient penalty acts on the interpolates only and does not make the critic 1-Lipschitz; spectral "
    "normalisation bounds the slope everywhere."
)
PENALTIES = {"gradient penalty": "gradient-penalty[weight=1]", "spectral norm": "spectral-norm"}
DATA = {"ring": "8 Gaussians", "swiss-roll": "swiss roll"}
OVER, SLACK = 1.1, 1.02
TOLERANCE = (
    f"on every data set the penalised critic's largest sampled slope is above {OVER} at the lower end over seeds, and the normalised "
    f"critic's below {SLACK} at the upper end, as is the product of its layers' norms, after the power iteration has converged"
)
EXTENT, DRAWS = 4.0, 4_096


@dataclass(frozen=True)
class Slopes:
    """‖∇D‖ of one critic: on interpolates [n], in a box around the data [n] at ``where`` [n, 2], and ∏ of the layers' norms."""

    on: np.ndarray
    off: np.ndarray
    where: np.ndarray
    product: float


@LABS.register("gp-is-local", source=SOURCE, claim=CLAIM)
@dataclass(frozen=True)
class GpIsLocal(Lab):
    """Claim: the gradient penalty is local and guarantees nothing; spectral normalisation bounds the slope everywhere.

    Two critics of the same networks (dense, width 128, three layers; Adam 2e-4, β 0, .9) play WGAN on the ring and the swiss roll, with
    `gradient-penalty` (λ = 1) and with `spectral-norm`. Measured: ‖∇D‖ at points between real and generated samples, where the
    penalty acts, and on a lattice over the box [−4, 4]²; and ∏_l σ(W_l), which bounds every slope (LeakyReLU has slope
    ≤ 1) and is at most 1 under spectral normalisation. A sampled maximum is a lower bound of the Lipschitz constant.

    Tolerance: largest slope above 1.1 with the penalty, below 1.02 with spectral normalisation, on both data sets.
    """

    def run(self, setting: Setting) -> LabResult:
        """Train both critics on both data sets with every seed."""
        seeds, steps = setting.seeds(1, 3, 10), setting.of(40, 2_000, 20_000)
        results: dict[tuple[str, str], list[Slopes]] = {}
        for done, seed in enumerate(seeds):
            for kind in DATA:
                data, _ = mixture_points(f"mixture[kind={kind},n=20000]")
                for name, penalty in PENALTIES.items():
                    config = TrainConfig.from_mapping(
                        {"steps": steps, "batch": 256, "seed": seed, "network": "mlp[width=128,depth=3]", "latent": 2,
                         "objective": "wgan", "penalties": [penalty], "discriminator_steps": 5, "beta1": 0.0, "beta2": 0.9,
                         "lr_generator": 2e-4, "lr_discriminator": 2e-4, "log_every": steps}
                    )  # fmt: skip
                    training = train_and_sample(config, data, DRAWS)
                    real = torch.from_numpy(data.points[:DRAWS])
                    fake = torch.from_numpy(np.asarray(training.samples, np.float32))
                    slopes = measure_slopes(training.state.discriminator, real, fake, seed)
                    results.setdefault((kind, name), []).append(slopes)
            setting.progress("training critics", done + 1, len(seeds))
        return conclude(setting, seeds, results)


def measure_slopes(critic: nn.Module, real: Float[Tensor, "n 2"], fake: Float[Tensor, "n 2"], seed: int) -> Slopes:
    """Return a critic's slopes on interpolates of real and fake points and in the box, and the product of its layers' norms."""
    converge(critic.eval())
    share = torch.rand(len(real), 1, generator=torch_stream(seed, "gp-is-local"))
    ticks = torch.linspace(-EXTENT, EXTENT, 128)
    where = torch.cartesian_prod(ticks, ticks)
    weights = [module.weight.detach() for module in critic.modules() if isinstance(module, nn.Linear)]
    product = math.prod(float(torch.linalg.matrix_norm(weight, 2)) for weight in weights)
    return Slopes(
        _slope(critic, share * real + (1 - share) * fake), _slope(critic, where), where.numpy(), product
    )  # fmt: skip


def _slope(critic: nn.Module, points: Float[Tensor, "n 2"]) -> np.ndarray:
    points = points.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(points).logits.sum(), points)
    return gradient.norm(dim=1).numpy()


def conclude(setting: Setting, seeds: tuple[int, ...], results: dict[tuple[str, str], list[Slopes]]) -> LabResult:
    """Return the table and the verdict."""
    rows: list[tuple[Cell, ...]] = []
    failed: list[str] = []
    greatest = {}
    for (kind, name), runs in results.items():
        most = over_seeds(f"largest slope, {name}, {DATA[kind]}", [float(max(s.on.max(), s.off.max())) for s in runs])
        product = over_seeds("", [s.product for s in runs])
        mean_on = over_seeds("", [float(s.on.mean()) for s in runs])
        greatest[kind, name] = most
        rows.append(
            (DATA[kind], name, mean_on.value, float(np.mean([s.on.max() for s in runs])),
             float(np.mean([s.off.max() for s in runs])), most.low, most.high, product.value)
        )  # fmt: skip
        as_claimed = lower(most) > OVER if name == "gradient penalty" else max(upper(most), upper(product)) < SLACK
        failed += [] if as_claimed else [f"{DATA[kind]}, {name}: {most.text}, product {product.text}"]
    ours = min((greatest[kind, "gradient penalty"] for kind in DATA), key=lower)
    why = "; ".join(
        f"{DATA[kind]}: largest slope {greatest[kind, 'gradient penalty'].text} with the penalty, "
        f"{greatest[kind, 'spectral norm'].text} with spectral normalisation"
        for kind in DATA
    )
    return LabResult(
        "gp-is-local", CLAIM, SOURCE, ours.metric, None, "an argument without a number", ours, TOLERANCE,
        "not reproduced" if failed else "reproduced", why + (f"; not as claimed: {'; '.join(failed)}" if failed else ""),
        ("data", "critic", "mean on interpolates", "most on interpolates", "most in the box", "low", "high", "product of norms"),
        tuple(rows), (_draw(setting, results),), setting.size, seeds,
    )  # fmt: skip


def _draw(setting: Setting, results: dict[tuple[str, str], list[Slopes]]) -> str:
    """Draw maps of ‖∇D‖ over the box and its histograms on and off the interpolates."""
    picture, axes = figure.new(2, len(results), width=2.9, height=2.7)
    for index, ((kind, name), runs) in enumerate(results.items()):
        slopes = runs[0]
        side = math.isqrt(len(slopes.off))
        slope_map = axes[index].imshow(
            slopes.off.reshape(side, side).T, origin="lower", extent=(-EXTENT, EXTENT) * 2, cmap="viridis", vmin=0
        )
        axes[index].grid(False)
        picture.colorbar(slope_map, ax=axes[index], shrink=0.8)
        figure.label(axes[index], f"‖∇D‖: {name},\n{DATA[kind]}")
        below = axes[len(results) + index]
        edges = np.linspace(0, max(1.2, float(slopes.off.max()), float(slopes.on.max())), 50).tolist()
        for which, (values, words) in enumerate(((slopes.on, "interpolates"), (slopes.off, "box"))):
            below.hist(values, edges, density=True, alpha=0.6, color=figure.COLOURS[which], label=words)
        below.axvline(1, color="black", linewidth=0.8, linestyle=":")
        below.legend(fontsize=7, frameon=False)
        figure.label(below, "", "‖∇D‖", "density")
    return figure.save(picture, setting.out / "gp-is-local.png")
