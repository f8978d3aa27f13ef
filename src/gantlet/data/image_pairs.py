"""Pairs of images that are there already: folders A and B, pictures side by side, or two sources."""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from gantlet.core.errors import ConfigError, DataError
from gantlet.core.specs import format_spec
from gantlet.core.words import counted
from gantlet.data import SOURCES
from gantlet.data.decode import Undecodable
from gantlet.data.folder_labels import SPLITS
from gantlet.data.opening import open_images
from gantlet.data.reading import sample_shapes
from gantlet.data.source import ImageSource

Pixels = UInt8[np.ndarray, "h w c"]
LAYOUTS = ("auto", "folders", "side")
DIRECTIONS = ("AtoB", "BtoA")
SIDES = ("A", "B")
TOLERANCE = 0.01
"""Two images of a pair have the same proportions where width/height differs by no more than this share."""


@SOURCES.register("image-pairs", source="Isola et al. 2017, arXiv:1611.07004, section 4 (their data sets' two layouts)")
def image_pairs(
    path: str = "", layout: str = "auto", direction: str = "AtoB", split: str = "", *, of: str = "", inputs: str = ""
) -> ImageSource:
    """Pairs of images for image-to-image training: an input (A) and the target (B) that belongs to it.

    ``folders``: the images of PATH/A and PATH/B (or SPLIT/A and SPLIT/B) whose names are the same but for the suffix.
    ``side``: pictures of even width, A on the left and B on the right. Or two sources: ``inputs`` and ``of``, the targets.

    Args: path: the folder; layout: folders, side, or auto (folders where there are A and B, else side, where all sampled pictures
    are twice as wide as high); direction: AtoB, or BtoA to swap the roles; split: as for ``folder``; of, inputs: two sources.
    Raises: DataError for a folder that is neither, for an image without its other one, and for two of other proportions.
    Convention: labels and names are those of the targets. The other split, where there is one, is paired as well.
    """
    for name, value, known in (("layout", layout, LAYOUTS), ("direction", direction, DIRECTIONS)):
        if value not in known:
            raise ConfigError(f"option {name!r} of data source 'image-pairs' must be {', '.join(known)}; got {value!r}")
    if bool(path) == bool(of or inputs) or bool(of) != bool(inputs):
        raise ConfigError(
            "image-pairs needs a folder or two sources: image-pairs[path=DIR], or image-pairs[of=TARGETS,inputs=INPUTS]"
        )
    if of:
        both = {"of": of, "inputs": inputs}
        return _two(open_images(of), open_images(inputs), format_spec("image-pairs", both), _other_sources(of, inputs))
    options = {"path": path, "layout": layout, "direction": direction, "split": split}
    if layout != "side" and (folders := _folders(Path(path), split)):
        a, b = folders if direction == "AtoB" else folders[::-1]
        return _two(open_images(str(b)), open_images(str(a)), _spec(options), _other_split(Path(path), options))
    return _side(path, options)


def _spec(options: dict[str, str], **changed: str) -> str:
    defaults = {"layout": "auto", "direction": "AtoB", "split": ""}
    return format_spec("image-pairs", {k: v for k, v in {**options, **changed}.items() if v != defaults.get(k)})


def _other_sources(of: str, inputs: str) -> str:
    held = open_images(of).held_out, open_images(inputs).held_out
    return format_spec("image-pairs", {"of": held[0], "inputs": held[1]}) if all(held) else ""


def _folders(root: Path, split: str) -> tuple[Path, Path] | None:
    """Return the folders A and B below a folder, or below its split, whatever the case of their names."""
    here = root / split if split else root
    below = {path.name.upper(): path for path in sorted(here.iterdir()) if path.is_dir()} if here.is_dir() else {}
    return (below["A"], below["B"]) if set(SIDES) <= set(below) else None


def _splits(root: Path) -> list[str]:
    return [name for name in SPLITS if _folders(root, name)]


def _other_split(root: Path, options: dict[str, str]) -> str:
    other = next((name for name in _splits(root) if name != options["split"]), "") if options["split"] else ""
    return _spec(options, split=other) if other else ""


