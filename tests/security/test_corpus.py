"""Inputs that once ended in a traceback, found by fuzzing (``python -m benchmarks.faults fuzz``): each is refused in one sentence."""

import io
import json
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from gantlet.core.errors import GantletError
from gantlet.core.files import json_digest
from gantlet.core.results.report import Report
from gantlet.core.trust import require_harmless
from gantlet.data.opening import open_source
from gantlet.evaluation.features.cache import HEADER, arrays_digest
from gantlet.evaluation.features.statistics_file import check_statistics, read_statistics
from gantlet.training.runs.events import read_events, scalars_by_step
from gantlet.training.runs.generator import load_generator
from gantlet.training.runs.tensors import read_header, write_tensors

EARLIER = Path(__file__).parents[1] / "compatibility" / "earlier"


def npy(header: bytes, version: bytes = b"\1\0") -> bytes:
    return b"\x93NUMPY" + version + struct.pack("<H" if version == b"\1\0" else "<I", len(header)) + header + bytes(600)


NPY_HEADERS = [
    b"{'descr': '|u1', 'shape': (6",
    b"{'descr': '|u1' 1 : ;}",
    b"{'descr': '|u1', 'fortran_order': False, 'shape': (6, 8, 8, 1), }]",
    b"[" * 3000,
    b"",
    b"\xff\xfe",
    b"{'descr': '|O', 'fortran_order': False, 'shape': (6, 8, 8)}",
]


def zipped(**members: bytes) -> bytearray:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name.replace("_", ".")), data)
    return bytearray(content.getvalue())


def changed(data: bytearray, local: int, central: int, value: int) -> bytes:
    """Return an archive of one member with one byte of its local header and of its central one changed."""
    data[local] = value
    data[data.rfind(b"PK\1\2") + central] = value
    return bytes(data)


def without_name(data: bytearray) -> bytes:
    """Return an archive whose only member, called by one letter, has the empty name."""
    central = data.rfind(b"PK\1\2")
    data[26] = data[central + 28] = 0
    del data[central + 46], data[30]
    end = data.rfind(b"PK\5\6")
    data[end + 12 : end + 20] = struct.pack("<II", 46, central - 1)
    return bytes(data)


def huge_member(size: int) -> bytes:
    info = tarfile.TarInfo("a.png")
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT) + bytes(2048)


WHOLE = npy(b"{'descr': '|u1', 'fortran_order': False, 'shape': (6, 10, 10), }")
FILES: dict[str, bytes] = {
    **{f"{i}.npy": npy(header) for i, header in enumerate(NPY_HEADERS)},
    **{f"{i}.npz": bytes(zipped(x_npy=npy(header))) for i, header in enumerate(NPY_HEADERS)},
    "version-3.npy": npy(NPY_HEADERS[0], b"\3\0"),
    "version-9.npy": npy(NPY_HEADERS[0], b"\x09\0"),
    "method.npz": changed(zipped(x_npy=WHOLE), 8, 10, 99),
    "encrypted.npz": changed(zipped(x_npy=WHOLE), 6, 8, 1),
    "version.npz": changed(zipped(x_npy=WHOLE), 4, 6, 254),
    "moments.npz": changed(zipped(mu_npy=WHOLE, sigma_npy=WHOLE), 4, 6, 254),
    "method.zip": changed(zipped(a_png=b"x"), 8, 10, 99),
    "version.zip": changed(zipped(a_png=b"x"), 4, 6, 254),
    "nameless.zip": without_name(zipped(a=b"x")),
    "2-63.tar": huge_member(2**63),
    "2-70.tar": huge_member(2**70),
    "x-images-idx3-ubyte": struct.pack(">IIII", 0x803, 2**31, 28, 28) + bytes(100),
}


