"""Read processes from /proc: who descends from whom, and who is still there."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

# (process number, moment of its start): numbers are given again, the pair is not.
Seen = tuple[int, str]


def _table() -> dict[int, tuple[int, str, str]]:
    """Process number → (parent, moment of start, command)."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            before, _, after = stat.read_text(encoding="latin-1").rpartition(")")
            command = (stat.parent / "cmdline").read_text(encoding="latin-1").replace("\0", " ")
        except OSError:
            continue
        fields = after.split()
        if fields[0] != "Z":
            found[int(before.split()[0])] = (int(fields[1]), fields[19], command)
    return found


def children(pid: int) -> set[Seen]:
    return {(child, since) for child, (above, since, _command) in _table().items() if above == pid}


def descendants(pid: int) -> set[Seen]:
    table = _table()
    found: set[Seen] = set()
    todo = [pid]
    while todo:
        parent = todo.pop()
        for child, (above, since, _command) in table.items():
            if above == parent:
                found.add((child, since))
                todo.append(child)
    return found


def command_of(seen: Seen) -> str:
    return _table().get(seen[0], (0, "", ""))[2]


def still_there(processes: Iterable[Seen]) -> set[Seen]:
    table = _table()
    return {(pid, since) for pid, since in processes if pid in table and table[pid][1] == since}


def gone_within(processes: Iterable[Seen], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while still_there(processes):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
