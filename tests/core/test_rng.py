"""Named streams: reproducible, independent of each other and of their number."""

import numpy as np

from gantlet.core.rng import numpy_stream, torch_stream


def test_streams_depend_on_seed_and_name_only() -> None:
    first = numpy_stream(1, "latent").random(4)
    numpy_stream(1, "data").random(100)
    assert np.array_equal(first, numpy_stream(1, "latent").random(4))
    assert not np.array_equal(first, numpy_stream(1, "data").random(4))
    assert not np.array_equal(first, numpy_stream(2, "latent").random(4))


def test_torch_streams_too() -> None:
    import torch

    assert torch.equal(torch.rand(3, generator=torch_stream(5, "a")), torch.rand(3, generator=torch_stream(5, "a")))
    assert not torch.equal(torch.rand(3, generator=torch_stream(5, "a")), torch.rand(3, generator=torch_stream(5, "b")))
