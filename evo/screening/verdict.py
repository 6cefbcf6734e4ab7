"""The state of a campaign's reward model, derived from the records that it screened out.

Anyone can ask for it without a model: nothing is fitted here.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from evo.core.records import Record
from evo.core.stages import ScreeningState


@dataclass(frozen=True)
class ScreeningVerdict:
    """The state of a campaign's model.

    Attributes:
        state: what it does.
        since: generation in which it began to; 0 where nothing has been screened yet.
        why: in words, for a model that does not screen.
    """

    state: ScreeningState = ScreeningState.EARLY
    since: int = 0
    why: str = ""

    def after(self, records: Iterable[Record]) -> "ScreeningVerdict":
        """The verdict once these later records are known; generations in order."""
        verdict = self
        for record in records:
            if (screening := record.screening) is not None:
                is_unchanged = screening.state is verdict.state
                since = verdict.since if is_unchanged else record.generation
                verdict = ScreeningVerdict(screening.state, since, screening.why)
        return verdict

    def __str__(self) -> str:
        if self.state is ScreeningState.EARLY:
            return "too early to screen"
        action = "screens" if self.state is ScreeningState.SCREENS else "is not used"
        return f"{action} since generation {self.since}" + (f": {self.why}" if self.why else "")
