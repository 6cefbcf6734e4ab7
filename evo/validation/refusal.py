"""Refusals: the stage that refused a candidate and a reason that its author can act on."""

from evo.core.stages import Stage

_LONGEST = 500


class Refused(Exception):  # noqa: N818 - a refusal is an outcome of a candidate, not our error
    """A candidate is refused.

    Attributes:
        stage: the stage of validation that refused it.
        reason: the construct, its line and how to fix it: at most 500 printable characters.
        member: the kind in a combination whose component is refused; else empty.
    """

    def __init__(self, stage: Stage, reason: str, *, member: str = "") -> None:
        super().__init__(stage, reason, member)
        self.stage = stage
        self.reason = printable(reason)
        self.member = member

    def __str__(self) -> str:
        whose = f"{self.member}: " if self.member else ""
        return f"{self.stage}: {whose}{self.reason}"


def printable(text: str) -> str:
    """Text from a candidate made safe to print and to store: at most 500 printable characters."""
    return "".join(char if char.isprintable() else "?" for char in text[:_LONGEST])
