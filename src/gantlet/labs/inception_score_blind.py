"""The Inception Score of wide noise beats that of the true mixture, under the optimal discriminator of two classes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.special import entr, expit

from gantlet.core.drawing import figure
from gantlet.core.errors import ConfigError
from gantlet.core.results.lab import Cell, LabResult
from gantlet.core.rng import numpy_stream
from gantlet.evaluation.inference.seeds import lower, over_seeds
from gantlet.evaluation.metrics.inception_score import log_inception_score
from gantlet.evaluation.stats.probabilities import ClassProbabilities
from gantlet.labs import LABS
from gantlet.labs.lab import Lab, Setting

SOURCE = "Barratt & Sharma 2018, arXiv:1801.01973"
CLAIM = (
    "With the optimal two-class discriminator, U(−100, 100) and N(0, 20) get at least as high an Inception Score as the "
    "true mixture of two Gaussians."
)
SLACK = 0.01
TOLERANCE = (
    f"for every impostor IS(impostor) − IS(truth) ≥ −{SLACK} at the lower end of the 95 % interval over seeds, and "
    "sampled and closed-form scores agree within 0.02"
)
NAMES = ("U(−100, 100)", "N(0, sd 20)", "N(0, variance 20)")
TRUTH = "true mixture"
SEPARATIONS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""Half the distance of the two means, in standard deviations of one mode: the sweep of the figure."""

Draw = Callable[[np.random.Generator, int], Float64[np.ndarray, " n"]]


def posterior(x: Float64[np.ndarray, " n"], mean: int | float, variance: int | float) -> Float64[np.ndarray, "n 2"]:
    """Return p(y|x) [n, 2] of the optimal discriminator of N(−mean, variance) and N(mean, variance): odds e^(2·mean·x/variance)."""
    right = expit(2 * mean * x / variance)
    return np.column_stack([1 - right, right])


def closed_form(name: str, mean: int | float, variance: int | float) -> float:
    """Return IS = exp(log 2 − E h(p(y|x))), in [1, 2], by the trapezoid rule; all distributions here are symmetric, so H(y) = log 2.

    h is the entropy of p(y|x). For U(−a, a) with wide a: E h = π²·variance/(12·mean·a).
    """
    reach = {"U(−100, 100)": 100.0, "N(0, sd 20)": 240.0, "N(0, variance 20)": 60.0}
    wide = reach.get(name, mean + 12 * variance**0.5)
    x = np.linspace(0, wide, 20_001)
    entropy = entr(posterior(x, mean, variance)).sum(axis=1)
    if name == "U(−100, 100)":
        density = np.full_like(x, 1 / 200)
    elif name == TRUTH:
        density = sum(np.exp(-((x - m) ** 2) / (2 * variance)) for m in (-mean, mean)) / np.sqrt(8 * np.pi * variance)
    else:
        spread = 400.0 if name == "N(0, sd 20)" else 20.0
        density = np.exp(-(x**2) / (2 * spread)) / np.sqrt(2 * np.pi * spread)
    return float(np.exp(np.log(2) - 2 * np.trapezoid(density * entropy, x)))


def draws(mean: int | float, variance: int | float) -> dict[str, Draw]:
    """Return a sampler for each distribution, by name."""
    return {
        NAMES[0]: lambda rng, n: rng.uniform(-100, 100, n),
        NAMES[1]: lambda rng, n: rng.normal(0, 20, n),
        NAMES[2]: lambda rng, n: rng.normal(0, 20**0.5, n),
        TRUTH: lambda rng, n: rng.choice([-mean, mean], n) + rng.normal(0, variance**0.5, n),
    }


