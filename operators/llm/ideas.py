"""Read the idea of a component, in words, from a model's reply."""

from evo.core.contract import Contract
from evo.core.messages import Reply
from evo.core.thoughts import without_thoughts
from operators.llm.modules import UnreadableError
from operators.llm.reading import LONGEST_REPLY, read_reply
from operators.llm.tokens import without_tokens

_LEAST_WORDS = 5
_MOST = 4000
"""Characters of an idea that are kept."""


def read_idea(reply: Reply, contract: Contract) -> str:
    """The idea that a reply describes; empty where the reply holds the component itself.

    Raises:
        UnreadableError: it holds neither.
    """
    try:
        read_reply(reply, contract)
    except UnreadableError as error:
        outside = without_thoughts(without_tokens(reply.text[:LONGEST_REPLY]))
        idea = outside.text.strip()
        if outside.is_cut or len(idea.split()) < _LEAST_WORDS or reply.finish != "stop":
            raise UnreadableError(f"expected an idea in words, got none ({error})") from None
        return idea[:_MOST]
    return ""
