"""Weights files: found, checked, never unpickled."""

import os
import pickle
import warnings
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from gantlet.core.errors import WeightsError
from gantlet.core.files import cache_folder, sha256
from gantlet.evaluation.features.efficientnet_lite0 import PACKAGE, WEIGHTS
from gantlet.evaluation.features.efficientnet_network import blocks, load_network
from gantlet.evaluation.features.weights import WeightsFile, check, load_tensors, locate


def published(path: Path) -> WeightsFile:
    torch.save({"a": torch.arange(3.0)}, path)
    return WeightsFile("net.pth", sha256(path), [path.as_uri()])


def test_weights_come_from_a_path_the_network_or_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANTLET_CACHE", str(tmp_path / "cache"))
    file = published(tmp_path / "a.pth")
    assert locate(file, str(tmp_path / "a.pth")) == tmp_path / "a.pth"
    assert locate(file) == cache_folder() / "weights/net.pth"
    (tmp_path / "a.pth").unlink()
    assert load_tensors(locate(file))["a"].tolist() == [0, 1, 2]


def test_without_network_the_error_names_file_digest_and_three_ways_out(tmp_path: Path) -> None:
    file = WeightsFile("net.pth", "ab" * 32, [(tmp_path / "gone").as_uri()])
    with pytest.raises(WeightsError, match=r"net\.pth \(SHA-256 (ab){32}\).*connect.*put the file at.*--weights PATH"):
        locate(file)
    with pytest.raises(WeightsError, match="no weights file"):
        locate(file, str(tmp_path / "missing"))


def test_another_or_truncated_file_is_refused(tmp_path: Path) -> None:
    file = published(tmp_path / "a.pth")
    (tmp_path / "a.pth").write_bytes((tmp_path / "a.pth").read_bytes()[:-10])
    with pytest.raises(WeightsError, match="damaged, incomplete or another file"):
        check(tmp_path / "a.pth", file)
    with pytest.raises(WeightsError, match=r"efficientnet-lite0-57934424\.pth"):
        load_network(str(tmp_path / "a.pth"), WEIGHTS, PACKAGE, blocks())


class Malicious:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch was-executed",)


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.pth").write_bytes(pickle.dumps({"a": Malicious()}))
    torch.save({"a": Malicious()}, tmp_path / "worse.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # one sentence, nothing of torch's beside it
        for name in ("bad.pth", "worse.pth"):
            with pytest.raises(WeightsError, match="never unpickled") as caught:
                load_tensors(tmp_path / name)
            assert "weights_only" not in str(caught.value)  # torch's own text advises to unpickle it after all
        with pytest.raises(WeightsError, match="table of tensors"):
            load_tensors(tmp_path / "list.pth")
    assert not (tmp_path / "was-executed").exists()


def test_safetensors_and_damaged_safetensors(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / "a.safetensors")
    assert load_tensors(tmp_path / "a.safetensors")["a"].tolist() == [1, 1]
    (tmp_path / "a.safetensors").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="is damaged, incomplete or another file"):
        load_tensors(tmp_path / "a.safetensors")
