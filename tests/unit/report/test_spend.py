import math
from typing import Any

import pytest
from support.records import evaluated, record

from archive.history.replies import Replies
from evo.core.messages import Exchange, Prompt, Reply, Request, Spent
from evo.core.records import Record
from evo.report.facts.index import Index
from evo.report.facts.spend import spending_facts, spent_facts


@pytest.fixture
def replies(tmp_path):
    opened = Replies.open(tmp_path, campaign="c")
    yield opened
    opened.close()


def ask(replies: Replies, model: str, cost_usd: float) -> None:
    request = Request(model, model, Prompt("", ""), len(replies), None, 10)
    replies.add(Exchange(request, Reply("text", "stop", model, 7, 3), 1, cost_usd))


def asked(name: str, cost_usd: float, *, b_wr: float = 0.4, **known) -> Record:
    known = {"operator": "novel-llm", "model": "m", "generation": 1} | known
    return evaluated(name, b_wr, cost_usd=cost_usd, **known)


def spending(replies: Replies, *records: Record) -> dict[str, Any] | None:
    return spending_facts(Index.of(records), replies)


def test_spending_is_by_model_operator_generation_and_discovery(replies) -> None:
    ask(replies, "m", 1.5)
    ask(replies, "n", 0.5)
    facts = spending(
        replies,
        asked("a", 1.5, b_wr=0.9),
        asked("b", 0.5, model="n", operator="repair-llm", generation=2),
        record("c", operator="mutate-tree"),
    )

    assert facts is not None
    assert {name: part["cost_usd"] for name, part in facts["models"].items()} == {
        "m": 1.5,
        "n": 0.5,
    }
    assert {name: part["cost_usd"] for name, part in facts["operators"].items()} == {
        "novel-llm": 1.5,
        "repair-llm": 0.5,
    }
    assert facts["generations"]["2"] == {"replies": 1, "cost_usd": 0.5, "known_usd": 0.5}
    assert (facts["discoveries"], facts["usd_per_discovery"]) == (1, 2.0)


def test_an_unknown_price_is_null_in_every_sum_that_it_is_part_of(replies) -> None:
    ask(replies, "m", 1.5)
    ask(replies, "dark", math.nan)
    facts = spending(replies, asked("a", 1.5, b_wr=0.9), asked("b", math.nan, model="dark"))

    assert facts is not None
    assert facts["models"]["dark"]["cost_usd"] is None
    assert facts["models"]["m"]["cost_usd"] == 1.5
    assert facts["operators"]["novel-llm"] == {"replies": 2, "cost_usd": None, "known_usd": 1.5}
    assert facts["usd_per_discovery"] is None
    assert spent_facts(replies.total)["cost_usd"] is None
    assert (replies.total.unpriced, replies.total.cost_usd) == (1, 1.5)


def test_without_requests_there_is_nothing_to_say(replies) -> None:
    assert spending(replies, record("a")) is None
    assert spent_facts(Spent()) == Spent()._asdict()


def test_an_unknown_price_is_kept_on_disk(replies, tmp_path) -> None:
    ask(replies, "dark", math.nan)

    (stored,) = Replies.read(tmp_path, campaign="c")
    assert math.isnan(stored.cost_usd)
