"""Stand between the launcher and one child, so that none outlives the launcher. Run as a script.

``python -I -S guard.py [options] -- command …``: starts the command, waits, and leaves with its exit status.
It ends the command when it is told to (SIGTERM), or when the process it watches is gone (``--watch`` is a
pidfd of it; without one ``--owner`` is looked for twice a second), which also covers ``kill -9``. Ending is
the orderly signal first, SIGKILL after the grace time, for the command *and all its descendants*: the guard
is their subreaper, so a pool child whose master is gone becomes the guard's child and not init's. The command
in turn gets PR_SET_PDEATHSIG, for the case that the guard is killed.

Why a process and not a preexec function: the kernel forgets PR_SET_PDEATHSIG at setuid and ties it to the
*thread* that started the child; code between fork and exec is not safe in a process that has threads.
Nothing but the standard library is imported, to start in about 20 ms. Off Linux, prctl is skipped.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import select
import shutil
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
FAILED_TO_START = 127


def main(arguments: list[str]) -> int:
    """Run the command under guard; returns the exit status to leave with."""
    given = _parse(arguments)
    for descriptor in (given.watch, given.hold):
        if descriptor is not None:
            os.set_inheritable(descriptor, False)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    wake, waker = os.pipe()
    for descriptor in (wake, waker):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: told.append(received))
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    child = os.fork()
    if child == 0:
        _become(given)
    status = _until_over(child, given, wake, told)
    if status is None:
        status = _end(child, given.stop, given.grace, wake)
        _leave_nothing()
        for folder in given.remove:
            shutil.rmtree(folder, ignore_errors=True)
    else:
        _leave_nothing()
    return status


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="guard")
    parser.add_argument("--owner", type=int, required=True, help="the process that must live")
    parser.add_argument("--watch", type=int, help="pidfd of the owner")
    parser.add_argument(
        "--hold", type=int, help="descriptor of a lock that is held as long as the guard lives"
    )
    parser.add_argument("--stop", type=lambda name: signal.Signals[name], default=signal.SIGTERM)
    parser.add_argument("--grace", type=float, default=10.0)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("--remove", action="append", default=[], help="folder to delete when ended")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args(arguments)
    if given.command[:1] == ["--"]:
        given.command = given.command[1:]
    return given


def _become(given: argparse.Namespace) -> None:
    """In the fork: drop to the other account, ask to die with the guard, become the command."""
    guard = os.getppid()
    try:
        if given.gid is not None:
            os.setgroups([])
            os.setgid(given.gid)
        if given.uid is not None:
            os.setuid(given.uid)
        _prctl(PR_SET_PDEATHSIG, given.stop)
        if os.getppid() != guard:
            os._exit(FAILED_TO_START)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGPIPE, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(given.command[0], given.command)
    except OSError as error:
        print(f"{given.command[0]}: {error.strerror}", file=sys.stderr, flush=True)
    finally:
        os._exit(FAILED_TO_START)


def _until_over(child: int, given: argparse.Namespace, wake: int, told: list[int]) -> int | None:
    """Wait; the child's exit status, or None when it is to be ended."""
    watch = given.watch
    poller = select.poll()
    poller.register(wake, select.POLLIN)
    if watch is not None:
        poller.register(watch, select.POLLIN)
    while True:
        events = poller.poll(60_000 if watch is not None else 500)
        _drain(wake)
        status = _reap(child)
        if status is not None:
            return status
        if watch is None:
            gone = not _alive(given.owner)
        else:
            gone = any(descriptor == watch for descriptor, _event in events)
        if told or gone:
            return None


def _end(child: int, stop: int, grace: float, wake: int) -> int:
    """Ask the child to stop, insist after the grace time; its exit status."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, stop)
    until = time.monotonic() + grace
    poller = select.poll()
    poller.register(wake, select.POLLIN)
    while (left := until - time.monotonic()) > 0:
        status = _reap(child)
        if status is not None:
            return status
        poller.poll(min(left, 1.0) * 1000)
        _drain(wake)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    return 128 + signal.SIGKILL


def _reap(child: int) -> int | None:
    """Collect whoever ended; the child's exit status if it was among them."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            found = code if code >= 0 else 128 - code


def _leave_nothing() -> None:
    """Kill and collect every descendant that is left; those of the dead become our children and come next."""
    for _attempt in range(200):
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        for pid in _descendants():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _descendants() -> list[int]:
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else []:
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", encoding="latin-1") as file:
                # The command in parentheses may hold spaces and parentheses; state and parent come after it.
                parent = int(file.read().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(name))
    found: list[int] = []
    todo = [os.getpid()]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _drain(wake: int) -> None:
    with contextlib.suppress(BlockingIOError):
        while os.read(wake, 512):
            pass


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
