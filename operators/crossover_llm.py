"""Crossover by a language model: what each parent does well, in one component."""

from typing import ClassVar

from evo.core.messages import Prompt
from operators.base import AskingOperator, operators
from operators.briefing import Briefing
from operators.llm.views import ask


@operators.register("crossover-llm")
class CrossoverLlm(AskingOperator):
    """A language model combines two or three parents into one component."""

    name: ClassVar[str] = "crossover-llm"
    arity: ClassVar[int] = 2
    most_parents: ClassVar[int] = 3

    def prompt(self, briefing: Briefing) -> Prompt:
        """The prompt for a briefing."""
        return ask("crossover", briefing)
