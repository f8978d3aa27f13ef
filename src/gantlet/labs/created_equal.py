"""Are GANs created equal? Six variants and a VAE against the original GAN, with equal budgets of random search."""

from dataclasses import dataclass

from gantlet.actions.tournament import tournament
from gantlet.core.drawing import figure
from gantlet.core.results.estimate import Estimate
from gantlet.core.results.lab import Cell, LabResult, Verdict
from gantlet.core.results.tournament import Contender, Pair, Seeds, Tournament
from gantlet.evaluation.inference.seeds import over_seeds
from gantlet.labs import LABS
from gantlet.labs.lab import Lab, Setting

SOURCE = "Lucic et al. 2018, arXiv:1711.10337, Sec. 5 and 6; the source text on Google's study"
CLAIM = "With equal budgets of random search no variant is better than the original GAN."
ORIGINAL = "dcgan"
METHODS = (ORIGINAL, "lsgan", "wgan", "wgan-gp", "dragan", "began", "vae")
MARGIN = 0.2
TOLERANCE = (
    "reproduced: no variant's mean over fresh seeds is better than the original's (Welch's test, 5 % after Holm's correction over all pairs), and "
    f"every difference from it is known to {MARGIN:.0%} of the original's mean (half of its interval); not reproduced: a variant is better; else "
    "not testable here"
)


@LABS.register("created-equal", source=SOURCE, claim=CLAIM)
@dataclass(frozen=True)
class CreatedEqual(Lab):
    """Claim: with equal budgets of random search no variant is better than the original GAN.

    The original GAN (non-saturating), LSGAN, WGAN, WGAN-GP, DRAGAN, BEGAN and a VAE, on InfoGAN's networks as in the paper (BEGAN's critic is its own
    auto-encoder; WGAN-GP and DRAGAN without batch normalisation in D). Each has the same number of random settings from the ranges of its recipe, each
    setting one training of equally many discriminator steps; the best by its best checkpoint runs on fresh seeds. A tournament
    (`gantlet.tournament`) in the folder NAME of the lab's output: called again it goes on.

    Sizes: smoke 2 settings and 2 seeds of 8 steps; laptop 12 settings, 5 seeds, 1,500 steps; full 100 settings, 50 seeds, 15,600 steps (20 epochs of 50,000
    images), as in the paper.

    Options: ``data``, images; ``resolution`` they are trained at (0: the smallest that holds them); ``features``, the extractor of the distance.

    Measured: the Fréchet distance of the best checkpoint, mean over fresh seeds, in a feature space that is not Inception's.

    Tolerance: as `TOLERANCE` says: a variant that is not better proves nothing where the interval is wide.
    """

    data: str = "digits"
    resolution: int = 0
    features: str = "auto"

    def run(self, setting: Setting) -> LabResult:
        """Run the tournament to its end, and compare every variant with the original."""
        methods = setting.of(3, len(METHODS), len(METHODS))
        result = tournament(
            METHODS[:methods],
            self.data,
            trials=setting.of(2, 12, 100),
            seeds=setting.repeats or setting.of(2, 5, 50),
            steps=setting.of(8, 1_500, 15_600),
            samples=setting.of(50, 1_000, 10_000),
            features=self.features,
            resolution=self.resolution,
            seed=setting.seed,
            network="infogan",
            out=setting.out / "created-equal",
            progress=setting.progress,
            say=_nobody,
        )
        return conclude(setting, result)


def _nobody(sentence: str) -> None:
    """Tell nobody: progress is shown."""


def conclude(setting: Setting, result: Tournament) -> LabResult:
    """Return the verdict on the variants, the table and the figure."""
    original = result[ORIGINAL]
    rivals = [pair for pair in result.pairs if ORIGINAL in (pair.a, pair.b)]
    better = [pair.better for pair in rivals if pair.better and pair.better != ORIGINAL]
    worse = [_other(pair) for pair in rivals if pair.better == ORIGINAL]
    ours = over_seeds("Fréchet distance of the original GAN", [t.best for t in original.seeds if t.best is not None])
    bar = MARGIN * (ours.value or 0.0)
    wide = [
        _other(pair) for pair in rivals if (pair.high - pair.low) / 2 > bar and _other(pair) not in (*better, *worse)
    ]
    untold = [one.recipe for one in result if one.best is None]
    verdict: Verdict = "not reproduced" if better else "not testable here" if wide or untold else "reproduced"
    why = "; ".join(f"{one.recipe}: {_text(one.best)}" for one in result)
    for words, names in (
        ("better than the original", better),
        ("worse", worse),
        ("not known to a fifth of it", wide),
        ("no two fresh seeds ended", untold),
    ):
        why += f"; {words}: {', '.join(names)}" if names else ""
    return LabResult(
        "created-equal", CLAIM, SOURCE, f"{result.metric}, mean over fresh seeds of the best setting", None,
        "6.8 for the original (NS), 6.7 WGAN, 7.8 LSGAN, 7.6 DRAGAN, 13.1 BEGAN, 20.3 WGAN-GP, 23.8 VAE on MNIST, in Inception's features", ours,
        TOLERANCE, verdict, why, ("method", "best checkpoint", "final checkpoint", "search failed", "seconds of a search", "best of the search"),
        tuple(_row(one) for one in result), (_draw(setting, result),), setting.size,
        tuple(range(setting.seed, setting.seed + len(original.seeds))),
    )  # fmt: skip


def _other(pair: Pair) -> str:
    return pair.b if pair.a == ORIGINAL else pair.a


def _text(seeds: Seeds | None) -> str:
    return "no two seeds ended" if seeds is None else f"{seeds.mean:.4g} [{seeds.low:.3g}, {seeds.high:.3g}]"


def _row(one: Contender) -> tuple[Cell, ...]:
    failed = sum(bool(trial.failed) for trial in one.search)
    found = [trial.best for trial in one.search if trial.best is not None]
    return one.recipe, _text(one.best), _text(one.final), failed, one.curve[-1].seconds, min(found, default=None)


def _draw(setting: Setting, result: Tournament) -> str:
    """Draw the fresh seeds' means, and what a search of k trials finds."""
    picture, (left, right) = figure.new(1, 2, width=5.2, height=3.8)
    figure.bars(left, {one.recipe: _estimate(one) for one in result if one.best is not None})
    figure.label(left, "best settings on fresh seeds", "", result.metric.replace("_", " "))
    for one in result:
        told = [(each.k, each.median) for each in one.curve if each.median is not None]
        right.plot([k for k, _ in told], [value for _, value in told], marker="o", markersize=3, label=one.recipe)
    right.set_yscale("log")
    right.legend(fontsize=7, frameon=False)
    figure.label(right, "median of the best of k settings", "k settings", "")
    return figure.save(picture, setting.out / "created-equal.png")


def _estimate(one: Contender) -> Estimate:
    return over_seeds(one.recipe, [trial.best for trial in one.seeds if trial.best is not None])
