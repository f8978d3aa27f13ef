"""What a run is computed on: a change of it may change bits, and is said."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar

from gantlet.core.schema import SCHEMA, Count, Positive

WORDS = {
    "torch": "PyTorch {0} in the place of {1}",
    "device": "{0} in the place of {1}",
    "threads": "{0} threads in the place of {1}",
    "processes": "{0} processes in the place of {1}",
}


@dataclass(frozen=True)
class Machine:
    """PyTorch's version, the device in words, the processor threads and the processes of a run; '' and 0: not known."""

    __pydantic_config__: ClassVar[dict[str, Any]] = SCHEMA
    torch: str = ""
    device: str = ""
    threads: Count = 0
    processes: Positive = 1

    def instead_of(self, before: "Machine") -> str:
        """Return what differs from the machine ``before``, in words; '' where nothing does that is known of both."""
        pairs = [(field.name, getattr(self, field.name), getattr(before, field.name)) for field in fields(self)]
        return ", ".join(WORDS[name].format(now, then) for name, now, then in pairs if then and now and now != then)
