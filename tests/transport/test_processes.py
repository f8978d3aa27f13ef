"""The stochastic solver under torchrun: one process and two agree to the last bit."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from gantlet.core.processes import ALONE, Processes
from gantlet.transport import solve
from gantlet.transport.continuous import Gaussian

METHOD = "semidiscrete-stochastic[steps=60,batch=256,rounds=2]"
SCRIPT = f"""
import sys, numpy as np
from gantlet.transport import solve
from gantlet.transport.continuous import Gaussian
y = np.random.default_rng(0).standard_normal((50, 3)) + 1
result = solve(Gaussian.standard(3), y, method="{METHOD}")
import torch.distributed
if torch.distributed.get_rank() == 0:
    proof = result.certificate
    np.savez(sys.argv[1], g=result.target_potential, bounds=[result.cost, proof.lower, proof.upper, proof.chi2])
torch.distributed.destroy_process_group()
"""


def test_one_and_two_processes_agree(tmp_path: Path) -> None:
    script, out = tmp_path / "solve.py", tmp_path / "two.npz"
    script.write_text(SCRIPT)
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(script), str(out)]
    result = subprocess.run(
        run, check=False, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert result.returncode == 0, result.stderr[-2000:]
    two = np.load(out)
    one = solve(Gaussian.standard(3), np.random.default_rng(0).standard_normal((50, 3)) + 1, method=METHOD)
    assert one.target_potential is not None
    # Cell counts are integers, so the dual potential does not depend on the split. Sums of floats round in another order.
    np.testing.assert_array_equal(two["g"], one.target_potential)
    proof = one.certificate
    np.testing.assert_allclose(two["bounds"], [one.cost, proof.lower, proof.upper, proof.chi2], rtol=1e-12)


def test_shares_cover_everything_once() -> None:
    for n in (0, 1, 7, 64):
        rows = [list(range(n))[Processes(rank, 3).share(n)] for rank in range(3)]
        assert [i for part in rows for i in part] == list(range(n))
        assert max(map(len, rows)) - min(map(len, rows)) <= 1
    assert ALONE.share(5) == slice(0, 5)
