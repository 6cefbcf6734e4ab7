"""What a generation's screening says about the reward model, told in the reasons of its records.

Reasons are all that history keeps of it, so they are written and read here alone. Whoever asks how
a campaign's model stands needs no model for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from evo.core.records import Record, Status

_EARLY = "too early for the reward model"
_ASIDE = "the reward model stands aside: "
_EXPECTS = "the reward model expects a B-WR of "


class ScreeningState(StrEnum):
    """What the model does.

    EARLY    no generation has had to choose since it may; chance draws
    SCREENS  it has earned trust, and picks all but the random share
    ASIDE    it is no better than chance where it was watched; chance draws all
    """

    EARLY = "early"
    SCREENS = "screens"
    ASIDE = "aside"


@dataclass(frozen=True)
class ScreeningVerdict:
    """How a campaign's model stands.

    Attributes:
        state: what it does.
        since: generation in which it began to; 0 where nothing has been screened yet.
        why: in words, for a model that stands aside.
    """

    state: ScreeningState = ScreeningState.EARLY
    since: int = 0
    why: str = ""

    def after(self, records: Iterable[Record]) -> "ScreeningVerdict":
        """The verdict once these later records are known; generations in order."""
        verdict = self
        for record in records:
            found = _read(record) if record.status is Status.SCREENED_OUT else None
            if found is not None:
                same = found.state is verdict.state
                verdict = ScreeningVerdict(
                    found.state, verdict.since if same else found.since, found.why
                )
        return verdict

    def __str__(self) -> str:
        if self.state is ScreeningState.EARLY:
            return "too early to screen"
        said = "screens" if self.state is ScreeningState.SCREENS else "stands aside"
        return f"{said} since generation {self.since}" + (f": {self.why}" if self.why else "")


def early() -> str:
    """The reason of who is not drawn before the model may screen."""
    return _EARLY


def standing_aside(why: object) -> str:
    """The reason of who is not drawn while the model stands aside."""
    return f"{_ASIDE}{why}"


def outdone(expected: float, spread: float) -> str:
    """The reason of who promises less than others, by expected B-WR and standard deviation."""
    return f"{_EXPECTS}{expected:.2f} ± {spread:.2f}: others promise more"


def _read(record: Record) -> ScreeningVerdict | None:
    """What a reason says; None where no reward model is spoken of."""
    reason, since = record.reason, record.generation
    if reason.startswith(_EXPECTS):
        return ScreeningVerdict(ScreeningState.SCREENS, since)
    _, found, why = reason.partition(_ASIDE)
    if found:
        return ScreeningVerdict(ScreeningState.ASIDE, since, why)
    return ScreeningVerdict(ScreeningState.EARLY, since) if reason.endswith(_EARLY) else None
