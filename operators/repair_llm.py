"""A refused candidate goes back to a language model, once, with the validator's reason."""

from typing import ClassVar

from evo.core.messages import Prompt
from operators.base import AskingOperator, operators
from operators.briefing import Briefing
from operators.llm.views import ask_for_repair


@operators.register("repair-llm")
class RepairLlm(AskingOperator):
    """A language model repairs a candidate that validation refused; never drawn by weight."""

    name: ClassVar[str] = "repair-llm"
    arity: ClassVar[int] = 1
    is_drawn: ClassVar[bool] = False

    def prompt(self, briefing: Briefing) -> Prompt:
        """The prompt for a briefing."""
        return ask_for_repair("repair", briefing)
