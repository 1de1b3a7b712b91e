"""What PostgreSQL spends: seconds of the processor, whatever else the machine does, and the memory of one connection."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROC = Path("/proc")
SETTLES = 0.5
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Spent:
    """Seconds of the clock and of the processor (all processes of PostgreSQL together)."""

    clock: float
    processor: float


def _stat(process: Path) -> list[str]:
    return (process / "stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()


def postmaster_of(backend: int) -> int:
    """The process that started a connection's."""
    return int(_stat(PROC / str(backend))[1])


def _total(postmaster: int) -> float:
    """The living children's time, and that of those who have ended (which the postmaster keeps)."""
    time.sleep(SETTLES)  # a connection that has just ended is counted once it was reaped
    own = _stat(PROC / str(postmaster))
    ticks = int(own[13]) + int(own[14])
    for process in PROC.glob("[0-9]*"):
        try:
            found = _stat(process)
        except OSError:
            continue
        if int(found[1]) == postmaster:
            ticks += sum(int(found[n]) for n in (11, 12, 13, 14))
    return ticks / _TICKS


def spent(postmaster: int, work: Callable[[], Any]) -> Spent:
    """Do the work, and say what it took."""
    before = _total(postmaster)
    began = time.monotonic()
    work()
    took = time.monotonic() - began
    return Spent(took, _total(postmaster) - before)


def peak_mb(backend: int) -> float:
    """The most memory that a connection's process ever held, shared buffers that it touched included."""
    for line in (PROC / str(backend) / "status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
