"""Mutation by a language model, encouraged to novelty: the paper's second strategy."""

from typing import ClassVar

from evo.core.messages import Prompt
from operators.base import AskingOperator, operators
from operators.briefing import Briefing
from operators.llm.views import ask


@operators.register("novel-llm")
class NovelLlm(AskingOperator):
    """A language model invents something unlike what is known."""

    name: ClassVar[str] = "novel-llm"
    arity: ClassVar[int] = 1

    def prompt(self, briefing: Briefing) -> Prompt:
        """What to ask."""
        return ask("novel", briefing)
