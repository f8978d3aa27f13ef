"""The configurations of a training and of an evaluation. The command line's options are generated from them.

A field that names a part of the catalogue holds a spec: ``r1[gamma=0.3]``, ``mnist[root=DIR]`` (see registry.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from gantlet.core.limits import memory_bytes
from gantlet.core.shares import AUTO, checked_share
from gantlet.core.specs import class_map
from gantlet.core.toml_config import Config, require


@dataclass(frozen=True)
class TrainConfig(Config):
    """All settings of a training run; two runs with equal configurations give equal weights on one machine."""

    former: ClassVar[Mapping[str, str]] = {"size": "resolution"}

    data: str = "digits"
    """The training images: a source, e.g. digits, mnist[root=DIR], a folder, a .zip or .npz."""
    held_out: str = AUTO
    """What is kept out of training, for its evaluation, of data without a split of their own: a share such as 10%, a number of images, none,
    or auto: a tenth, at least 50 images where these are no more than a fifth (else none), at most 10,000."""
    out: str = ""
    """The run folder; empty: runs/RECIPE-DATA."""
    recipe: str = ""
    """Name of the recipe behind these values (a record only)."""
    resolution: int = 0
    """Side of the square images in pixels: 8, 16, 32, 48 (resnet and dense networks), 64 or 128; 0: the smallest of these, except
    48, that holds the data's median image, at most 64."""
    steps: int = 20_000
    """Generator steps; where it is not given, and --data names few images, at most 800 passes over them and no fewer than 5,000, said at the start."""
    batch: int = 64
    """Images per batch."""
    micro_batch: int = 0
    """Images that pass through the networks at once, a divisor of the batch: gradients add up, and a step needs the memory of this
    many; 0: the whole batch."""
    seed: int = 0
    """The one seed; every random stream of the run derives from it."""
    network: str = "dcgan"
    """Generator and discriminator, e.g. dcgan[width=64], r3gan[width=32]."""
    discriminator: str = ""
    """The discriminator, if it is of another family, e.g. patch; empty: that of ``network``."""
    init_from: str = ""
    """Fine-tuning: a run (RUN, RUN@best, RUN@final) or a checkpoint's file; weights of the same name and shape are taken, and what is not is
    said; empty: fresh weights."""
    latent: int = 100
    """Dimension of the latent z ~ N(0, I); 0: the data's own, as many as an image has values, for flows."""
    objective: str = "nonsaturating"
    """The adversarial objective."""
    penalties: tuple[str, ...] = ()
    """Penalties added to the discriminator's loss, e.g. 'r1[gamma=0.3]' 'gradient-penalty[weight=10]'."""
    techniques: tuple[str, ...] = ()
    """Further techniques, e.g. 'ema[half_life=1000]'."""
    conditioning: str = "none"
    """How labels enter: none, concat or projection."""
    optimizer: str = "adam"
    """Both players' optimiser: adam or rmsprop (without momentum; beta1 is then unused)."""
    lr_generator: float = 2e-4
    """The generator's learning rate."""
    lr_discriminator: float = 2e-4
    """The discriminator's learning rate."""
    beta1: float = 0.5
    """Adam's first moment decay."""
    beta2: float = 0.999
    """Second moment decay (RMSprop's alpha)."""
    beta2_to: float | None = None
    """The final second moment decay, reached by half a cosine over the run (only where decay is not constant); None: it stays."""
    decay: str = "constant"
    """Schedule of both learning rates over the run: constant, linear or cosine."""
    decay_to: float = 0.0
    """The final learning rates, as a share of the initial ones."""
    discriminator_steps: int = 1
    """Discriminator steps per generator step."""
    fakes: str = "fresh"
    """Fakes of the generator's step: fresh (new latents, Goodfellow et al. 2014, Algorithm 1) or shared (the last discriminator step's, as in DCGAN's code)."""
    mirror: bool = False
    """Show each training image mirrored with probability one half."""
    log_every: int = 50
    """Generator steps between two lines of events.jsonl."""
    sample_every: int = 500
    """Generator steps between two sample grids; 0: no pictures."""
    checkpoint_every: int = 500
    """Generator steps between two checkpoints."""
    keep: int = 3
    """Number of recent checkpoints to keep (best and final are always kept)."""
    evaluate_every: int = 0
    """Training images between two evaluations inside the loop; 0: only at the end."""
    evaluate_samples: int = 2_000
    """Generated images in each evaluation inside the loop."""
    features: str = "auto"
    """Feature extractor of the evaluations; auto: classifier for small gray labelled images, else efficientnet-lite0."""
    weights: str = ""
    """A local file with the extractor's published weights, where they cannot be downloaded."""
    select: str = "frechet_distance"
    """The metric by which the best checkpoint is chosen."""
    evaluate: bool = True
    """Evaluate: inside the loop, and at the end for the report; --no-evaluate trains alone, for trying things."""
    on_bad: str = "fail"
    """How to handle files that cannot be decoded: fail (name them all) or skip (omit them with a note)."""
    cache: bool = True
    """Decode many images (16 MB of pixels or more) once, into a file in the cache folder that is mapped; --no-cache holds them in memory."""
    device: str = "auto"
    """auto, cpu, cuda or mps."""
    precision: str = "32-true"
    """32-true or bf16-mixed; penalty gradients are always computed in float32."""
    compile: bool = False
    """Compile the networks (torch.compile; needs a C++ compiler); a discriminator whose gradient is differentiated again is not compiled."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            "TrainConfig",
            {
                "resolution one of 0, 8, 16, 32, 48, 64, 128": self.resolution in (0, 8, 16, 32, 48, 64, 128),
                "steps ≥ 1": self.steps >= 1,
                "batch ≥ 2": self.batch >= 2,
                "micro_batch 0, or a divisor of batch": self.micro_batch == 0
                or (self.micro_batch > 0 and self.batch % self.micro_batch == 0),
                "seed ≥ 0": self.seed >= 0,
                "latent ≥ 0": self.latent >= 0,
                "lr_generator > 0": self.lr_generator > 0,
                "lr_discriminator > 0": self.lr_discriminator > 0,
                "optimizer one of adam, rmsprop": self.optimizer in ("adam", "rmsprop"),
                "beta1 in [0, 1)": 0 <= self.beta1 < 1,
                "beta2 in [0, 1)": 0 <= self.beta2 < 1,
                "beta2_to in [0, 1)": self.beta2_to is None or 0 <= self.beta2_to < 1,
                "decay linear or cosine with beta2_to": self.beta2_to is None or self.decay != "constant",
                "decay one of constant, linear, cosine": self.decay in ("constant", "linear", "cosine"),
                "decay_to in [0, 1]": 0 <= self.decay_to <= 1,
                "discriminator_steps ≥ 1": self.discriminator_steps >= 1,
                "fakes one of fresh, shared": self.fakes in ("fresh", "shared"),
                "log_every ≥ 1": self.log_every >= 1,
                "sample_every ≥ 0": self.sample_every >= 0,
                "checkpoint_every ≥ 1": self.checkpoint_every >= 1,
                "keep ≥ 1": self.keep >= 1,
                "evaluate_every ≥ 0": self.evaluate_every >= 0,
                "evaluate_samples in [10, 100,000,000]": 10 <= self.evaluate_samples <= 10**8,
                "features not empty": bool(self.features.strip(", ")),
                "select not empty": bool(self.select.strip()),
                "on_bad one of fail, skip": self.on_bad in ("fail", "skip"),
                "device one of auto, cpu, cuda, mps": self.device in ("auto", "cpu", "cuda", "mps"),
                "precision one of 32-true, bf16-mixed": self.precision in ("32-true", "bf16-mixed"),
            },
            self,
        )
        checked_share(self.held_out)


@dataclass(frozen=True)
class EvaluateConfig(Config):
    """All settings of an evaluation."""

    features: str = "auto"
    """Feature extractor, or several separated by commas; auto: classifier for small gray labelled images, else efficientnet-lite0."""
    protocol: str = ""
    """A protocol that fixes features and metrics, e.g. fid (gantlet list protocols); empty: trusted, unless metrics are chosen."""
    weights: str = ""
    """A local file with the extractor's published weights, where they cannot be downloaded."""
    metrics: tuple[str, ...] = ("headline",)
    """Metrics by name, headline (those that most people read), or all; NAME[option=value] and NAME@FEATURES also work."""
    held_out: str = ""
    """Held-out real images for the reference; empty: the other split where the real source has one, else parts of REAL."""
    train: str = ""
    """The images that the generator was trained on (memorisation, class labels); empty: REAL's train split."""
    pairs: str = "names"
    """Which real image a generated one reproduces (psnr, ssim): names (the one of the same file name, if every generated image has one), order, or none."""
    classes: str = ""
    """The names of FAKE's classes in REAL's words, e.g. 0=cat,1=dog, where they differ; classes are matched by name."""
    groups: str = "none"
    """Images that belong together, for intervals over fresh groups: parent (those of one folder), stem (names equal but for the last number), or none."""
    n: int = 0
    """Number of generated images: from a generator, 0: as many as real ones, at least 1,000; of a fixed set a random part, 0: all."""
    seed: int = 0
    """Seed of every random choice (bootstrap, permutations, latents)."""
    level: float = 0.95
    """Confidence level of the intervals."""
    memory: str = "2GB"
    """Memory budget of the pairwise computations."""
    on_bad: str = "fail"
    """How to handle files that cannot be decoded: fail (name them all) or skip (omit them with a note)."""
    cache: bool = True
    """Store features on disk and reuse them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            "EvaluateConfig",
            {
                "n in [0, 100,000,000]": 0 <= self.n <= 10**8,
                "features not empty": bool(self.features.strip(", ")),
                "seed ≥ 0": self.seed >= 0,
                "level in (0.5, 1)": 0.5 < self.level < 1,
                "on_bad one of fail, skip": self.on_bad in ("fail", "skip"),
                "pairs one of names, order, none": self.pairs in ("names", "order", "none"),
                "groups one of parent, stem, none": self.groups in ("parent", "stem", "none"),
                "metrics not empty": any(words.strip(", ") for words in self.metrics),
            },
            self,
        )
        memory_bytes(self.memory)
        class_map(self.classes)
