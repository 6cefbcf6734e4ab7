import os
import socket

import pytest

from archive.store.lock import Lock, is_held
from evo.core.errors import HistoryError


def test_a_second_writer_is_told_who_holds_the_lock(tmp_path):
    lock = Lock.take(tmp_path / "lock")

    holder = f"process {os.getpid()} on {socket.gethostname()}"
    with pytest.raises(HistoryError, match=holder):
        Lock.take(tmp_path / "lock")

    lock.release()


def test_a_released_lock_can_be_taken_again(tmp_path):
    Lock.take(tmp_path / "lock").release()

    again = Lock.take(tmp_path / "lock")

    assert is_held(tmp_path / "lock")
    again.release()
    again.release()
    assert not is_held(tmp_path / "lock")


def test_where_nobody_ever_wrote_nobody_holds_a_lock(tmp_path):
    assert not is_held(tmp_path / "lock")


def test_a_worker_that_outlives_its_engine_does_not_keep_the_lock(tmp_path):
    lock = Lock.take(tmp_path / "lock")
    lives, tell = os.pipe()
    wait, end = os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(end)
        os.write(tell, b"!")
        os.read(wait, 1)  # returns when the parent closes its end
        os._exit(0)
    os.read(lives, 1)

    lock.release()
    held = is_held(tmp_path / "lock")

    os.close(end)
    os.waitpid(worker, 0)
    assert not held
