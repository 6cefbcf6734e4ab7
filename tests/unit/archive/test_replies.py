from dataclasses import replace

import pytest

from archive.history.history import History
from archive.history.replies import Replies
from archive.repair import check as health
from evo.core.errors import HistoryError
from evo.core.messages import Exchange, Prompt, Reply, Request, Spent


def exchange(seed: int, **changed) -> Exchange:
    request = Request("m", "id", Prompt("be", "write " * 50), seed, None, 100)
    reply = Reply(f"reply {seed} ä\ud800", "stop", "id-1", 10, 5)
    return replace(Exchange(request, reply, 1, cost_usd=0.25, seconds=1.5), **changed)


def written(folder, *exchanges: Exchange) -> None:
    replies = Replies.open(folder, campaign="c")
    for each in exchanges:
        replies.add(each)
    replies.close()


def test_exchanges_come_back_exactly_under_the_key_of_their_request(tmp_path) -> None:
    given_up = exchange(2, reply=None, attempts=4, error="HTTP 500", cost_usd=0.0)
    written(tmp_path, exchange(1), given_up)

    replies = Replies.read(tmp_path, campaign="c")

    assert list(replies) == [exchange(1), given_up]
    assert replies.get(exchange(1).request.key) == exchange(1)
    assert replies.get(exchange(3).request.key) is None
    assert replies.total == Spent(5, 0, 1, 10, 5, 0.25)


def test_a_request_that_stays_open_is_counted_and_not_found(tmp_path) -> None:
    written(tmp_path, exchange(1, reply=None, attempts=3, final=False))

    replies = Replies.read(tmp_path, campaign="c")

    assert exchange(1).request.key not in replies
    assert replies.total.requests == 3


def test_a_torn_tail_is_cut_off_and_more_can_be_added(tmp_path) -> None:
    written(tmp_path, exchange(1), exchange(2))
    path = tmp_path / "replies"
    path.write_bytes(path.read_bytes()[:-3])

    written(tmp_path, exchange(3))

    assert [e.request.seed for e in Replies.read(tmp_path, campaign="c")] == [1, 3]


def test_replies_of_another_campaign_and_other_files_are_refused(tmp_path) -> None:
    written(tmp_path, exchange(1))

    with pytest.raises(HistoryError, match="of another campaign"):
        Replies.read(tmp_path, campaign="d")
    (tmp_path / "replies").write_bytes(b"something else entirely")
    with pytest.raises(HistoryError):
        Replies.read(tmp_path, campaign="c")


def test_two_equal_prompts_of_other_seeds_are_two_requests() -> None:
    assert exchange(1).request.key != exchange(2).request.key
    assert exchange(1).request.key == exchange(1).request.key


def test_a_campaign_that_never_asked_has_no_replies(tmp_path) -> None:
    replies = Replies.read(tmp_path, campaign="c")

    assert (len(replies), replies.total) == (0, Spent())


def test_of_a_damaged_file_every_other_reply_is_restored(tmp_path) -> None:
    with History.create(tmp_path / "run", config={}, environment={}) as history:
        replies = Replies.open(history.folder, campaign=history.id)
        for seed in range(3):
            replies.add(exchange(seed))
        replies.close()
        campaign = history.id
    path = tmp_path / "run" / "replies"
    content = bytearray(path.read_bytes())
    content[-len(content) // 3 - 150] ^= 1
    path.write_bytes(content)

    (finding,) = health.check_campaign(tmp_path / "run").findings
    health.repair(tmp_path / "run")

    assert finding.file == "replies"
    kept = [e.request.seed for e in Replies.read(tmp_path / "run", campaign=campaign)]
    assert len(kept) == 2
    assert health.check_campaign(tmp_path / "run").findings == []
