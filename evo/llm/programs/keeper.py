"""Run one program and end everything that it started: a script of its own, without evo.

It adopts the orphans below it, so that what forks, changes its session and outlives its parent is
found all the same. It ends when the program ends, at a limit, or when its standard input closes,
which happens also where evo itself is killed. It must never outlive evo by more than a moment.

    python -I -S keeper.py '{"argv": […], "prompt": "…", "folder": "…", …}'

The outcome is written as JSON to the descriptor that the order names.
"""

import ctypes
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_PR_SET_CHILD_SUBREAPER = 36
_PAUSE_S = 0.02
_MEASURE_S = 0.2
"""Time between two measurements of the folder."""
_PATIENCE_S = 10.0
"""Longest that processes are ended for."""


def main() -> None:
    """Carry out the order of the command line."""
    order: dict[str, Any] = json.loads(sys.argv[1])
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for limit, value in (
        (resource.RLIMIT_FSIZE, order["most_bytes"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    try:
        with Path(order["prompt"]).open("rb") as prompt:
            program = subprocess.Popen(
                order["argv"], stdin=prompt, cwd=order["folder"], start_new_session=True
            )
    except OSError as error:
        _report(order, why="missing", code=0, said=error.strerror or str(error))
        return
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)  # the pipes end with the last of the program's processes
    os.dup2(nowhere, 2)
    why, code = _until_end(program.pid, order)
    left = _end_all(program.pid)
    remove_folder(order["home"])  # also where evo is no longer there to do it
    _report(order, why=why, code=code, said="", left=left)


def remove_folder(folder: str) -> None:
    """Remove a folder, whatever permissions its content was given."""
    for path, folders, _ in os.walk(folder):
        for name in folders:
            inner = Path(path, name)
            try:
                if not inner.is_symlink():
                    inner.chmod(0o700)
            except OSError:
                continue
    shutil.rmtree(folder, ignore_errors=True)


def _until_end(program: int, order: dict[str, Any]) -> tuple[str, int]:
    """Reason of the end, and the program's exit code where it has one."""
    deadline = time.monotonic() + order["timeout_s"]
    measured = time.monotonic()
    while True:
        if (code := _reap(program)) is not None:
            return "ended", code
        now = time.monotonic()
        if now > deadline:
            return "late", 0
        if now > measured + _MEASURE_S:
            size, files = _extent(order["folder"], order["most_files"])
            if size > order["most_bytes"] or files > order["most_files"]:
                return "large", 0
            measured = time.monotonic()
        ready, _, _ = select.select([0], [], [], _PAUSE_S)
        if ready:
            return "unwanted", 0


def _reap(program: int) -> int | None:
    """Take note of processes that ended; the program's exit code, if it is one of them."""
    code: int | None = None
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if not process:
            return code
        if process == program:
            code = os.waitstatus_to_exitcode(status)


def _extent(folder: str, most_files: int) -> tuple[int, int]:
    """Bytes that a folder takes on disk, and the number of its files, counted up to a limit."""
    size = files = 0
    pending = [folder]
    while pending and files <= most_files:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    files += 1
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
        except OSError:
            continue  # it is gone, or closed to us
    return size, files


def _end_all(program: int) -> int:
    """Kill all processes below this one; the number of those that were left by the program."""
    count = 0
    end = time.monotonic() + _PATIENCE_S
    if sys.platform != "linux":
        _signal(-program, signal.SIGKILL)
        return 0
    while (living := _below(os.getpid())) and time.monotonic() < end:
        count = max(count, len(living))
        for process in living:  # stopped first: what is stopped starts nothing new
            _signal(process, signal.SIGSTOP)
        for process in living:
            _signal(process, signal.SIGKILL)
        time.sleep(0.005)
        _reap(program)
    return count


def _signal(process: int, number: int) -> None:
    try:
        os.kill(process, number)
    except OSError:
        return  # it has ended


def _below(ancestor: int) -> list[int]:
    """Living processes below one."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            stat = entry.read_text(encoding="utf-8", errors="replace")
            state, parent = stat.rpartition(")")[2].split()[:2]
        except (OSError, ValueError):
            continue
        if state not in "ZX":
            children.setdefault(int(parent), []).append(int(entry.parent.name))
    below: list[int] = []
    pending = [ancestor]
    while pending:
        under = children.get(pending.pop(), [])
        below += under
        pending += under
    return below


def _report(order: dict[str, Any], **outcome: object) -> None:
    with os.fdopen(order["report"], "w") as report:
        report.write(json.dumps(outcome))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
