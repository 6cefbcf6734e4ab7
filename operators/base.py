"""Operators: their base classes, and the registry.

An operator turns parents into new source: a writing operator by itself, a learning one also by what
earlier components scored, an asking operator by what it asks a language model. Parents are data: an
operator parses them, it must never import, execute or evaluate a candidate's source.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np

from evo.core.contract import Contract
from evo.core.messages import Prompt
from evo.core.records import Record
from evo.core.registry import Registry
from operators.briefing import Briefing
from operators.past import NO_PAST, Past


class Operator(ABC):
    """A way to make one offspring. Subclass one of the two sorts below.

    Attributes:
        name: the name it is registered under; offspring carry it in their record.
        arity: number of parents, the least if there may be more.
        most_parents: the most; by default `arity`.
        is_drawn: whether a portfolio may choose it.
        copies_parent: whether it hands on a parent's component as it is, which makes something new
            only in a combination of kinds, where the other components differ.
    """

    name: ClassVar[str]
    arity: ClassVar[int]
    most_parents: ClassVar[int] = 0
    is_drawn: ClassVar[bool] = True
    copies_parent: ClassVar[bool] = False

    def parents(self, rng: np.random.Generator) -> int:
        """Draw the number of parents of the next offspring."""
        if self.most_parents <= self.arity:
            return self.arity
        return int(rng.integers(self.arity, self.most_parents + 1))


class WritingOperator(Operator):
    """Writes source by itself, such as by editing trees. Set the attributes, and register."""

    @abstractmethod
    def propose(
        self, parents: Sequence[Record], contract: Contract, rng: np.random.Generator
    ) -> str:
        """Source of one offspring, other than each parent's.

        Args:
            parents: `arity` records whose sources may be anything; one that cannot be read is
                replaced by a fresh component rather than refused.
            contract: what the source must define.
            rng: the only source of chance; equal generators give equal offspring.
        """


class Draft(NamedTuple):
    """Source of an offspring, and the step that led to it.

    Attributes:
        step: index of the step size, which the offspring's record keeps, so that the operator can
            learn which of them succeed; -1 where it has none.
    """

    source: str
    step: int = -1


class LearningOperator(WritingOperator):
    """Writes source by what is known of earlier components. Set the attributes, and register."""

    @abstractmethod
    def draft(
        self, parents: Sequence[Record], contract: Contract, rng: np.random.Generator, past: Past
    ) -> Draft:
        """One offspring; equal pasts and equal generators give equal ones.

        Args:
            parents: see `WritingOperator.propose`.
            contract: what the source must define.
            rng: the only source of chance.
            past: what was evaluated before; may be empty.
        """

    def propose(
        self, parents: Sequence[Record], contract: Contract, rng: np.random.Generator
    ) -> str:
        """Source of one offspring where nothing is known of earlier components."""
        return self.draft(parents, contract, rng, NO_PAST).source


class AskingOperator(Operator):
    """Asks a language model. Set the attributes, and register."""

    @abstractmethod
    def prompt(self, briefing: Briefing) -> Prompt:
        """The prompt for a briefing; equal briefings give equal prompts."""


operators: Registry[Operator] = Registry("operator", "operators", "operators")
