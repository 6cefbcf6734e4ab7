"""How a candidate falls out: the stage that refused it and a reason that its author can act on."""

from typing import Literal

Stage = Literal["policy", "trace", "graph", "contract"]


_LONGEST = 500


class Refused(Exception):  # noqa: N818 - a refusal is an outcome of a candidate, not our error
    """A candidate that does not pass.

    Attributes:
        stage: the wall that stopped it.
        reason: the construct, where it stands and how to mend it, in words: at most 500 characters,
            all of them fit to print, whatever the candidate chose them to be.
    """

    def __init__(self, stage: Stage, reason: str) -> None:
        super().__init__(stage, reason)
        self.stage: Stage = stage
        self.reason = "".join(sign if sign.isprintable() else "?" for sign in reason[:_LONGEST])

    def __str__(self) -> str:
        return f"{self.stage}: {self.reason}"
