"""Settings of what language models are shown."""

from typing import Annotated

from pydantic import Field, NonNegativeInt

from evo.core.frozen import Frozen

CHARACTERS_PER_TOKEN = 3
"""Characters that a token of prompts has at least, formulas included."""


class FeedbackSettings(Frozen):
    """Settings for the results that language models are shown."""

    prompt_tokens: Annotated[int, Field(ge=1000)] = 6000
    """Longest prompt in tokens, at three characters each. Where it would be longer, less is shown,
    the least important first; contract and parents always are."""
    setting: bool = True
    """Show how candidates are trained, judged and compared."""
    training: bool = True
    """Show how the components in a prompt trained, network by network, and facts of their
    formulas."""
    leaders: bool = True
    """Show some of the best so far, of those that lost, and of the nearest to the parents."""
    tried: bool = True
    """Show what was tried from the parents, what became of the latest answers, and what was
    refused."""
    listing: bool = True
    """Show a list of everything that was tried, one line each, with margins; it takes the place of
    losers, latest answers and refusals, and at most a quarter of a prompt."""
    notes: bool = True
    """Show what helped and what hurt in the search so far."""
    ablations: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    """Share of a generation's offspring that are ablations: one of the best without a part, which
    shows what the part is worth. At least one unless 0; only with language models."""
    hypotheses: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """Share of a generation's offspring that test a hypothesis of a model: the change that it
    names, made in other parents. At least one unless 0; needs `incremental-llm`."""
    plateau: NonNegativeInt = 5
    """Generations without progress after which one request asks for another paradigm; 0 for
    never."""
