"""Settings of what language models are shown."""

from typing import Annotated

from pydantic import Field

from evo.core.frozen import Frozen

CHARACTERS_PER_TOKEN = 3
"""Characters that a token of prompts has at least, formulas included."""


class FeedbackSettings(Frozen):
    """What language models are shown of the results so far."""

    prompt_tokens: Annotated[int, Field(ge=1000)] = 6000
    """Longest prompt in tokens, at three characters each. Where it would be longer, less is shown,
    the least important first; contract and parents always are."""
