from pathlib import Path

import pytest

from archive.history import stop_reason
from evo.core.errors import BudgetReachedError


def end_with(folder: Path, error: BaseException) -> str:
    with pytest.raises(type(error)), stop_reason.kept(folder):
        raise error
    return stop_reason.read_stop_reason(folder)


def test_what_ended_a_process_is_kept_in_its_words(tmp_path: Path) -> None:
    assert end_with(tmp_path, BudgetReachedError("5 dollars spent.")) == "5 dollars spent."
    assert end_with(tmp_path, KeyboardInterrupt()) == stop_reason.INTERRUPTED


def test_an_unforeseen_error_is_kept_without_its_message(tmp_path: Path) -> None:
    assert end_with(tmp_path, RuntimeError("sk-secret")) == "failed: RuntimeError"


def test_going_on_takes_the_last_ending_away_and_a_kill_leaves_none(tmp_path: Path) -> None:
    end_with(tmp_path, KeyboardInterrupt())

    with stop_reason.kept(tmp_path):
        assert stop_reason.read_stop_reason(tmp_path) == stop_reason.KILLED
