"""The idea of one language model is written by another, cheaper one."""

from typing import ClassVar

from evo.core.messages import Prompt
from operators.base import AskingOperator, operators
from operators.briefing import Briefing
from operators.llm.views import ask_to_write


@operators.register("write-llm")
class WriteLlm(AskingOperator):
    """A language model writes another's idea as a component; never drawn by weight."""

    name: ClassVar[str] = "write-llm"
    arity: ClassVar[int] = 1
    is_drawn: ClassVar[bool] = False

    def prompt(self, briefing: Briefing) -> Prompt:
        """The prompt for a briefing."""
        return ask_to_write("write", briefing)
