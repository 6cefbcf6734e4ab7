"""A request for another paradigm, where the search stands still."""

from typing import ClassVar

from evo.core.messages import Prompt
from operators.base import AskingOperator, operators
from operators.briefing import Briefing
from operators.llm.views import ask


@operators.register("paradigm-llm")
class ParadigmLlm(AskingOperator):
    """A language model is asked for another principle once a search stands still; never drawn."""

    name: ClassVar[str] = "paradigm-llm"
    arity: ClassVar[int] = 0
    is_drawn: ClassVar[bool] = False

    def prompt(self, briefing: Briefing) -> Prompt:
        """The prompt for a briefing."""
        return ask("paradigm", briefing)
