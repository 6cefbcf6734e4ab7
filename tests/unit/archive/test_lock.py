import errno
import os
import socket

import pytest

from archive.history.history import History
from archive.history.reader import Reader
from archive.store.lock import Lock, is_held
from evo.core import flock
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


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_is_named_and_left_without_half_a_campaign(
    tmp_path, monkeypatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(flock, "flock", refuse)

    with pytest.raises(HistoryError, match=f"file system of {tmp_path} has no locks"):
        History.create(tmp_path / "run", config={"generations": 1}, environment={})

    assert list(tmp_path.iterdir()) == []


def test_a_campaign_can_be_read_where_there_are_no_locks(tmp_path, monkeypatch) -> None:
    History.create(tmp_path / "run", config={"generations": 1}, environment={}).close()

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(flock, "flock", refuse)

    assert not Reader.read(tmp_path / "run").is_running
