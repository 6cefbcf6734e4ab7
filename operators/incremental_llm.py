"""Mutation by a language model, encouraged to small steps: the paper's incremental strategy."""

from typing import ClassVar

from evo.core.messages import Prompt
from operators.base import AskingOperator, operators
from operators.briefing import Briefing
from operators.llm.views import ask


@operators.register("incremental-llm")
class IncrementalLlm(AskingOperator):
    """A language model makes one small change to a parent."""

    name: ClassVar[str] = "incremental-llm"
    arity: ClassVar[int] = 1

    def prompt(self, briefing: Briefing) -> Prompt:
        """The prompt for a briefing."""
        return ask("incremental", briefing)
