"""What is fuzzed: for each target, how an input is made from a seed, and which of gantlet's functions reads it."""

import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from . import readers, small
from .mutate import VALUES, of_bytes, of_json, of_text, png_repaired, tar_repaired

SPECS = (
    "dcgan[width=4]", "mlp[width=8,depth=2]", "r1[gamma=0.3]", "gradient-penalty[weight=10]", "ema[half_life=1000]", "hinge",
    "mixture[kind=ring,n=300]", "wgan", "lecam[weight=0.3]", "pixels", "random-conv[seed=1]", "precision[k=3]", "coverage",
)  # fmt: skip
SOURCES = (
    "digits", "digits[split=test]", "folder[path=pictures,labels=dirs]", "pictures", "x.npz", "x.npz[key=x,labels=y]", "x.npy",
    "x.zip[labels=none,background=black]", "x.tar", "x-{0..2}.tar", "mixture[kind=ring,n=20]", "paired[of=digits,task=edges]",
    "run:run@ema", "run:run[label=3]", "mnist[root=none]", "callable[path=json:loads]", "math:pi", "x-images-idx3-ubyte",
)  # fmt: skip


@dataclass(frozen=True)
class Target:
    """``make(rng)`` returns an input: bytes or a text; ``use(input, folder)`` reads it in a scratch folder."""

    make: Callable[[Random], bytes | str]
    use: Callable[[Any, Path], object]
    share: float = 1.0


def _npy_header(rng: Random) -> bytes:
    """Return an .npy file whose header says something else."""
    text = of_text(rng, "{'descr': '|u1', 'fortran_order': False, 'shape': (6, 8, 8, 1), }").encode(errors="replace")
    magic = rng.choice((b"\1\0", b"\1\0", b"\2\0", b"\3\0", b"\4\0"))
    size = struct.pack("<H" if magic[0] == 1 else "<I", len(text))
    return b"\x93NUMPY" + magic + size + text + small.pixels().tobytes()


def _npz(rng: Random) -> bytes:
    """Return an .npz file with right checksums and another content."""
    members = {"x.npy": _npy_header(rng) if rng.random() < 0.7 else of_bytes(rng, small.npy(small.pixels()))}
    members |= {"y.npy": rng.choice((small.npy(np.arange(6)), _npy_header(rng)))}
    odd = (np.array("text"), np.arange(6.0) * np.nan, np.zeros((6, 0)), np.array([b"a\xff"] * 6), np.arange(6) - 3)
    members[rng.choice(("y.npy", "classes.npy", "z", "mu.npy"))] = small.npy(rng.choice(odd))
    return small.zipped(members, rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


def _published(rng: Random) -> bytes:
    """Return published moments with other shapes, types and numbers."""
    shapes = ((3,), (3, 3), (), (0,), (0, 0), (3, 4), (1,), (1, 1))
    types: tuple[Any, ...] = (np.float64, np.float32, np.int8, np.complex64, "U3", bool, "M8[s]")
    content = {name: np.zeros(rng.choice(shapes), rng.choice(types)) for name in ("mu", "sigma")}
    return small.zipped({f"{name}.npy": small.npy(array) for name, array in content.items()})


def _header(value: Any, arrays: dict[str, np.ndarray]) -> bytes:
    """Return a cache or statistics file that says ``value``, with the right digests."""
    from safetensors.numpy import save

    from gantlet.core.files import json_digest
    from gantlet.evaluation.features.cache import HEADER, arrays_digest

    header = {"made_of": value, "facts": {"n": 9}, "sha256": arrays_digest(arrays)}
    return bytes(save(arrays, metadata={HEADER: json.dumps({**header, "header_sha256": json_digest(header)})}))


def _statistics(rng: Random) -> bytes:
    arrays = small.arrays()
    for name in rng.sample(sorted(arrays), rng.randrange(3)):
        odd = (
            np.zeros(0),
            np.zeros((2, 2)),
            np.array([-1]),
            np.array([2**62]),
            np.full(3, np.inf),
            np.zeros(3, bool),
            None,
        )
        new = rng.choice(odd)
        arrays = {key: value for key, value in arrays.items() if key != name} | ({} if new is None else {name: new})
    return _header(of_json(rng, small.STATISTICS), arrays)


@cache
def _checkpoint_parts() -> tuple[dict[str, Any], dict[str, Any]]:
    from gantlet.training.runs.tensors import read_tensors

    return read_tensors(Path("/proc/self/cwd") / "run" / "checkpoints" / "final.safetensors")


def _checkpoint(rng: Random) -> bytes:
    """Return a checkpoint whose header says something else, with the right digests."""
    from safetensors.torch import save

    from gantlet.core.files import json_digest

    tensors, header = _checkpoint_parts()
    changed = of_json(rng, header)
    digest = {"header_sha256": json_digest(changed)} if isinstance(changed, dict) else {}
    text = json.dumps({**changed, **digest} if isinstance(changed, dict) else changed)
    return bytes(save(tensors, metadata={"gantlet": text}))


def _report_text(rng: Random) -> str:
    return json.dumps(of_json(rng, json.loads(Path("rep/report.json").read_text())))


def _config_text(rng: Random) -> str:
    text = Path("run/config.toml").read_text()
    if rng.random() < 0.5:
        return of_text(rng, text)
    lines = text.splitlines()
    place = rng.randrange(len(lines))
    lines[place] = lines[place].partition("=")[0] + "= " + json.dumps(rng.choice(VALUES))
    return "\n".join(lines)


def _events_text(rng: Random) -> bytes:
    if rng.random() < 0.3:
        return of_bytes(rng, small.EVENTS.encode())
    lines = [json.loads(line) for line in small.EVENTS.splitlines()]
    return "".join(json.dumps(of_json(rng, line)) + "\n" for line in lines).encode()


def _zip(rng: Random) -> bytes:
    if rng.random() < 0.5:
        return of_bytes(rng, small.zipped(small.pictures(), rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))))
    names = (
        "../x.png",
        "/x.png",
        "a//b.png",
        ".png",
        "a\0b.png",
        "猫.png",
        "a/b/c/d.png",
        "x.PNG",
        "²/x.png",
        "train/1.png",
    )
    return small.zipped(
        {**small.pictures(of_bytes(rng, small.encoded("PNG"))), rng.choice(names): small.encoded("GIF")}
    )


