"""The one place that knows Fabric says what it cannot do."""

import pytest

from gantlet.core.devices import chosen_device, connect, threads_for
from gantlet.core.errors import ConfigError


def test_one_cpu() -> None:
    assert connect("cpu", "32-true").device.type == "cpu"


def test_a_device_that_is_not_here_is_an_error() -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(ConfigError, match="'cuda'"):
        connect("cuda", "32-true")
    with pytest.raises(ConfigError, match="no GPU"):
        chosen_device("cuda")
    assert chosen_device("auto") == chosen_device("cpu") == torch.device("cpu")
    with pytest.raises(ConfigError, match="got 'mps'"):
        chosen_device("mps")


def test_processes_of_one_machine_take_the_next_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for rank, index in (("0", 0), ("1", 1), ("2", 0)):
        monkeypatch.setenv("LOCAL_RANK", rank)
        assert chosen_device("auto") == chosen_device("cuda") == torch.device("cuda", index)
    assert chosen_device("cpu") == torch.device("cpu")


def test_tiny_images_use_one_thread_and_the_number_is_put_back() -> None:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with threads_for(8):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
        with threads_for(32):
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
