"""The one place that knows Fabric says what it cannot do."""

import pytest

from gantlet.errors import ConfigError
from gantlet.fabric import connect, threads_for


def test_one_cpu() -> None:
    assert connect("cpu", "32-true").device.type == "cpu"


def test_a_device_that_is_not_here_is_an_error() -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(ConfigError, match="'cuda'"):
        connect("cuda", "32-true")


def test_several_processes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ConfigError, match="WORLD_SIZE = 2"):
        connect("cpu", "32-true")


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
