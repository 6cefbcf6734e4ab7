"""Replies that hold no component are spoken of, with the remedy."""

import pytest
from support.records import written

from evo.components.activation import Activation
from evo.core.messages import Reply
from evo.core.records import Record, Status
from evo.core.stages import Stage
from evo.report.facts.trouble import lost_replies
from operators.llm.modules import UnreadableError
from operators.llm.reading import read_reply

CONFIG = {"llm": {"models": [{"max_tokens": 2048}]}}


def lost(reply: Reply, name: str) -> Record:
    """The record of a reply that cannot be read."""
    with pytest.raises(UnreadableError) as caught:
        read_reply(reply, Activation.contract)
    return written(
        name,
        Status.INVALID,
        operator="generate-llm",
        model="m",
        stage=caught.value.stage,
        reason=str(caught.value),
    )


@pytest.mark.parametrize(
    "reply",
    [
        Reply("", "length", "m", 9, 2048),
        Reply("", "thoughts", "m", 9, 2048),
        Reply("", "stop", "m", 9, 2048),
        Reply("[THINK]A draft, but", "length", "m", 9, 2048),
        Reply("<|channel|>analysis<|message|>A draft", "stop", "m", 9, 2048),
    ],
)
def test_replies_that_are_empty_or_end_in_thoughts_name_the_limit(reply: Reply) -> None:
    trouble = lost_replies([lost(reply, "a"), lost(reply, "b")])

    assert trouble.are_all
    assert "No reply of a language model holds a component (2 of 2)" in trouble.words(CONFIG)
    assert "Raise max_tokens of the model (2048 now)" in trouble.words(CONFIG)


def test_requests_without_a_reply_name_the_reason_and_no_larger_model() -> None:
    reason = "HTTP 429: slow down (llm.requests_per_minute and llm.concurrency keep to a limit)"
    silent = written("a", Status.INVALID, model="m", stage=Stage.ASK, reason=reason)

    words = lost_replies([silent, written("b", model="m")]).words(CONFIG)

    assert words.startswith("1 of 2 requests to language models gave no component.")
    assert words.endswith(f"attempts: {reason}.")
    assert "larger model" not in words


def test_a_reply_that_was_withheld_asks_for_another_model() -> None:
    withheld = lost(Reply("", "content_filter", "m", 9, 0), "a")

    assert lost_replies([withheld]).words(CONFIG).endswith("filter). Try another model.")


def test_a_refusal_that_came_back_from_repair_is_no_missing_reply() -> None:
    reason = "came back unchanged: expected a function, found none"
    record = written("a", Status.INVALID, model="m", stage=Stage.REPLY, reason=reason)

    assert "larger model" in lost_replies([record]).words(CONFIG)


def test_a_few_lost_replies_are_no_trouble_and_half_of_them_are() -> None:
    reply = Reply("I would rather not.", "stop", "m", 1, 1)
    few = lost_replies(
        [lost(reply, "a"), written("b", model="m"), written("c", model="m"), written("d")]
    )
    half = lost_replies([lost(reply, "a"), written("b", model="m"), written("c")])

    assert few.words(CONFIG) == ""
    assert half.words(CONFIG).startswith("1 of 2 replies")
    assert "larger model" in half.words(CONFIG)
    assert not half.are_all
