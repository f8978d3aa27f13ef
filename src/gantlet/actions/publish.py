"""Upload a trained generator to the Hugging Face hub: weights, configuration, card and report, so that anyone can sample it."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from gantlet.core.errors import ConfigError, OutputError
from gantlet.core.files import lies_below
from gantlet.evaluation.features.hub import hub_module
from gantlet.training.runs.generator import Which, checkpoint_of
from gantlet.training.runs.tensors import read_tensors, unchanged, write_tensors

REPORTS = ("report.json", "report-best.json")
GENERATORS = ("generator/", "average/")


def push_to_hub(run: Path, repo: str, *, which: Which = "newest", private: bool = False) -> str:
    """Upload a run's generator to the repository ``repo`` (OWNER/NAME, created if missing); return its address.

    The upload is a run folder that `gantlet.load` reads: config.toml, the generator's tensors of one checkpoint (with its
    moving average, without discriminator and optimiser), the reports, and MODEL_CARD.md, also as README.md.

    Args: which: the checkpoint: newest, best or final.
    Raises: ConfigError without the extra ``hub``, for a name that is not OWNER/NAME, and for single networks (ema, generator);
    CheckpointError; OutputError when the run has no card yet or the hub refuses.
    """
    if repo.count("/") != 1 or not all(repo.split("/")):
        raise ConfigError(f"the hub's repositories are called OWNER/NAME; got {repo!r}")
    if which in ("ema", "generator"):
        raise ConfigError(
            f"the upload is one checkpoint, with its moving average; choose newest, best or final, not {which}"
        )
    hub = hub_module("huggingface_hub", "--push-to-hub")
    with tempfile.TemporaryDirectory() as place:
        _gather(run, Path(place), which)
        return _upload(hub, Path(place), repo, private)


def _gather(run: Path, folder: Path, which: Which) -> None:
    tensors, header = unchanged(run, lambda: read_tensors(checkpoint_of(run, which)))
    card = run / "MODEL_CARD.md"
    if not card.is_file():
        raise OutputError(f"{run} has no MODEL_CARD.md: it is written when the training ends; resume it with --resume")
    generator_tensors = {name: tensor for name, tensor in tensors.items() if name.startswith(GENERATORS)}
    write_tensors(folder / "checkpoints" / "final.safetensors", generator_tensors, header)
    for name in ("config.toml", card.name, *(name for name in REPORTS if (run / name).is_file())):
        if not lies_below(run / name, run):
            raise OutputError(
                f"{run / name} is a link to a file elsewhere, which is not uploaded; put the file itself there"
            )
        shutil.copyfile(run / name, folder / name)
    shutil.copyfile(card, folder / "README.md")


def _upload(hub: Any, folder: Path, repo: str, private: bool) -> str:
    try:
        api = hub.HfApi()
        address = api.create_repo(repo, private=private, exist_ok=True)
        api.upload_folder(repo_id=repo, folder_path=folder, commit_message="Generator trained with gantlet")
    except (OSError, ValueError, hub.errors.HfHubHTTPError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise OutputError(
            f"the hub did not take {repo} ({reason}). Log in with `hf auth login` or set HF_TOKEN, and check the network"
        ) from error
    return str(address)