@LABS.register("inception-score-blind", source=SOURCE, claim=CLAIM)
@dataclass(frozen=True)
class InceptionScoreBlind(Lab):
    """Claim: under the optimal two-class discriminator noise scores at least as high an IS as the true distribution.

    Truth: ½N(−mean, variance) + ½N(mean, variance); its optimal discriminator is p(y=1|x) = 1/(1 + e^(−2·mean·x/variance)).
    Impostors: U(−100, 100) and N(0, 20), read both ways: 20 as the standard deviation and as the variance.
    Measured: IS of each by quadrature and, over seeds, by the package's own Inception Score on samples; the verdict
    depends on the smallest IS(impostor) − IS(truth). The figure shows where the claim ends: once the two modes are far apart the truth
    scores 2 as well, and an impostor with mass between the modes falls below it.

    Tolerance: each difference ≥ −0.01 at the lower end of its interval; sampled and closed form agree within 0.02.

    Args: mean: half the distance of the modes; variance: of each mode. The source states neither value; ±1 with variance 2
    (overlapping modes, log-odds = x) is the default. Raises: ConfigError unless both are positive.
    """

    mean: float = 1.0
    variance: float = 2.0

    def __post_init__(self) -> None:
        if not (self.mean > 0 and self.variance > 0):
            raise ConfigError(f"mean and variance must be positive; got {self.mean} and {self.variance}")

    def run(self, setting: Setting) -> LabResult:
        """Sample every distribution with every seed, compare with the closed form, draw the sweep."""
        n, seeds = setting.of(5_000, 50_000, 1_000_000), setting.seeds(3, 10, 10)
        distributions = draws(self.mean, self.variance)
        sampled = {name: [] for name in distributions}  # type: dict[str, list[float]]
        for done, seed in enumerate(seeds):
            for name, draw in distributions.items():
                x = draw(numpy_stream(seed, name), n)
                score, _ = log_inception_score(ClassProbabilities.of(posterior(x, self.mean, self.variance)))
                sampled[name].append(float(np.exp(score)))
            setting.progress("sampling", done + 1, len(seeds))
        exact = {name: closed_form(name, self.mean, self.variance) for name in distributions}
        return self._conclude(setting, seeds, sampled, exact)

    def _conclude(
        self, setting: Setting, seeds: tuple[int, ...], sampled: dict[str, list[float]], exact: dict[str, float]
    ) -> LabResult:
        gaps = {
            name: over_seeds(f"IS({name}) − IS({TRUTH})", np.subtract(sampled[name], sampled[TRUTH]).tolist())
            for name in NAMES
        }
        worst = min(gaps.values(), key=lower)
        agree = all(abs(float(np.mean(sampled[name])) - exact[name]) <= 0.02 for name in exact)
        holds = lower(worst) >= -SLACK and agree
        tail = f"closed forms: truth {exact[TRUTH]:.4f}, " + ", ".join(f"{name} {exact[name]:.4f}" for name in NAMES)
        why = f"the smallest difference is {worst.text} ({worst.metric}); {tail}"
        if not agree:
            why = f"sampled and closed-form scores disagree by more than 0.02; {tail}"
        scores = {name: over_seeds(f"IS({name})", sampled[name]) for name in sampled}
        rows: list[tuple[Cell, ...]] = [(n_, exact[n_], e.value, e.low, e.high) for n_, e in scores.items()]
        return LabResult(
            "inception-score-blind", CLAIM, SOURCE, "the smallest IS(impostor) − IS(truth), sampled", None,
            "no number; the source says that the truth's score is smaller", worst, TOLERANCE,
            "reproduced" if holds else "not reproduced", why,
            ("distribution", "IS, closed form", "IS, sampled", "low", "high"), tuple(rows), (self._draw(setting, exact),),
            setting.size, seeds,
        )  # fmt: skip

    def _draw(self, setting: Setting, exact: dict[str, float]) -> str:
        picture, (distributions, sweep) = figure.new(1, 2, width=4.4, height=3.4)
        names = [TRUTH, *NAMES]
        bars = distributions.barh(
            names, [exact[name] for name in names], color=figure.COLOURS[: len(names)], height=0.6
        )
        distributions.bar_label(bars, fmt="%.3f", padding=3, fontsize=8)
        distributions.set_xlim(1, 2.15)
        distributions.invert_yaxis()
        figure.label(
            distributions, f"Modes at ±{self.mean:g}, variance {self.variance:g}", "Inception Score (2 is the maximum)"
        )
        for index, name in enumerate(names):
            scores = [closed_form(name, s, 1.0) for s in SEPARATIONS]
            sweep.plot(
                SEPARATIONS, [2 - score for score in scores], color=figure.COLOURS[index],
                marker=figure.MARKERS[index], markersize=4, linewidth=1.4, label=name,
            )  # fmt: skip
        sweep.set_yscale("log")
        sweep.set_ylim(1e-5, 2)
        sweep.legend(fontsize=7.5, frameon=False, loc="lower left")
        figure.label(
            sweep,
            "Where it ends: modes far apart",
            "half the distance of the modes / their sd",
            "2 − IS (lower: higher score)",
        )
        return figure.save(picture, setting.out / "inception-score-blind.png")
