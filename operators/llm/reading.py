"""Read the source of one component from a model's reply, in any form that models send.

Models think aloud, wrap code in prose or do not fence it, show drafts, parents, slopes and tests
beside the answer, call the function as they like, forget imports, or are cut off. What can be read
without guessing is read; the rest is unreadable, with a reason that a repair can name. Nothing is
executed.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from evo.core.contract import Contract
from evo.core.messages import Reply
from operators.llm.blocks import layout
from operators.llm.classes import without_classes
from operators.llm.component import component
from operators.llm.fences import Block, Layout
from operators.llm.modules import Module, UnreadableError, foreign_modules, functions, parse
from operators.llm.rationale import rationale
from operators.llm.thoughts import without_thoughts
from operators.llm.tokens import without_tokens
from operators.llm.views import plain
from operators.tree.names import loaded

MOST_CHARACTERS = 200_000
"""Replies are read no further: no component needs more."""
_MOST_BLOCKS = 50
_MOST_STATEMENTS = 1000
"""No component has as many, and no reader more patience."""

_ASIDE = re.compile(
    r"^\W*(?:[\w']+\W+){0,3}(?:parents?|originals?|baselines?|previous|earlier|old|reference|recall|"
    r"refused|slope|derivative|gradient|inverse|tests?|check|sanity|usage|use (?:it|as)|examples?|"
    r"plot|compar\w+|drafts?|first|try|attempt|initial|naive|alternatives?|alternatively|variants?|"
    r"numpy|jax|keras|tensorflow|equivalent|known|given|simplified|instead of)\b",
    re.IGNORECASE,
)
"""Headings of code that is not the answer."""
_ANSWER = re.compile(
    r"\b(?:final|finally|answer|improved|better|revised|corrected|fixed|result|solution|proposed|"
    r"submit|submission|new)\b",
    re.IGNORECASE,
)
_ASIDE_NAME = re.compile(
    r"test|check|plot|demo|main|slope|deriv|grad|verify|example|usage|compare|parent|baseline|"
    r"original|previous|reference|numeric|prime$|old|benchmark|visuali",
    re.IGNORECASE,
)
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


class Draft(NamedTuple):
    """A component as a reply proposes it: its source, and the model's rationale."""

    source: str
    rationale: str


@dataclass(frozen=True)
class _Answer:
    """A block that may be the answer.

    Attributes:
        block: its index.
        source: of its component; empty where it is none.
        problem: reason why it is none.
        rank: 2 where the reply calls it the answer, 0 where it is something else, 1 otherwise.
    """

    block: int
    source: str
    problem: str
    rank: int


def read_reply(reply: Reply, contract: Contract, prompt: str = "") -> Draft:
    """The component that a reply proposes.

    Args:
        reply: the model's.
        contract: names the function that is wanted.
        prompt: what the model was shown; code of it in the reply is a quotation.

    Raises:
        UnreadableError: there is none, or several that may be meant.
    """
    if reply.finish == "content_filter":
        raise UnreadableError("the server withheld the reply (content filter)")
    if reply.finish == "oversized":
        raise UnreadableError("the reply was too long to be read to its end")
    if reply.finish == "thoughts":
        raise UnreadableError("expected an answer with code, got thoughts alone")
    is_cut = reply.finish == "length"
    try:
        return _read(reply.text[:MOST_CHARACTERS], contract, prompt, is_cut=is_cut)
    except UnreadableError as error:
        cut = " (the reply was cut off at its token limit)" if is_cut else ""
        raise UnreadableError(f"{error}{cut}") from None


def _read(text: str, contract: Contract, prompt: str, *, is_cut: bool) -> Draft:
    wanted = f"expected a fenced Python function `{contract.function}`"
    if not text.strip():
        raise UnreadableError(f"{wanted}, got an empty reply with no code")
    outside = without_thoughts(without_tokens(text))
    if outside.is_cut:
        raise UnreadableError(f"{wanted} after the thoughts, got a reply that ends within them")
    parts = layout(outside.text)
    if not parts.blocks:
        raise UnreadableError(f"{wanted}, found no code")
    is_cut = is_cut or bool(_GOES_ON.search(parts.after))
    answers = _answers(parts, contract, prompt, is_cut=is_cut)
    chosen = _chosen(answers, contract)
    if chosen.problem:
        raise UnreadableError(chosen.problem)
    if is_cut:
        _expect_decided(parts, chosen)
    others = [answer.block for answer in answers if answer.source != chosen.source]
    return Draft(chosen.source, rationale(parts, chosen.block, others))


