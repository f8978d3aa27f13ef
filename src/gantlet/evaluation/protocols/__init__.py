"""One TOML a protocol: what it fixes of an evaluation, so that numbers agree with the literature and with each other.

The keys under [evaluate] are fields of EvaluateConfig. A field that a protocol fixes cannot be set to anything else.
Resize, normalisation, quantisation and tap are options of ``features``; subset sizes, seeds and kernels of ``metrics``.
An evaluation that names no protocol is ``trusted`` where it agrees with all that this one fixes.
"""

from gantlet.evaluation.protocols.fixing import DEFAULT, PROTOCOLS, fixed

__all__ = ["DEFAULT", "PROTOCOLS", "fixed"]
