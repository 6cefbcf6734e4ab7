"""Carry out a command to a campaign: in the process that runs it, or on its files."""

import time
from pathlib import Path

from archive.history.live_status import read_live_status
from archive.store.lock import is_held
from evo.campaign.commands import Command, CommandOutcome
from evo.core.errors import EvoError
from evo.monitoring.control.client import send_command

_STARTS_WITHIN_S = 20.0
"""How long a process that has just started may take until it listens."""
_LOOK_EVERY_S = 0.25


def carry_out_command(
    folder: Path, command: Command, *, starts_within_s: float = _STARTS_WITHIN_S
) -> tuple[CommandOutcome, bool]:
    """Carry out a command to a campaign that runs or is stopped.

    Args:
        folder: the campaign's.
        command: of a person.
        starts_within_s: how long to wait for a process that runs it and does not listen yet.

    Returns:
        The answer, and whether a process runs the campaign.

    Raises:
        UsageError: the command cannot be carried out.
        EvoError: the process that runs it cannot be reached.
    """
    until = time.monotonic() + starts_within_s
    while (answer := send_command(folder, command)) is None and is_held(folder / "lock"):
        if time.monotonic() > until:
            where = (read_live_status(folder) or {}).get("host", "another machine")
            raise EvoError(
                f"{folder.name} is running and cannot be reached: its process is on {where}, or "
                "the folder takes no socket. Run evo ctl on that machine, or stop the campaign."
            )
        time.sleep(_LOOK_EVERY_S)
    if answer is not None:
        return answer, True
    # Costs seconds, which a campaign that runs need not wait for.
    from archive.history.history import History  # noqa: PLC0415
    from evo.campaign.steer import steer  # noqa: PLC0415

    with History.open(folder) as history:
        return steer(history, command), False