def _side(path: str, options: dict[str, str]) -> ImageSource:
    """Return pictures side by side as pairs."""
    if splits := _splits(Path(path)):
        raise DataError(f"{path} has the folders {' and '.join(splits)}: choose one of them, e.g. split={splits[0]}")
    whole = open_images(format_spec(path, {"split": options["split"]} if options["split"] else {}))
    if options["layout"] == "auto" and not twice_as_wide(whole):
        raise DataError(
            f"{path} holds no pairs: expected folders A and B in it, or pictures twice as wide as high with A on the left and B "
            "on the right (layout=side for other widths)"
        )

    def half(i: int, right: bool) -> Pixels:
        picture = whole.read(i)
        width = picture.shape[1]
        if width % 2:
            raise Undecodable(f"it is {width} pixels wide, and a pair side by side has an even width")
        return picture[:, width // 2 :] if right else picture[:, : width // 2]

    b_is_target = options["direction"] == "AtoB"
    return dataclasses.replace(
        whole,
        spec=_spec(options),
        read=lambda i: half(i, b_is_target),
        digest=_digest(whole.digest, "side", options["direction"]),
        held_out=_spec(options, split=options["split"] and _named_split(whole.held_out)) if whole.held_out else "",
        latents=None,
        inputs=lambda _image, _label, row: half(row, not b_is_target),
        remarks=(*whole.remarks, f"{path} was read as pairs side by side, {options['direction']}"),
    )


def _named_split(spec: str) -> str:
    from gantlet.core.specs import parse_spec

    return parse_spec(spec)[1].get("split", "")


def twice_as_wide(source: ImageSource) -> bool:
    """Return whether all of 16 pictures spread over a source are twice as wide as high."""
    return all(width == 2 * height for height, width, _ in sample_shapes(source))


def _two(target: ImageSource, inputs: ImageSource, spec: str, held_out: str) -> ImageSource:
    """Return two sources as pairs, by name, or by position where both are arrays."""
    rows, shapes = _matched(target, inputs), dict[int, tuple[int, ...]]()

    def read(i: int) -> Pixels:
        picture = target.read(i)
        shapes[i] = picture.shape
        return picture

    def input_of(_image: Pixels, _label: int | None, row: int) -> UInt8[np.ndarray, "h2 w2 i"]:
        picture = inputs.read(rows[row])
        (height, width), (h, w) = (shapes.get(row) or read(row).shape)[:2], picture.shape[:2]
        if abs(width * h - w * height) > TOLERANCE * w * height:
            raise Undecodable(
                f"it has {width}×{height} pixels and its input {w}×{h}: squares cut out of them would not show the same part"
            )
        return picture

    return dataclasses.replace(
        target,
        spec=spec,
        read=read,
        digest=_digest(target.digest, inputs.digest, ",".join(map(str, rows))),
        held_out=held_out,
        latents=None,
        inputs=input_of,
        remarks=(*target.remarks, f"{counted(len(rows), 'pair')}: {inputs.spec} → {target.spec}"),
    )


def _matched(target: ImageSource, inputs: ImageSource) -> list[int]:
    """Return the row of each target's input; raises DataError where one has none, or is left over."""
    if not target.formats and not inputs.formats and len(target) == len(inputs):  # arrays have no names of their own
        return list(range(len(target)))
    stems, wanted = ([str(Path(name).with_suffix("")) for name in side.names] for side in (inputs, target))
    place = {stem: i for i, stem in enumerate(stems)}
    missing, left = [stem for stem in wanted if stem not in place], set(stems) - set(wanted)
    if missing or left or len(place) < len(stems) or len(set(wanted)) < len(wanted):
        reasons = [f"{counted(len(missing), 'target', 'have')} no input, e.g. {missing[0]}"] if missing else []
        reasons += [f"{counted(len(left), 'input', 'have')} no target, e.g. {min(left)}"] if left else []
        raise DataError(
            f"{inputs.spec} and {target.spec} are no pairs: {'; '.join(reasons) or 'a name occurs twice'}. Expected the same names "
            "(but for the suffix) in both"
        )
    return [place[stem] for stem in wanted]


def _digest(*parts: str) -> str:
    return hashlib.sha256(" ".join(("image-pairs", *parts)).encode()).hexdigest()


def as_pairs(text: str) -> str:
    """Return the source string that reads a folder as pairs: of folders A and B, or of pictures side by side; '' for any other.

    Of several splits the first is named (train before test); the other one is held out.
    """
    root = Path(text)
    if not root.is_dir():
        return ""
    splits = [name for name in SPLITS if (root / name).is_dir()]
    options = {"path": text, "split": splits[0] if len(splits) > 1 else ""}
    if _folders(root, options["split"]):
        return _spec(options)
    pictures = open_images(format_spec(text, {"split": options["split"]} if options["split"] else {}))
    return _spec(options) if twice_as_wide(pictures) else ""


def holds_pairs(text: str) -> str:
    """Return the source string of a folder's pairs as `as_pairs`, where folders A and B hold images of the same names; else ''."""
    try:
        own = as_pairs(text) if _folders(Path(text), "") else ""
        return own if own and open_images(own) else ""
    except DataError:
        return ""
