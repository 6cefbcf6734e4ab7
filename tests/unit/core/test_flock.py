"""Locks of files on Windows, with flock of this system in the place of Windows' own call."""

import errno
import fcntl
import os
import runpy
import sys
import types
from pathlib import Path

import pytest

import evo.core.flock


def _locking(descriptor: int, _mode: int, _size: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise PermissionError(errno.EACCES, "Permission denied") from None


def test_a_lock_of_windows_is_refused_to_a_second_holder_until_the_first_closes_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows = types.SimpleNamespace(locking=_locking, LK_NBLCK=2, LK_LOCK=1)
    monkeypatch.setitem(sys.modules, "msvcrt", windows)  # type: ignore[arg-type]
    monkeypatch.setattr(sys, "platform", "win32")
    flock = runpy.run_path(evo.core.flock.__file__)
    exclusively = flock["LOCK_EX"] | flock["LOCK_NB"]
    first, second = (os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT) for _ in range(2))
    os.write(first, b"process 1")

    flock["flock"](first, exclusively)
    with pytest.raises(BlockingIOError):
        flock["flock"](second, exclusively)
    os.close(first)
    flock["flock"](second, exclusively)

    assert os.lseek(second, 0, os.SEEK_CUR) > os.fstat(second).st_size  # the content stays readable
    os.close(second)
