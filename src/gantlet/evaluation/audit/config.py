"""The configuration of an audit; the command line's options are generated from it."""

from dataclasses import dataclass

from gantlet.core.toml_config import Config, require


@dataclass(frozen=True)
class AuditConfig(Config):
    """All settings of an audit of metrics on real images."""

    data: str = "digits"
    """Real images to plant failures in: a source (gantlet list sources); class labels are used where there are any."""
    features: tuple[str, ...] = ("auto",)
    """Feature spaces, e.g. pixels classifier efficientnet-lite0; auto: as for evaluate."""
    metrics: tuple[str, ...] = (
        "inception_score", "mode_score", "frechet_distance", "kernel_distance", "precision", "recall", "density",
        "coverage", "one_nn_accuracy", "authenticity", "vendi_score",
    )  # fmt: skip
    """Metrics to audit, by name, or all."""
    failures: tuple[str, ...] = ("all",)
    """Failures to plant (gantlet list failures), or all."""
    n: int = 0
    """Images per side; 0: a fifth of the images, at most 500."""
    seeds: int = 1
    """Number of repetitions with other sets and other modes."""
    seed: int = 0
    """The first seed."""
    cache: bool = True
    """Store features on disk and reuse them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        rules = {
            "n ≥ 60 or 0": self.n == 0 or self.n >= 60,
            "seeds ≥ 1": self.seeds >= 1,
            "seed ≥ 0": self.seed >= 0,
            "features not empty": bool(self.features),
            "metrics not empty": bool(self.metrics),
            "failures not empty": bool(self.failures),
        }
        require("AuditConfig", rules, self)
