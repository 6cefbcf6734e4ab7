"""Two tiers of language models: one has the idea in words, another writes and repairs it."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from evo.core.messages import Exchange, Request
from operators.base import AskingOperator, operators
from operators.briefing import Briefing
from operators.llm.ideas import read_idea
from operators.llm.modules import UnreadableError

_WRITE = "write-llm"
_MOST = 600
"""Characters of an idea that its record keeps; history has the whole."""


class Asked(NamedTuple):
    """A request of an operator, and what it was made from."""

    request: Request
    briefing: Briefing


class ModelAnswer(NamedTuple):
    """The answer of models to one request.

    Attributes:
        exchange: the one that holds a component.
        idea: the one that had its idea, where that is another.
        words: the idea.
    """

    exchange: Exchange
    idea: Exchange | None = None
    words: str = ""


def writing_operator() -> AskingOperator:
    """The operator that asks for an idea to be written."""
    operator = operators.get(_WRITE)()
    assert isinstance(operator, AskingOperator)
    return operator


def idea_of(exchange: Exchange, briefing: Briefing) -> str:
    """The idea that an exchange holds; empty where nothing is left to be written."""
    if exchange.reply is None or not briefing.wants_idea:
        return ""
    try:
        return read_idea(exchange.reply, briefing.contract)
    except UnreadableError:
        return ""  # the reply is refused as it is


def taken_out(
    answer: ModelAnswer, read: Callable[[str], tuple[str, str]]
) -> tuple[ModelAnswer, str]:
    """The answer without a part of it, and that part.

    Args:
        answer: of a model, or of two.
        read: gives the part of a text, empty where there is none, and the text without it.
    """
    author = answer.idea or answer.exchange
    if author.reply is None:
        return answer, ""
    part, rest = read(author.reply.text)
    bare = replace(author, reply=replace(author.reply, text=rest))
    if answer.idea is None:
        return answer._replace(exchange=bare), part
    return answer._replace(idea=bare), part


def remark(answer: ModelAnswer, rationale: str) -> str:
    """The rationale of an answer: that of the idea where another model had it."""
    if answer.idea is None:
        return rationale
    words = " ".join(answer.words.split())
    return words if len(words) <= _MOST else words[: _MOST - 1] + "…"
