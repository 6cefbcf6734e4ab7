"""Offspring that are planned rather than drawn: ablations, tests, another paradigm at a standstill.

A search stands still once its best margin has not grown by more than its standard error for some
generations. Then one request asks for another paradigm, and again after as many generations. What
it brings is worked out in two requests of the first generation that knows it, and then no more.

Where models word hypotheses, a share of each generation tests the oldest that is not judged; where
there is none, one request asks for one.
"""

from collections.abc import Sequence

from evo.core.records import Record, Status
from evo.proposing.feedback.results import Results
from evo.proposing.feedback.settings import FeedbackSettings
from evo.proposing.occasion import Planned
from evo.proposing.wordings import Wordings
from operators.briefing import Idea

PARADIGM = "paradigm-llm"
_ABLATION = "ablate-tree"
_WORKED_OUT_BY = "generate-llm"
_TESTED_BY = "incremental-llm"
_USES = 2
"""Requests that work out an idea."""


class Plan:
    """Says which offspring of a generation are planned; equal histories give equal plans.

    Args:
        results: everything that was proposed.
        settings: shares and patience.
        drawn: names of the operators that may be drawn and ask a model.
        wordings: says when a model is asked for a wording; None where none compete.
    """

    def __init__(
        self,
        results: Results,
        settings: FeedbackSettings,
        drawn: Sequence[str],
        wordings: Wordings | None = None,
    ) -> None:
        self._results = results
        self._settings = settings
        self._drawn = drawn
        self._wordings = wordings

    def __call__(self, index: int, known: int, offspring: int) -> Planned | None:
        """The operator of an offspring; None where it is drawn as usual."""
        ablations = self._ablations(known, offspring)
        if index < ablations:
            return Planned(_ABLATION, from_best=True)
        place = index - ablations
        if place == 0 and self._is_due(known):
            return Planned(PARADIGM)
        if place < _USES and self.idea(known) is not None and _WORKED_OUT_BY in self._drawn:
            return Planned(_WORKED_OUT_BY, works_out=True)
        if index == offspring - 1 and self._wordings is not None:
            reworded = self._wordings.reworded(known, self._drawn)
            if reworded:
                return Planned(reworded, rewords=True)
        return self._test(offspring - 1 - index, known, offspring)

    def idea(self, known: int) -> Idea | None:
        """The idea that requests with this knowledge work out: that of its last generation."""
        record = self._paradigm(known)
        if record is None or self._is_due(known):
            return None
        return Idea(record.candidate.rationale, record.candidate.source)

    def _test(self, from_last: int, known: int, offspring: int) -> Planned | None:
        """The test of a hypothesis by one of the last offspring; the first of them may word one."""
        share = self._settings.hypotheses
        if not share or _TESTED_BY not in self._drawn or not self._results.after(known).leaders:
            return None
        tests = max(1, round(share * offspring))
        if from_last >= tests:
            return None
        hypothesis = self._results.hypotheses.under_test(known)
        if hypothesis:
            return Planned(_TESTED_BY, tests=hypothesis)
        return Planned(_TESTED_BY, supposes=True) if from_last == tests - 1 else None

    def _paradigm(self, known: int) -> Record | None:
        answers = self._results.after(known).answers
        return next(
            (
                entry.record
                for entry in reversed(answers)
                if entry.record.candidate.operator == PARADIGM
                and entry.record.generation == known
                and entry.record.status in (Status.EVALUATED, Status.SCREENED_OUT)
            ),
            None,
        )

    def _ablations(self, known: int, offspring: int) -> int:
        """Offspring that are ablations; none before anything was evaluated."""
        if not self._settings.ablations or not self._results.after(known).leaders:
            return 0
        return max(1, round(self._settings.ablations * offspring))

    def _is_due(self, known: int) -> bool:
        patience, snapshot = self._settings.plateau, self._results.after(known)
        if not patience or not snapshot.leaders or not snapshot.still_for:
            return False
        return snapshot.still_for % patience == 0
