"""The options of each command, as dataclasses; the parser and the help texts are generated from them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Quickstart:
    """Train a conditional GAN on the built-in digits, evaluate it and write a report (about two minutes, offline)."""

    out: Path = Path("runs/quickstart")
    """The run folder."""
    steps: int = 0
    """Generator steps; 0: the recipe's number."""
    seed: int = 0
    """The one seed of the run."""
    json: bool = False
    """Print the report as JSON."""


@dataclass(frozen=True)
class Train:
    """Train a GAN: a recipe (gantlet list recipes) on a data source; any field below can be overridden."""

    size: str = "laptop"
    """The recipe's hyper-parameters: laptop (two cores) or paper (its paper's, for a GPU); a config.toml has its own."""
    resume: Literal["no", "yes", "auto"] = "no"
    """Continue from the newest checkpoint of the run folder (--resume alone: yes); auto: where there is a run, else start."""
    seeds: int = 0
    """Train so many runs, with --seed and those that follow, into OUT-seed0, OUT-seed1 …, and evaluate the method over them; called
    again it goes on where it was stopped."""
    json: bool = False
    """Print the final report as JSON."""


@dataclass(frozen=True)
class Sample:
    """Draw images from a trained generator into a folder, .zip or .npz, as one picture, or as a film of a walk between latents."""

    n: int | None = None
    """Number of images; default: 1000, all of a --grid, or a film of 6 latents."""
    out: Path = Path("samples.zip")
    """The output: NAME.zip, NAME.npz or a folder (points: NAME.npy), with --grid NAME.png (samples.png); it must not exist yet."""
    seed: int = 0
    """Seed of the latents; the same seed gives the same images."""
    which: str = "newest"
    """Which weights: newest (the last moving average, or generator where there is none), ema, generator, best or final."""
    label: int | None = None
    """Only this class (conditional generators); default: all classes, at the frequencies of the training images."""
    truncation: float | None = None
    """ψ of the truncation trick, for more typical images: latents truncated to |z_i| ≤ ψ; of stylegan2 styles w̄ + ψ (w − w̄), ψ in [0, 1]."""
    interpolate: int = 0
    """Images on the great circle from each latent to the next, on a walk that ends where it began; 0: independent latents (a film: 24)."""
    grid: str = ""
    """One picture of ROWSxCOLUMNS images, e.g. 4x8; with --video each tile is a walk of its own."""
    video: Path | None = None
    """In the place of --out, a film of a walk, which loops: NAME.webp (exact) or NAME.gif (256 colours a frame)."""


@dataclass(frozen=True)
class Export:
    """Write a trained generator as an ONNX model that runs without gantlet, and check that it generates the same images."""

    out: Path = Path("generator.onnx")
    """The output: NAME.onnx; it must not exist yet."""
    web: Path | None = None
    """Instead of an ONNX model alone, a folder with a page that draws from it in a browser, for any static host, offline."""
    which: Literal["newest", "ema", "generator", "best", "final"] = "newest"
    """Which weights; newest: the last checkpoint's, its moving average where there is one."""
    push_to_hub: str = ""
    """Instead of an ONNX model, upload weights, card and report to the Hugging Face hub as OWNER/NAME (pip install 'gantlet[hub]')."""
    private: bool = False
    """With --push-to-hub: create the repository as private."""


@dataclass(frozen=True)
class Evaluate:
    """Evaluate generated images (a folder, .zip, .npz, run:PATH …) against real ones: metrics with intervals and a report."""

    real: str = ""
    """The real images: a source (gantlet list sources); of a run (RUN or run:RUN) it may be omitted: those kept out of its training,
    with --train the images that it was trained on."""
    until: str = ""
    """For generators (run:PATH, module:function): draw until the first metric's interval is this narrow, e.g. 1%; --n is the maximum."""
    out: Path = Path("gantlet-report")
    """Folder for report.html, report.json and the pictures."""
    json: bool = False
    """Print the report as JSON."""
    fail_if: tuple[str, ...] = ()
    """A gate: exit status 3 where a condition holds, e.g. 'coverage < 0.9' 'copies > 0'; the option may be repeated. It is compared
    with the pessimistic end of the interval; value:, low: or high: before it chooses another number. Status 4: it cannot be told."""
    baseline: Path | None = None
    """An earlier report (report.json, or its folder) of the same real images, for --fail-if-worse."""
    fail_if_worse: bool = False
    """Exit status 3 where a metric is worse than the baseline's beyond chance, corrected for their number."""
    summary: Path | None = None
    """Append gate, verdict and metrics as Markdown to this file, e.g. "$GITHUB_STEP_SUMMARY"."""
    junit: Path | None = None
    """Write the gate's checks to this file as JUnit XML."""


