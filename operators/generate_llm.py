"""Generation from nothing by a language model: the generator of the paper."""

from typing import ClassVar

from evo.core.messages import Prompt
from operators.base import AskingOperator, operators
from operators.briefing import Briefing
from operators.llm.views import ask


@operators.register("generate-llm")
class GenerateLlm(AskingOperator):
    """A language model proposes a component without parents: the generator of the paper."""

    name: ClassVar[str] = "generate-llm"
    arity: ClassVar[int] = 0

    def prompt(self, briefing: Briefing) -> Prompt:
        """The prompt for a briefing."""
        return ask("generate", briefing)
