import json
import time

import pytest

from archive.history.hours import HOURS_FILE, read_hours
from evo.campaign.budget import CampaignHours, counted_hours
from evo.core.errors import BudgetReachedError, HistoryError


def run_for(folder, seconds: float) -> None:
    (folder / HOURS_FILE).write_text(json.dumps({"seconds": seconds}))


def test_hours_are_those_of_all_processes_together(tmp_path) -> None:
    run_for(tmp_path, 1800)

    with counted_hours(tmp_path, limit=1.0) as counted:
        left = 3600 * (1.0 - counted.so_far())

    assert 1790 < left < 1801
    assert 1800 <= json.loads((tmp_path / HOURS_FILE).read_text())["seconds"] < 1810


@pytest.mark.parametrize("now", [0.0, 177.7837002851368])
def test_hours_that_have_passed_end_a_campaign_before_it_starts(tmp_path, now) -> None:
    run_for(tmp_path, 3600)

    with (
        pytest.raises(BudgetReachedError, match="1 hours"),
        counted_hours(tmp_path, limit=1.0, clock=lambda: now),
    ):
        pytest.fail("it started")


def test_a_kill_loses_seconds_only(tmp_path) -> None:
    with counted_hours(tmp_path, limit=1.0, save_every_s=0.01):
        until = time.monotonic() + 5
        while not (tmp_path / HOURS_FILE).exists() and time.monotonic() < until:
            time.sleep(0.01)
        assert json.loads((tmp_path / HOURS_FILE).read_text())["seconds"] > 0


def test_without_a_limit_hours_are_counted_and_never_end(tmp_path) -> None:
    run_for(tmp_path, 7200)

    with counted_hours(tmp_path, limit=0.0) as counted:
        assert not counted.passed(0.0)
        assert counted.so_far() == pytest.approx(2.0, abs=0.01)

    assert 2.0 <= (read_hours(tmp_path) or 0.0) < 2.01


def test_a_damaged_count_is_no_error_where_nothing_depends_on_it(tmp_path) -> None:
    (tmp_path / HOURS_FILE).write_text("{")

    assert read_hours(tmp_path) is None
    with counted_hours(tmp_path, limit=0.0) as counted:
        assert counted.so_far() < 0.01


@pytest.mark.parametrize("content", ["", "[]", '{"seconds": "1"}', '{"seconds": -1}'])
def test_a_damaged_count_is_an_error_that_says_what_to_do(tmp_path, content) -> None:
    (tmp_path / HOURS_FILE).write_text(content)

    with pytest.raises(HistoryError, match="Delete it"), counted_hours(tmp_path, limit=1.0):
        pytest.fail("it started")


def test_time_in_which_a_campaign_is_paused_does_not_count() -> None:
    now = [0.0]
    hours = CampaignHours(1800, clock=lambda: now[0])

    now[0] = 900
    with hours.paused():
        now[0] = 90_000
        assert hours.so_far() == 0.75
        assert not hours.passed(1.0)
    now[0] += 900

    assert hours.so_far() == 1.0
    assert hours.passed(1.0)
