"""What daily work asks for: a start, a time limit, progress, samples as sources, sparse plans, maps of every method."""

import numpy as np
import pytest
import torch

from gantlet.core.errors import ConfigError, ShapeError
from gantlet.transport import SOLVERS, solve
from gantlet.transport.continuous import Box, Gaussian, Sample

Y = np.random.default_rng(0).uniform(size=(60, 2))
X = np.random.default_rng(1).uniform(size=(80, 2))
NEWTON, STOCHASTIC = "semidiscrete-newton", "semidiscrete-stochastic[steps=60,batch=512]"


@pytest.mark.parametrize("method", [NEWTON, STOCHASTIC, "sinkhorn[epsilon=0.01]"])
def test_an_earlier_result_saves_steps(method: str) -> None:
    source = X if method.startswith("sinkhorn") else Box.unit(2)
    first = solve(source, Y**3, method=method)
    again = solve(source, Y**3 + 1e-3, method=method, start=first)
    cold = solve(source, Y**3 + 1e-3, method=method)
    assert again.converged and again.iterations <= cold.iterations
    assert again.iterations < cold.iterations or method == STOCHASTIC
    assert again.cost == pytest.approx(cold.cost, rel=0.02)
    with pytest.raises(ConfigError, match="as many targets"):
        solve(source, Y[:5], method=method, start=first)


@pytest.mark.parametrize("method", [NEWTON, STOCHASTIC, "sinkhorn[epsilon=0.001,tolerance=1e-12]"])
def test_a_time_limit_returns_what_there_is_with_its_certificate(method: str) -> None:
    source, told = (X if method.startswith("sinkhorn") else Box.unit(2)), []
    hurried = solve(
        source, Y**3, method=method, time_limit=1e-9, progress=lambda done, total: told.append((done, total))
    )
    assert not hurried.converged and hurried.iterations <= 1 and hurried.map is not None
    lower, upper, exact = hurried.certificate.lower, hurried.certificate.upper, solve(source, Y**3, method=method).cost
    assert lower is not None and upper is not None and lower <= exact * (1 + 1e-6) and exact <= upper * (1 + 1e-6)
    solve(source, Y**3, method=method, progress=lambda done, total: told.append((done, total)))
    assert told and all(0 <= done <= total for done, total in told)
    with pytest.raises(ConfigError, match="time_limit > 0"):
        solve(source, Y, method=method, time_limit=0.0)


def test_a_sample_is_a_source_too() -> None:
    masses = np.random.default_rng(2).dirichlet(np.full(80, 3.0))
    source = Sample(X, masses)
    result = solve(source, Y[:10], method="semidiscrete-stochastic[audit=2000]")
    assert result.converged and result.map is not None
    discrete = solve(X, Y[:10], source_masses=masses)
    slack = 5 * result.details["dual_error"]  # each bound holds at 95 %
    assert result.certificate.lower - slack <= discrete.cost <= result.certificate.upper + slack
    # χ² ≤ .02, and points whole: the largest mass of a point besides.
    owner = result.brenier.cells(X)  # type: ignore[union-attr]
    shares = np.bincount(owner, masses, 10)
    assert np.abs(shares - 0.1).max() <= (0.02 / 10) ** 0.5 + masses.max()
    drawn = source.from_uniform(np.random.default_rng(3).uniform(size=(100_000, 2)))
    np.testing.assert_allclose(drawn.mean(axis=0), source.centre, atol=5 * 0.3 / 316)
    with pytest.raises(ShapeError, match="80 masses"):
        Sample(X, [0.5, 0.5])


@pytest.mark.parametrize("method", [name for name in SOLVERS.names() if name != "sliced"])
def test_every_method_but_sliced_has_a_map_and_says_which(method: str) -> None:
    source = (Box.unit(2) if "newton" in method else Gaussian.standard(2)) if method.startswith("semi") else X
    result = solve(source, Y, method=method)
    assert result.map is not None and result.map_kind
    images = result.map(torch.from_numpy(X[:7]).float())
    assert images.shape == (7, 2) and np.isfinite(images).all()
    if result.map_kind.startswith("cells"):
        assert (np.abs(images[:, None] - Y).sum(axis=2).min(axis=1) == 0).all()


def test_the_map_of_exact_transport_goes_where_the_plan_does_and_its_plan_is_sparse() -> None:
    result = solve(X[:60], Y)
    assert result.plan is not None and result.map is not None
    np.testing.assert_allclose(result.map(X[:60]), Y[result.plan.argmax(axis=1)], rtol=1e-14)
    new = np.random.default_rng(4).uniform(size=(20, 2))
    assert (np.abs(result.map(new)[:, None] - Y).sum(axis=2).min(axis=1) == 0).all()
    sparse = result.sparse_plan
    assert sparse.nnz == 60
    np.testing.assert_array_equal(sparse.toarray(), result.plan)
    with pytest.raises(ConfigError, match="no plan"):
        _ = solve(X, Y, method="sliced").sparse_plan
