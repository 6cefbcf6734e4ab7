from pathlib import Path

from archive.history.replies import Replies
from evo.llm.limits import RequestLimits
from evo.llm.settings import LlmSettings


def limits(folder: Path, **settings) -> RequestLimits:
    replies = Replies.read(folder, campaign="c")
    return RequestLimits(LlmSettings.model_validate(settings), replies, is_late=lambda: False)


def test_a_request_waits_until_the_one_that_fills_the_minute_is_a_minute_old(tmp_path) -> None:
    two = limits(tmp_path, requests_per_minute=2)
    two.begin(100.0)
    assert two.pause(101.0, not_before=0.0) <= 0

    two.begin(105.0)

    assert two.pause(106.0, not_before=0.0) == 54.0
    assert two.pause(160.0, not_before=0.0) <= 0
    two.begin(160.0)
    assert two.pause(161.0, not_before=0.0) == 4.0


def test_a_server_that_says_when_to_come_back_is_waited_for_and_no_limit_is_none(tmp_path) -> None:
    unlimited = limits(tmp_path)
    for _ in range(100):
        unlimited.begin(1.0)

    assert unlimited.pause(2.0, not_before=0.0) <= 0
    assert unlimited.pause(2.0, not_before=9.0) == 7.0