@pytest.mark.parametrize("name", FILES)
def test_files(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    with pytest.raises(GantletError):
        source: Any = open_source(str(tmp_path / name))
        source.read(0)  # of an archive: the first member


MEAN, M2 = np.arange(3.0), np.arange(6.0) + 1
MADE_OF = {
    "kind": "gantlet statistics, version 1",
    "features": "pixels",
    "extractor": {"name": "x"},
    "protocol": "",
    "package": "0",
}
STATISTICS: list[tuple[Any, dict[str, Any]]] = [
    ("x", {}),
    ([], {}),
    (None, {}),
    (MADE_OF, {"part0.mean": None}),
    (MADE_OF, {"part0.m2": None}),
    (MADE_OF, {"part0.n": None}),
    (MADE_OF, {"part0.n": np.zeros(0)}),
    (MADE_OF, {"part0.n": np.zeros((2, 2))}),
    (MADE_OF, {"part0.n": np.array([np.inf])}),
    ({**MADE_OF, "extractor": "x"}, {}),
    ({**MADE_OF, "extractor": None}, {}),
    ({key: value for key, value in MADE_OF.items() if key != "package"}, {}),
]


@pytest.mark.parametrize("case", range(len(STATISTICS)))
def test_statistics(case: int, tmp_path: Path) -> None:
    made_of, changes = STATISTICS[case]
    arrays = {"part0.n": np.array([9]), "part0.mean": MEAN, "part0.m2": M2} | changes
    path = tmp_path / "x.safetensors"
    whole = {name: array for name, array in arrays.items() if array is not None}
    header = {"made_of": made_of, "facts": {"n": 9}, "sha256": arrays_digest(whole)}
    save_file(whole, path, metadata={HEADER: json.dumps({**header, "header_sha256": json_digest(header)})})
    with pytest.raises(GantletError):
        check_statistics(str(path), read_statistics(path), {"name": "x"}, 3, "")


@pytest.mark.parametrize(
    "line",
    [{"step": "x", "a": 1}, {"step": {}, "a": 1}, {"step": 1, "estimates": 1e308}, {"step": 1, "estimates": {"recall": "x"}, "a": 1}],
)  # fmt: skip
def test_events(line: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(json.dumps(line) + '\n{"step": 2, "b": 1}\n')
    with pytest.raises(GantletError):
        assert read_events(tmp_path) and list(scalars_by_step(tmp_path))


@pytest.mark.parametrize(
    "changes",
    [
        {"n_real": "x"},
        {"n_real": []},
        {"verdict": [True]},
        {"warnings": [3]},
        {"pictures": {"fakes": [3]}},
        {"fake": 3},
    ],
)
def test_reports(changes: dict[str, Any]) -> None:
    raw = json.loads((EARLIER / "report.json").read_text())
    assert Report.from_json(json.dumps(raw))
    with pytest.raises(GantletError):
        Report.from_json(json.dumps({**raw, **changes}))


@pytest.mark.parametrize(
    "changes",
    [
        {"step": None}, {"step": "1e999"}, {"step": []}, {"images_seen": None}, {"classes": True}, {"config": []},
        {"shape": {"size": 8, "channels": 1, "value": 1}}, {"shape": {"size": True, "channels": 1}}, {"shape": []}, {"class_counts": 3},
    ],
)  # fmt: skip
def test_headers(changes: dict[str, Any], tmp_path: Path) -> None:
    header = {**read_header(EARLIER / "run" / "checkpoints" / "final.safetensors"), **changes}
    (tmp_path / "config.toml").touch()
    write_tensors(tmp_path / "checkpoints" / "final.safetensors", {"generator/x": torch.zeros(2)}, header)
    with pytest.raises(GantletError):
        load_generator(tmp_path)


@pytest.mark.parametrize("text", ["a\0b", "a/\0b", "folder[path=a\0b]", "x/\ud83d/y", "\udcff.zip"])
def test_names_that_no_file_can_have(text: str, tmp_path: Path) -> None:
    with pytest.raises(GantletError):
        require_harmless(text, tmp_path / "config.toml", inside=tmp_path)
        open_source(text)
