"""How a record came to its status, as data: the step that settled it, screening, training's end."""

from enum import StrEnum
from typing import NamedTuple


class Stage(StrEnum):
    """The step that settled a record's status.

    OPEN      nothing is settled yet
    ASK       no language model answered
    REPLY     the model's reply holds no component
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
    REPLY = "reply"
    PROPOSE = "propose"
    POLICY = "policy"
    TRACE = "trace"
    GRAPH = "graph"
    CONTRACT = "contract"
    NOVELTY = "novelty"
    SCREEN = "screen"
    EVALUATE = "evaluate"


class TrainingEnd(StrEnum):
    """How the training that a score rests on ended.

    COMPLETE  every heat of its highest rung ran
    OUTRACED  a race stopped it before the last heat of that rung
    FAILED    a later heat or rung gave no result; the score is that of the trials before
    """

    COMPLETE = "complete"
    OUTRACED = "outraced"
    FAILED = "failed"


class ScreeningState(StrEnum):
    """What the reward model does.

    EARLY    no generation has had to choose since it may; chance draws
    SCREENS  it has earned trust, and picks all but the random share
    ASIDE    it is no better than chance where it was watched; chance draws all
    """

    EARLY = "early"
    SCREENS = "screens"
    ASIDE = "aside"


class Screening(NamedTuple):
    """The state of the reward model that a record was screened out in.

    Attributes:
        state: what the model did.
        why: why it stands aside, in words; empty otherwise.
    """

    state: ScreeningState
    why: str = ""
