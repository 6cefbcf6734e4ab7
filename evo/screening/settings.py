"""Configuration of the reward model."""

from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator

from evo.core.frozen import Frozen


class RewardSettings(Frozen):
    """Screening by a reward model: which candidates are worth training."""

    screening: bool | Literal["auto"] = "auto"
    """Let a reward model choose what trains; otherwise a random share of the candidates trains.
    `auto` does so unless language models propose, each a request, or the first task trains by a
    loop of its own, which gives the model nothing to look at."""
    over_propose: Annotated[float, Field(ge=1)] = 4.0
    """Proposals per generation in multiples of `offspring`, once the model screens. Each costs
    milliseconds, or one request if a language model writes it."""
    first_generation: Annotated[int, Field(ge=2)] = 16
    """First generation that is screened. By default that is the last quarter of the campaign, since
    what is screened earlier resembles what is known; with `lessons` it is 2."""
    random_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Share of the trainings that is drawn at random (ε). They judge the model and keep it from
    learning from its own choices alone."""
    optimism: NonNegativeFloat = 1.0
    """Rank by the expected margin plus this many standard deviations."""
    window: Annotated[int, Field(ge=50)] = 600
    """Number of the latest evaluated candidates that the model learns from."""
    watched: PositiveInt = 5
    """Generations whose random share decides whether the model is better than chance."""
    lessons: str = ""
    """File written by `evo reward --save`: examples from other campaigns, used until the
    campaign's own candidates fill the window."""
    lessons_sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    """SHA-256 of that file, filled in when a campaign begins; other contents are refused."""

    @model_validator(mode="before")
    @classmethod
    def _earlier_with_lessons(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("lessons"):
            return {"first_generation": 2, **values}
        return values
