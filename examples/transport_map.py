"""Solve semi-discrete optimal transport with a certificate, and sample by the map. Usage: python transport_map.py [FOLDER]"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from gantlet.transport import solve
from gantlet.transport.continuous import Box
from gantlet.transport.extension import Extension
from gantlet.transport.singular import singular_set

folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
folder.mkdir(parents=True, exist_ok=True)

# The target: 300 points in three modes. The source: the uniform distribution on the unit square.
rng = np.random.default_rng(0)
modes = np.array([[-2.0, 0.0], [2.0, 0.0], [0.0, 3.0]])
target = modes[np.arange(300) % 3] + 0.2 * rng.standard_normal((300, 2))

found = solve(Box.unit(2), target, method="semidiscrete-newton")
print(f"cost {found.cost:.6f}, between {found.certificate.lower:.6f} and {found.certificate.upper:.6f}: {found.reason}")

# The map is the gradient of a convex potential: each point of the square goes to one point of the target.
codes = rng.uniform(size=(10_000, 2))
share = np.unique(found.map(codes), axis=0, return_counts=True)[1] / len(codes)
print(f"shares of mass per target point: {share.min():.4f} to {share.max():.4f}, exact 1/300 = {1 / 300:.4f}")

# Where it jumps from one mode to another: a network, which is continuous, would make samples between the modes there.
print(f"the map jumps along {singular_set(found.brenier).length():.2f} units of length inside the unit square")
new = Extension.of(found.brenier).sample(1_000)
np.save(folder / "points.npy", new.points)
print(f"1,000 new points in {folder / 'points.npy'}")