def _tar(rng: Random) -> bytes:
    labels = {
        "a/0.cls": rng.choice((b"3", b"", b"\xff", "²".encode(), b"9" * 30, b"-1")),
        "a/2.json": rng.choice(JSONS),
    }
    members = {**small.pictures(), **(labels if rng.random() < 0.4 else {})}
    data = of_bytes(rng, small.tarred(members))
    return tar_repaired(data) if rng.random() < 0.6 else data


JSONS = (
    b'{"cls": 3}',
    b"[]",
    b"3",
    b"null",
    b'{"label": null}',
    b"[" * 3000,
    b'{"cls": 1e999}',
    b'{"class": {"a": []}}',
)


def _idx(rng: Random) -> bytes:
    data = small.idx()
    return of_bytes(rng, data[:16]) + data[16:] if rng.random() < 0.7 else of_bytes(rng, data)


def _of(data: Callable[[], bytes]) -> Callable[[Random], bytes]:
    return lambda rng: of_bytes(rng, data())


FORMS = {
    "jpeg": ("JPEG", "RGB"),
    "gif": ("GIF", "P"),
    "bmp": ("BMP", "RGB"),
    "tiff": ("TIFF", "RGB"),
    "webp": ("WEBP", "RGB"),
}
TARGETS: dict[str, Target] = {
    "png": Target(_of(lambda: small.encoded("PNG")), readers.picture),
    "png-crc": Target(
        lambda rng: png_repaired(of_bytes(rng, small.encoded("PNG", rng.choice(("L", "RGBA", "P", "LA", "1"))))),
        readers.picture,
        2,
    ),
    **{name: Target(_of(lambda form=form: small.encoded(*form)), readers.picture) for name, form in FORMS.items()},
    "zip": Target(_zip, readers.file("x.zip")),
    "tar": Target(_tar, readers.file("x.tar")),
    "npz": Target(_npz, readers.file("x.npz")),
    "npz-raw": Target(_of(lambda: small.zipped({"x.npy": small.npy(small.pixels())})), readers.file("x.npz")),
    "npy": Target(
        lambda rng: _npy_header(rng) if rng.random() < 0.6 else of_bytes(rng, small.npy(small.pixels())),
        readers.file("x.npy"),
    ),
    "idx": Target(_idx, readers.file("x-images-idx3-ubyte")),
    "published": Target(_published, readers.file("x.npz"), 0.3),
    "statistics": Target(_statistics, readers.statistics),
    "cache": Target(_of(lambda: _header({"x": 1}, small.arrays())), readers.file("x.safetensors")),
    "checkpoint": Target(_checkpoint, readers.run, 0.2),
    "report": Target(_report_text, readers.report, 0.6),
    "page": Target(_report_text, readers.page, 0.04),
    "config": Target(_config_text, readers.config),
    "events": Target(_events_text, readers.events),
    "spec": Target(lambda rng: of_text(rng, rng.choice(SPECS)), readers.spec),
    "source": Target(lambda rng: of_text(rng, rng.choice(SOURCES)).removeprefix("/"), readers.source, 0.6),
}