@dataclass(frozen=True)
class Compare:
    """Is A better than B? Both are evaluated against the same real images: paired differences with intervals.

    A and B may be two stored reports (report.json, or the folder that holds it): then --real is omitted, nothing is
    recomputed, and the differences are unpaired. With --a and --b in their place, or with patterns such as 'runs/dcgan-*', two methods are
    compared, each by several of its runs.
    """

    a: tuple[str, ...] = ()
    """Runs of method A: patterns in quotes or several sources, at least two runs."""
    b: tuple[str, ...] = ()
    """Runs of method B."""

    real: str = ""
    """The real images: a source (gantlet list sources); omitted only where A and B are stored reports."""
    out: Path = Path("gantlet-comparison")
    """Folder for comparison.html and comparison.json."""
    json: bool = False
    """Print the comparison as JSON."""


@dataclass(frozen=True)
class Leaderboard:
    """Rank several evaluations against the same real images: stored reports (report.json, or the folders of runs or evaluations)."""

    metric: str = ""
    """The metric to rank by; default: the first that all of them have with an interval."""
    out: Path = Path("gantlet-leaderboard")
    """Folder for leaderboard.html and leaderboard.json."""
    json: bool = False
    """Print the ranking as JSON."""


@dataclass(frozen=True)
class Audit:
    """Plant known failures in real images, at growing strength, and measure which metric detects which failure, in which feature space."""

    out: Path = Path("gantlet-audit")
    """Folder for audit.json and the figures."""
    json: bool = False
    """Print the result as JSON."""


@dataclass(frozen=True)
class Stats:
    """Statistics files: make SOURCE computes one from images, merge FILE FILE … merges several, show FILE describes one."""


@dataclass(frozen=True)
class StatsMake:
    """Compute a statistics file from images: a reference that no longer needs the images, or a shard to merge."""

    out: Path
    """The file to write: NAME.safetensors; it must not exist yet."""


@dataclass(frozen=True)
class StatsMerge:
    """Merge the statistics of several sets of images, as if they were one set."""

    out: Path
    """The file to write: NAME.safetensors; it must not exist yet."""


@dataclass(frozen=True)
class StatsShow:
    """Describe the content of a statistics file and the images behind it."""

    json: bool = False
    """Print JSON."""


@dataclass(frozen=True)
class Log:
    """Write a run's or an evaluation's numbers and pictures to TensorBoard, Weights & Biases or Trackio."""

    to: str = "tensorboard"
    """The logger: tensorboard, wandb or trackio."""
    project: str = "gantlet"
    """The logger's project."""
    out: Path | None = None
    """The logger's folder; default: a folder of its name inside FOLDER."""


@dataclass(frozen=True)
class ReportCommand:
    """Show the report of a run or an evaluation again, and rewrite its page."""

    json: bool = False
    """Print the report as JSON."""


@dataclass(frozen=True)
class Replay:
    """Compute every number of a report anew from the images that it names, or name the first stage that differs (exit status 1)."""

    json: bool = False
    """Print the result as JSON."""


@dataclass(frozen=True)
class List:
    """List the available parts: metrics, extractors, sources, objectives, penalties, networks, recipes …"""

    json: bool = False
    """Print JSON."""


@dataclass(frozen=True)
class Explain:
    """Explain a metric, recipe, penalty …: its definition, how it is computed, when it lies, its source."""


@dataclass(frozen=True)
class Lab:
    """Test one claim of a paper by an experiment: its number, ours over seeds, a tolerance set in advance, a verdict, a figure."""

    size: str = "laptop"
    """smoke (seconds), laptop (≤ 10 minutes on two cores) or full (the paper's)."""
    seed: int = 0
    """The first seed."""
    seeds: int = 0
    """Number of seeds; 0: the lab's default for its size."""
    data: str = ""
    """The images, for labs that use images (gantlet list sources); default: the lab's default images."""
    out: Path = Path("labs")
    """Folder for NAME.png and NAME.json."""
    json: bool = False
    """Print the result as JSON."""


@dataclass(frozen=True)
class Classroom:
    """Write the lab for the class room: one page, offline, with 2-D GANs to play, exact transport beside them, and six claims to guess."""

    out: Path = Path("lab.html")
    """The page; an earlier one is replaced, no other file."""
    answers: Path | None = None
    """A folder with your own results of the six labs (gantlet lab NAME --out FOLDER); default: those that come with gantlet."""


@dataclass(frozen=True)
class Doctor:
    """Show versions, devices, caches and which feature extractors are ready."""

    json: bool = False
    """Print JSON."""