def _answers(parts: Layout, contract: Contract, prompt: str, *, is_cut: bool) -> list[_Answer]:
    """All that may be meant, by its name, or else by its parameters and its place."""
    if len(parts.blocks) > _MOST_BLOCKS:
        raise UnreadableError(f"expected one block of code, got {len(parts.blocks)}")
    code = _Code.of(parts, contract, prompt, is_cut=is_cut)
    if sum(len(module.body) for module in code.modules) > _MOST_STATEMENTS:
        raise UnreadableError(f"expected a short component, got over {_MOST_STATEMENTS} statements")
    definition = re.compile(rf"\bdef\s+{contract.function}\s*\(|\b{contract.function}\s*=")
    answers: list[_Answer] = []
    for index, block in enumerate(parts.blocks):
        module, problem = code.modules[index], code.problems[index]
        entries = [one for one in functions(module, contract) if one.name == contract.function]
        if (entry := _last_meant(module, entries)) is not None:
            answers.append(code.answer(index, entry))
        elif problem and (definition.search(block.code) or _may_begin_answer(block, is_cut=is_cut)):
            answers.append(_Answer(index, "", problem, _rank(block, "")))
    return answers or code.unnamed()


@dataclass(frozen=True)
class _Code:
    """The blocks of a reply as Python, each with the reason why it is none."""

    blocks: Sequence[Block]
    modules: Sequence[Module]
    problems: Sequence[str]
    contract: Contract
    prompt: str

    @classmethod
    def of(cls, parts: Layout, contract: Contract, prompt: str, *, is_cut: bool) -> "_Code":
        """The code of a reply."""
        modules: list[Module] = []
        problems: list[str] = []
        for block in parts.blocks:
            module, problem = Module([], []), ""
            try:
                module = parse(block.code, contract, is_closed=block.is_closed)
            except UnreadableError as error:
                problem = str(error)
            if is_cut and not block.is_closed:
                module = Module([], [])
                problem = problem or "expected a whole function, got a part of one"
            modules.append(module)
            problems.append(problem)
        bodies = without_classes(
            [module.body for module in modules], contract.function, len(contract.parameters)
        )
        classless = [
            module._replace(body=body) for module, body in zip(modules, bodies, strict=True)
        ]
        return cls(parts.blocks, classless, problems, contract, prompt)

    def answer(self, index: int, entry: ast.FunctionDef) -> _Answer:
        """The component of a function."""
        rank = _rank(self.blocks[index], self.modules[index].comment(entry))
        try:
            source = component(self.modules, index, entry, self.contract)
        except UnreadableError as error:
            return _Answer(index, "", str(error), rank)
        if foreign_modules(source) or plain(source).strip() in self.prompt:
            rank = 0
        return _Answer(index, source, "", rank)

    def unnamed(self) -> list[_Answer]:
        """Functions of another name that no other function calls."""
        fitting = [
            (index, function)
            for index, module in enumerate(self.modules)
            for function in functions(module, self.contract)
            if not _ASIDE_NAME.search(function.name)
        ]
        called = loaded(function for _, function in fitting)
        answers = [
            self.answer(index, function)
            for index, function in fitting
            if function.name not in called
        ]
        if answers:
            return answers
        expected = f"`{self.contract.function}({', '.join(self.contract.parameters)})`"
        problem = next((problem for problem in reversed(self.problems) if problem), "")
        problem = problem or f"expected a function {expected}, found none in the code"
        classes = [
            part.name
            for module in self.modules
            for part in module.body
            if isinstance(part, ast.ClassDef)
        ]
        if classes:
            problem += (
                f", but the class `{classes[-1]}`: write a function that learns and keeps nothing"
            )
        return [_Answer(0, "", problem, 1)]


def _may_begin_answer(block: Block, *, is_cut: bool) -> bool:
    """True if a block was cut off before it defines anything."""
    return is_cut and not block.is_closed and not re.search(r"\b(?:def|class) ", block.code)


def _last_meant(module: Module, entries: Sequence[ast.FunctionDef]) -> ast.FunctionDef | None:
    """The last of several definitions, as Python has it, but for one that is called the parent."""
    meant = [one for one in entries if not _ASIDE.search(module.comment(one))]
    return next(reversed(meant or entries), None)


def _rank(block: Block, comment: str) -> int:
    if comment and (_ASIDE.search(comment) or _ANSWER.search(comment)):
        label = comment
    else:
        label = _label(block.before)
    is_aside, is_answer = bool(_ASIDE.search(label)), bool(_ANSWER.search(label))
    return 1 + int(is_answer) - int(is_aside)


def _label(prose: str) -> str:
    """The sentence right before a block where it reads like a heading of the block."""
    line = next((line for line in reversed(prose.split("\n")) if line.strip()), "")
    sentence = re.split(r"(?<=[.!?])\s+", line[-400:].strip())[-1]
    words = sentence.split()
    most = 20 if sentence.rstrip("*_ ").endswith(":") else 8
    return sentence if len(words) <= most else ""


def _chosen(answers: Sequence[_Answer], contract: Contract) -> _Answer:
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


def _expect_decided(parts: Layout, chosen: _Answer) -> None:
    """Expect that a reply which was cut off had come to its answer.

    Raises:
        UnreadableError: it still weighs what to write, as thoughts without a marker do.
    """
    after = [*(block.before for block in parts.blocks[chosen.block + 1 :]), parts.after]
    said = "\n".join([*after, parts.blocks[0].before])
    if any(text.strip() for text in after) and _WAVERS.search(said):
        raise UnreadableError("expected an answer, got thoughts that go on after a draft")
