"""Enums for how a record got its status: the deciding step, screening, the end of training."""

from enum import StrEnum
from typing import NamedTuple


class Stage(StrEnum):
    """The step that decided a record's status.

    OPEN      nothing is decided yet
    ASK       no language model answered
    WITHHELD  a content filter withheld the model's reply, or it was too long to be read
    EMPTY     the model's reply is empty
    CUT       the model's reply ends before its component: at its token limit, or in its thoughts
    REPLY     the model's reply holds no component for any other reason
    PROPOSE   the same source was proposed before
    POLICY    the source breaks a rule
    TRACE     tracing it in the sandbox failed
    GRAPH     its graph is refused, or too large
    CONTRACT  the graph breaks the contract of its kind
    NOVELTY   it computes what a known component computes
    SCREEN    it was not chosen for training
    EVALUATE  it was trained
    """

    OPEN = ""
    ASK = "ask"
    WITHHELD = "withheld"
    EMPTY = "empty"
    CUT = "cut"
    REPLY = "reply"
    PROPOSE = "propose"
    POLICY = "policy"
    TRACE = "trace"
    GRAPH = "graph"
    CONTRACT = "contract"
    NOVELTY = "novelty"
    SCREEN = "screen"
    EVALUATE = "evaluate"


NOTHING_READ = frozenset({Stage.ASK, Stage.WITHHELD, Stage.EMPTY})
"""Stages of requests to language models that gave nothing to read."""
UNREAD = NOTHING_READ | {Stage.CUT, Stage.REPLY}
"""Stages of requests to language models that gave no component."""


class TrainingEnd(StrEnum):
    """The end of the training that a score is based on.

    COMPLETE    every heat of its highest rung ran
    REMEASURED  every heat ran, and that of the fresh seeds too, which those that lead train
    OUTRACED    a race stopped it before the last heat of that rung
    FAILED      a later heat or rung gave no result; the score is that of the trials before
    """

    COMPLETE = "complete"
    REMEASURED = "remeasured"
    OUTRACED = "outraced"
    FAILED = "failed"

    @property
    def is_whole(self) -> bool:
        """True if the training was not cut short."""
        return self in (TrainingEnd.COMPLETE, TrainingEnd.REMEASURED)


class ScreeningState(StrEnum):
    """State of the reward model.

    EARLY    it has not been tested yet; candidates are drawn at random
    SCREENS  it was better than chance, and picks all but the random share
    ASIDE    it was no better than chance; all candidates are drawn at random
    """

    EARLY = "early"
    SCREENS = "screens"
    ASIDE = "aside"


class Screening(NamedTuple):
    """The state of the reward model that a record was screened out in.

    Attributes:
        state: the model's state.
        why: reason why it is not used, in words; empty otherwise.
    """

    state: ScreeningState
    why: str = ""
