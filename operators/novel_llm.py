"""Mutation by a language model, encouraged to novelty: the paper's second strategy."""

from typing import ClassVar

from evo.core.messages import Prompt
from operators.base import AskingOperator, operators
from operators.briefing import Briefing
from operators.llm.views import ask


@operators.register("novel-llm")
class NovelLlm(AskingOperator):
    """A language model proposes a component unlike the known ones."""

    name: ClassVar[str] = "novel-llm"
    arity: ClassVar[int] = 1

    def prompt(self, briefing: Briefing) -> Prompt:
        """The prompt for a briefing."""
        return ask("novel", briefing)
