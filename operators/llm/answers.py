"""The components that the code of a reply may be meant to propose."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from evo.core.contract import Contract
from evo.core.syntax.names import loaded
from operators.llm.classes import without_classes
from operators.llm.component import component
from operators.llm.fences import CodeBlock, Layout
from operators.llm.fragments import completed_fragment
from operators.llm.labels import rank
from operators.llm.modules import Module, UnreadableError, foreign_modules, functions, parsed_block
from operators.llm.views import plain_source

_MOST_BLOCKS = 50
_MOST_STATEMENTS = 1000
"""No component has as many, and no reader more patience."""
_ASIDE_NAME = re.compile(
    r"test|check|plot|demo|main|slope|deriv|grad|verify|example|usage|compare|parent|baseline|"
    r"original|previous|reference|numeric|prime$|old|benchmark|visuali",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Answer:
    """A block that may be the answer.

    Attributes:
        block: its index.
        source: of its component; empty where it is none.
        problem: reason why it is none.
        comment: above its function; empty where there is none.
        rank: 2 where the reply calls it the answer, 0 where it is something else, 1 otherwise.
    """

    block: int
    source: str
    problem: str
    rank: int
    comment: str = ""


@dataclass(frozen=True)
class Code:
    """The blocks of a reply as Python, each with the reason why it is none."""

    blocks: Sequence[CodeBlock]
    modules: Sequence[Module]
    problems: Sequence[str]
    contract: Contract
    prompt: str

    @classmethod
    def of(cls, parts: Layout, contract: Contract, prompt: str, *, is_cut: bool) -> "Code":
        """The code of a reply.

        Raises:
            UnreadableError: it is too much for a component.
        """
        if len(parts.blocks) > _MOST_BLOCKS:
            raise UnreadableError(f"expected one block of code, got {len(parts.blocks)}")
        modules: list[Module] = []
        problems: list[str] = []
        for block in parts.blocks:
            module, problem = Module([], []), ""
            try:
                module = parsed_block(block.code, contract, is_closed=block.is_closed)
            except UnreadableError as error:
                problem = str(error)
            if is_cut and not block.is_closed:
                module = Module([], [])
                problem = problem or "expected a whole function, got a part of one"
            modules.append(module)
            problems.append(problem)
        if sum(len(module.body) for module in modules) > _MOST_STATEMENTS:
            raise UnreadableError(
                f"expected a short component, got over {_MOST_STATEMENTS} statements"
            )
        bodies = without_classes([module.body for module in modules], contract)
        classless = [
            module._replace(body=body) for module, body in zip(modules, bodies, strict=True)
        ]
        return cls(parts.blocks, classless, problems, contract, prompt)

    def answer(self, index: int, entry: ast.FunctionDef) -> Answer:
        """The component of a function."""
        comment = self.modules[index].comment(entry)
        standing = rank(self.blocks[index], comment)
        try:
            source = component(self.modules, index, entry, self.contract)
        except UnreadableError as error:
            return Answer(index, "", str(error), standing)
        if foreign_modules(source) or plain_source(source).strip() in self.prompt:
            standing = 0
        return Answer(index, source, "", standing, comment)

    def unnamed(self, parents: Sequence[str]) -> list[Answer]:
        """Functions of another name that no other function calls, or a piece of one."""
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
        if answers := answers or self._pieces(parents):
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
            learned = " and ".join(f"`{one.name}`" for one in self.contract.learnables)
            problem += f", but the class `{classes[-1]}`: write a function that " + (
                f"keeps nothing and takes what is learned as {learned}"
                if learned
                else "learns and keeps nothing"
            )
        return [Answer(0, "", problem, 1)]

    def _pieces(self, parents: Sequence[str]) -> list[Answer]:
        """The piece of a function that a reply without any function consists of."""
        parts = [part for module in self.modules for part in module.body]
        if any(isinstance(part, ast.FunctionDef | ast.ClassDef) for part in parts):
            return []
        answers: list[Answer] = []
        for index, module in enumerate(self.modules):
            body = completed_fragment(module, self.contract, parents)
            entries = [part for part in body if isinstance(part, ast.FunctionDef)]
            if entries and not self.problems[index]:
                modules = [module._replace(body=body)]
                source = component(modules, 0, entries[-1], self.contract)
                answers.append(Answer(index, source, "", rank(self.blocks[index], "")))
        return answers
