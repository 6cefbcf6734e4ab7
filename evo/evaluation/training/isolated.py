"""Run a call of somebody's own code in a fork of this process, within limits of time and memory.

What the call leaves behind, such as memory, threads and open files, ends with the fork; a call that
hangs, dies or takes too much memory costs itself alone.
"""

import ctypes
import mmap
import multiprocessing
import os
import pickle
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

_CHECK_S = 0.1
"""Seconds between two looks at a fork's memory."""
_PR_SET_PDEATHSIG = 1  # a name of prctl.h
_CHUNK = 1 << 16
_PAGE_BYTES = mmap.PAGESIZE


class CallLostError(Exception):
    """The call gave no result; the message says why."""


def isolated(call: Callable[[], Any], *, timeout_s: float, memory_gb: float) -> Any:
    """The result of a call, which must be picklable.

    Standard output and error of the call go nowhere, since those of workers are the engine's. Where
    a system has no forks, as Windows, the call runs in this process, whose own limits hold.

    Args:
        call: is run in a fork.
        timeout_s: wall time that it may take.
        memory_gb: memory that it may take beyond what this process has.

    Raises:
        CallLostError: it raised, died, hung or took too much memory.
    """
    if sys.platform == "win32":
        return _here(call)
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _child(call, writing)
    os.close(writing)
    with suppress(OSError):  # both sides do it, as neither knows which comes first
        os.setpgid(process, process)
    try:
        received = _received(process, reading, timeout_s=timeout_s, memory_gb=memory_gb)
    finally:
        os.close(reading)
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
    if not received:
        raise CallLostError(_death(status))
    result, error = pickle.loads(received)  # noqa: S301 - our own fork wrote it
    if error:
        raise CallLostError(error)
    return result


def _here(call: Callable[[], Any]) -> Any:
    """The result of a call in this process.

    Raises:
        CallLostError: it raised.
    """
    try:
        return call()
    except Exception as error:
        raise CallLostError(_words(error)) from error


def _child(call: Callable[[], Any], writing: int) -> NoReturn:
    """Run the call, write its result and end the process."""
    with suppress(OSError):
        os.setpgid(0, 0)
    with suppress(OSError, AttributeError):  # Linux: do not outlive the worker
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    # A data loader of the user's may start processes, which daemons may not.
    multiprocessing.current_process().daemon = False
    try:
        payload = pickle.dumps((call(), ""))
    except BaseException as error:  # noqa: BLE001 - somebody's code raises anything
        payload = pickle.dumps((None, _words(error)))
    with suppress(OSError), os.fdopen(writing, "wb") as file:
        file.write(payload)
    os._exit(0)


def _words(error: BaseException) -> str:
    """An error with the last line of the user's own code that it passed."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename]
    where = f" ({Path(ours[-1].filename).name}, line {ours[-1].lineno})" if ours else ""
    first = str(error).strip().partition("\n")[0][:300]
    return f"{type(error).__name__}: {first}{where}"


def _received(process: int, reading: int, *, timeout_s: float, memory_gb: float) -> bytes:
    """Bytes that a fork writes until it ends; empty if it dies.

    Raises:
        CallLostError: it is late, or has grown too large.
    """
    end = time.monotonic() + timeout_s
    received = bytearray()
    while True:
        left = end - time.monotonic()
        if left <= 0:
            raise CallLostError(f"took longer than {timeout_s:g} s (timeout_s)")
        if select.select([reading], [], [], min(left, _CHECK_S))[0]:
            chunk = os.read(reading, _CHUNK)
            if not chunk:
                return bytes(received)
            received += chunk
        elif _has_ended(process):  # its own children may hold the pipe open
            return bytes(received)
        elif _takes_more(process, memory_gb * 1e9):
            raise CallLostError(f"took more than {memory_gb:g} GB of memory (memory_gb)")


def _has_ended(process: int) -> bool:
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _takes_more(process: int, limit: float) -> bool:
    """True if the memory of a process that is no other's too exceeds some bytes.

    False where the system does not say. That memory is part of all that is resident, which is known
    at once, while the kernel goes through every page for the part.
    """
    try:
        resident = int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE_BYTES
        if resident <= limit:
            return False
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended, or the system is no Linux
        return False
    private = [int(line.split()[1]) for line in lines if line.startswith("Private_Dirty")]
    return sum(private) * 1024 > limit


def _death(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return f"its process was killed by signal {number} ({signal.Signals(number).name})"
    return f"its process ended with exit code {os.WEXITSTATUS(status)}"
