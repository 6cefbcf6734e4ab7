"""Trouble with language models that a user should hear of: replies that hold no component."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from evo.core.records import Record
from evo.core.stages import UNREAD, Stage
from evo.report.facts.index import Index

_SHARE = 0.5
"""Share of lost replies from which on they are spoken of."""


class LostReplies(NamedTuple):
    """Replies of language models, and those that hold no component.

    Attributes:
        replies: their number.
        candidates: proposals that are no lost replies.
        reasons: why replies were lost, with the stage that found them so.
    """

    replies: int
    candidates: int
    reasons: Counter[tuple[str, str]]

    @classmethod
    def of(cls, index: Index) -> "LostReplies":
        """Those of a campaign; what it began with counts for nothing."""
        here = index.proposed_here
        replies = here & ~index.coded("model").among("")
        stage_of = index.coded("stage")
        lost = replies & stage_of.among(*UNREAD)
        places = np.flatnonzero(lost).tolist()
        reasons = zip(
            map(stage_of.__getitem__, places), index.stored("reason").several(places), strict=True
        )
        return cls(int(replies.sum()), int((here & ~lost).sum()), Counter(reasons))

    @property
    def are_all(self) -> bool:
        """True if models were asked, and nothing else made a candidate either."""
        return self.replies > 0 and self.candidates == 0

    def words(self, config: Mapping[str, Any]) -> str:
        """The problem and its remedy; empty where most replies hold a component.

        Args:
            config: the campaign's configuration.
        """
        lost = self.reasons.total()
        if not lost or lost < _SHARE * self.replies:
            return ""
        ((stage, reason), _), *_ = self.reasons.most_common(1)
        if stage == Stage.ASK:
            return (
                f"{lost} of {self.replies} requests to language models gave no component. Most "
                f"often there was no reply, in up to llm.attempts attempts: {reason.rstrip('.')}."
            )
        said = f"{lost} of {self.replies} replies of language models hold no component"
        if lost == self.replies:
            said = f"No reply of a language model holds a component ({lost} of {lost})"
        return f"{said}. Most often: {reason.rstrip('.')}. {_remedy(Stage(stage), config)}"


def lost_replies(records: Sequence[Record]) -> LostReplies:
    """The lost replies among records."""
    return LostReplies.of(Index.of(records))


def _remedy(stage: Stage, config: Mapping[str, Any]) -> str:
    match stage:
        case Stage.EMPTY | Stage.CUT:
            models = config.get("llm", {}).get("models", [])
            limits = sorted({model["max_tokens"] for model in models if "max_tokens" in model})
            now = f" ({', '.join(map(str, limits))} now)" if limits else ""
            return (
                f"Raise max_tokens of the model{now}, which thoughts count towards, or have it "
                'think less, such as with extra = { reasoning_effort = "low" }.'
            )
        case Stage.WITHHELD:
            return "Try another model."
        case _:
            return "Try a larger model, or grammar = true where llama.cpp serves it."
