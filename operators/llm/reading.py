"""Read the source of one component from a model's reply, in any form that models send.

Models think aloud, wrap code in prose or do not fence it, show drafts, parents, slopes and tests
beside the answer, call the function as they like, forget imports, or are cut off. What can be read
without guessing is read; the rest is unreadable, with a reason that a repair can name. Nothing is
executed.
"""

import ast
import re
from collections.abc import Sequence
from typing import NamedTuple

from evo.core.contract import Contract
from evo.core.messages import Reply
from evo.core.stages import Stage
from evo.core.thoughts import without_thoughts
from operators.llm.answers import Answer, Code
from operators.llm.blocks import layout
from operators.llm.edits import edited_reply
from operators.llm.fences import CodeBlock, Layout
from operators.llm.labels import ASIDE, picked_block, rank
from operators.llm.modules import Module, UnreadableError, functions
from operators.llm.rationale import rationale
from operators.llm.tokens import without_tokens

LONGEST_REPLY = 200_000
"""Replies are read no further: no component needs more."""

_WAVERS = re.compile(
    r"\b(?:wait|hmm+|but|actually|alternatively|let me|let's|instead|maybe|perhaps|however|"
    r"too \w+|another|next|try|first|draft|okay|ok|so)\b",
    re.IGNORECASE,
)
"""Words of a model that has not decided yet."""
_GOES_ON = re.compile(
    r"(?:,|\b(?:so|but|and|or|because|then|the|an?|which|that|with|to|of|is|if|wait|maybe|perhaps)"
    r"(?:\s+(?:we|i|it|this|they))?)\s*\Z",
    re.IGNORECASE,
)
"""The end of a reply that breaks off in a sentence, whatever the server says of its end."""


class ReplyComponent(NamedTuple):
    """A component as a reply proposes it: its source, and the model's rationale."""

    source: str
    rationale: str


def read_reply(
    reply: Reply, contract: Contract, prompt: str = "", *, parents: Sequence[str] = ()
) -> ReplyComponent:
    """The component that a reply proposes.

    Args:
        reply: the model's.
        contract: names the function that is wanted.
        prompt: what the model was shown; code of it in the reply is a quotation.
        parents: sources that an edit may be meant for, as the prompt showed them.

    Raises:
        UnreadableError: there is none, or several that may be meant.
    """
    if reply.finish == "content_filter":
        raise UnreadableError("the server withheld the reply (content filter)", Stage.WITHHELD)
    if reply.finish == "oversized":
        raise UnreadableError("the reply was too long to be read to its end", Stage.WITHHELD)
    if reply.finish == "thoughts":
        raise UnreadableError("expected an answer with code, got thoughts alone", Stage.EMPTY)
    is_cut = reply.finish == "length"
    try:
        return _read(reply.text[:LONGEST_REPLY], contract, prompt, parents, is_cut=is_cut)
    except UnreadableError as error:
        if not is_cut:
            raise
        stage = Stage.EMPTY if error.stage is Stage.EMPTY else Stage.CUT
        reason = f"{error} (the reply was cut off at its token limit)"
        raise UnreadableError(reason, stage) from None


def _read(
    text: str, contract: Contract, prompt: str, parents: Sequence[str], *, is_cut: bool
) -> ReplyComponent:
    wanted = f"expected a fenced Python function `{contract.function}`"
    if not text.strip():
        raise UnreadableError(f"{wanted}, got an empty reply with no code", Stage.EMPTY)
    outside = without_thoughts(without_tokens(text))
    if outside.is_cut:
        reason = f"{wanted} after the thoughts, got a reply that ends within them"
        raise UnreadableError(reason, Stage.CUT)
    edited = edited_reply(outside.text, parents)
    parts = layout(edited.text)
    if not parts.blocks:
        raise UnreadableError(edited.problem or f"{wanted}, found no code")
    is_cut = is_cut or bool(_GOES_ON.search(parts.after))
    code = Code.of(parts, contract, prompt, is_cut=is_cut)
    answers = _answers(parts, code, is_cut=is_cut) or code.unnamed(parents)
    if edited.problem and all(answer.problem for answer in answers):
        raise UnreadableError(edited.problem)
    pick = picked_block(parts.blocks, parts.after)
    chosen = _chosen([one for one in answers if one.block == pick] or answers, contract)
    if chosen.problem:
        raise UnreadableError(chosen.problem)
    if is_cut:
        _expect_decided(parts, chosen)
    others = [answer.block for answer in answers if answer.source != chosen.source]
    return ReplyComponent(chosen.source, rationale(parts, chosen.block, others, chosen.comment))


def _answers(parts: Layout, code: Code, *, is_cut: bool) -> list[Answer]:
    """All that may be meant, by its name."""
    contract = code.contract
    definition = re.compile(rf"\bdef\s+{contract.function}\s*\(|\b{contract.function}\s*=")
    answers: list[Answer] = []
    for index, block in enumerate(parts.blocks):
        module, problem = code.modules[index], code.problems[index]
        entries = [one for one in functions(module, contract) if one.name == contract.function]
        if (entry := _last_meant(module, entries)) is not None:
            answers.append(code.answer(index, entry))
        elif problem and (definition.search(block.code) or _may_begin_answer(block, is_cut=is_cut)):
            answers.append(Answer(index, "", problem, rank(block, "")))
    return answers


def _may_begin_answer(block: CodeBlock, *, is_cut: bool) -> bool:
    """True if a block was cut off before it defines anything."""
    return is_cut and not block.is_closed and not re.search(r"\b(?:def|class) ", block.code)


def _last_meant(module: Module, entries: Sequence[ast.FunctionDef]) -> ast.FunctionDef | None:
    """The last of several definitions, as Python has it, but for one that is called the parent."""
    meant = [one for one in entries if not ASIDE.search(module.comment(one))]
    return next(reversed(meant or entries), None)


def _chosen(answers: Sequence[Answer], contract: Contract) -> Answer:
    """The answer that is meant.

    Raises:
        UnreadableError: several may be.
    """
    best = max(answer.rank for answer in answers)
    leading = {
        answer.source or answer.problem: answer
        for answer in reversed(answers)
        if answer.rank == best
    }
    if len(leading) > 1:
        raise UnreadableError(
            f"expected one function `{contract.function}`, found {len(leading)} different ones "
            "and cannot tell which is the answer; send exactly one block of code"
        )
    return next(iter(leading.values()))


def _expect_decided(parts: Layout, chosen: Answer) -> None:
    """Expect that a reply which was cut off had come to its answer.

    Raises:
        UnreadableError: it still weighs what to write, as thoughts without a marker do.
    """
    after = [*(block.before for block in parts.blocks[chosen.block + 1 :]), parts.after]
    said = "\n".join([*after, parts.blocks[0].before])
    if any(text.strip() for text in after) and _WAVERS.search(said):
        reason = "expected an answer, got thoughts that go on after a draft"
        raise UnreadableError(reason, Stage.CUT)
