"""Places of a machine among several processes; each `Share` here stands for a process."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evo.compute.sharing import Share, fair_shares, meeting_folder
from evo.core import flock


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def join(tmp_path, clock):
    return lambda what="cpu": Share(tmp_path, what, 8, clock=clock)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(1, 64))
def test_nobody_is_left_out_and_nothing_is_left_that_somebody_could_use(demands, total) -> None:
    places = fair_shares(demands, total)

    assert all(1 <= mine <= most for mine, most in zip(places, demands, strict=True))
    assert sum(places) == min(sum(demands), max(total, len(demands)))
    short = [mine for mine, most in zip(places, demands, strict=True) if mine < most]
    assert max(places) - min(short, default=max(places)) <= 1


def test_a_process_alone_has_all_it_can_use(join) -> None:
    share = join()
    with share.taken():
        assert share.places(8) == 8
        assert share.places(3) == 3


def test_processes_share_equally_and_what_one_cannot_use_goes_to_the_rest(join, clock) -> None:
    first, second = join(), join()
    with first.taken(), second.taken():
        assert (first.places(8), second.places(8)) == (7, 4)  # the first has not looked again yet
        clock.now += 1
        assert (first.places(8), second.places(8)) == (4, 4)
        assert second.places(2) == 2
        clock.now += 1
        assert first.places(8) == 6


def test_who_has_nothing_to_train_takes_no_share(join, clock) -> None:
    first, second = join(), join()
    with first.taken():
        with second.taken():
            assert second.places(8) == 7
        clock.now += 1
        assert first.places(8) == 8


def test_gpus_and_processors_are_shared_separately(join) -> None:
    first, second = join(), join("cuda")
    with first.taken(), second.taken():
        assert (first.places(8), second.places(8)) == (8, 8)


def test_a_process_that_was_killed_frees_its_places_by_itself(join, tmp_path) -> None:
    left_behind = tmp_path / "cpu-4242-dead"
    left_behind.write_text("8\n")
    share = join()
    with share.taken():
        assert share.places(8) == 8
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def without_locks(monkeypatch) -> Iterator[None]:
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    with monkeypatch.context() as patch:
        patch.setattr(flock, "flock", refuse)
        yield


def test_without_locks_or_a_folder_nobody_waits(without_locks, join, tmp_path) -> None:
    for share in (join(), Share(None, "cpu", 8), Share(tmp_path / "absent", "cpu", 8)):
        with share.taken():
            assert share.places(5) == 5
    assert list(tmp_path.iterdir()) == []


def test_the_folder_belongs_to_the_user_alone(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = meeting_folder()

    assert folder == tmp_path / "evo"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o777)
    other = meeting_folder()
    assert other is not None
    assert other.name == f"evo-{os.getuid()}"


def test_a_link_in_the_place_of_the_folder_is_not_followed(tmp_path, monkeypatch) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "evo").symlink_to(tmp_path / "elsewhere")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    assert meeting_folder() != Path(tmp_path / "evo")
