"""Settings of notifications."""

from typing import Annotated, Literal, get_args

from pydantic import Field, PositiveFloat

from evo.core.frozen import Frozen

NotifyOccasion = Literal["finished", "stopped", "endpoint", "best", "budget"]
"""What a person may want to be told of: the last generation is sealed; the campaign stopped before,
by Ctrl-C, a budget or an error; a language model cannot be reached; a generation brought a new best
candidate; half, or four fifths, of a budget are used up."""


class NotifySettings(Frozen):
    """Notifications by a command or a webhook; one that fails never stops the campaign."""

    command: tuple[str, ...] = ()
    """A program with its arguments, such as `["./tell.sh"]`. It gets the notification as JSON on
    standard input, and no API key of the campaign."""
    webhook_env: str = ""
    """Environment variable that holds the address to post the same JSON to. The address is often a
    secret by itself, so it is no setting."""
    on: tuple[NotifyOccasion, ...] = get_args(NotifyOccasion)
    """Occasions: `finished`, `stopped`, `endpoint` (a model cannot be reached), `best` (a new best
    candidate), `budget` (half, or four fifths, are used up)."""
    timeout_s: Annotated[PositiveFloat, Field(le=60)] = 10.0
    """Longest time that the command or the webhook may take, in seconds."""
