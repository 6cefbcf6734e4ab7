"""Settings of what a person says to a search while it runs, see `evo ctl`."""

from typing import Annotated

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from evo.core.frozen import Frozen

LONGEST_HINT = 500
"""Characters of a hint, which stands in every prompt while it holds."""
MOST_HINTS = 5
"""Most hints that hold at a time."""


class Hint(Frozen):
    """A hint to the language models, quoted in each prompt of some generations."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_HINT)]
    """A hint to the language models."""
    first: PositiveInt = 1
    """The first generation whose prompts have it."""
    last: NonNegativeInt = 0
    """The last one; 0 for no end."""

    def holds_in(self, generation: int) -> bool:
        """True if the prompts of a generation have it."""
        return self.first <= generation and (not self.last or generation <= self.last)


class SteeringSettings(Frozen):
    """A person's wishes for a search; `evo ctl` sets them while the campaign runs."""

    hints: tuple[Hint, ...] = ()
    """Hints to the language models, each a text with its `first` and `last` generation."""
    pinned: tuple[str, ...] = ()
    """Ids of components that always survive and so stay possible parents."""
    banned: tuple[str, ...] = ()
    """Ids of components that are never parents again, nor is what computes nearly the same."""

    @model_validator(mode="after")
    def _apart(self) -> "SteeringSettings":
        if both := sorted(set(self.pinned) & set(self.banned)):
            raise ValueError(f"expected no component both pinned and banned, got {both[0]}")
        return self

    def hints_in(self, generation: int) -> list[str]:
        """Texts of the hints that hold in a generation, the latest of them where many do."""
        return [hint.text for hint in self.hints if hint.holds_in(generation)][-MOST_HINTS:]
