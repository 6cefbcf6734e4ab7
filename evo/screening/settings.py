"""How a campaign uses a reward model, as configuration."""

from typing import Annotated, Any

from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator

from evo.core.frozen import Frozen


class RewardSettings(Frozen):
    """Which candidates are worth training, by a model learned from those that trained."""

    screening: bool = False
    """Whether a model chooses; without one a random share of too many candidates trains."""
    over_propose: Annotated[float, Field(ge=1)] = 3.0
    """Proposals a generation, in units of `offspring`, from the generation on that a model screens.
    Each costs milliseconds, or a request where a language model writes it."""
    first_generation: Annotated[int, Field(ge=2)] = 4
    """The first one to be screened; before it there is little to learn from."""
    random_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    """ε: share of the trainings that is drawn at random whatever the model says. Without it the
    model would learn from its own choices alone, and nothing would show when it is wrong."""
    optimism: NonNegativeFloat = 1.0
    """Candidates are ranked by expected B-WR plus so many standard deviations."""
    window: Annotated[int, Field(ge=50)] = 600
    """How many of the latest evaluated candidates the model learns from."""
    watched: PositiveInt = 5
    """Generations whose random share tells whether the model is any good."""
    lessons: str = ""
    """A file of `evo reward --save`: what other campaigns have evaluated. It fills up the window
    until the campaign's own candidates do, and `first_generation` is then 2 by default."""
    lessons_sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    """Of that file, written in when a campaign begins: another content is refused."""

    @model_validator(mode="before")
    @classmethod
    def _taught(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("lessons"):
            return {"first_generation": 2, **values}
        return values

    @model_validator(mode="after")
    def _of_use(self) -> "RewardSettings":
        if self.lessons and not self.screening:
            raise ValueError("expected screening = true beside lessons: nothing else reads them")
        return self
