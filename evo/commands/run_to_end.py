"""Run a campaign in the terminal to its end; `evo run` and `evo resume` share it."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from evo.commands.console import err, print_json, print_result, resume_command, save_picture, warn
from evo.core.errors import EvoError, UselessCampaignError

if TYPE_CHECKING:
    from archive.history.history import History
    from archive.history.reader import Reader


def run_to_end(
    history: "History", *, unsafe_sandbox: bool, replay: "Reader | None", as_json: bool
) -> None:
    """Run to the end with a live view; Ctrl-C leaves everything saved and says how to go on."""
    from evo.api.listener import Listener
    from evo.api.working import work
    from evo.campaign.events import StopCause
    from evo.report.facts.overview import overview_of
    from evo.report.facts.status import status_facts
    from evo.report.facts.trouble import lost_replies
    from evo.report.views.live import live_view

    folder, ending = history.folder, ""
    go_on = f"Resume with: {resume_command(folder)}"
    try:
        with live_view(folder.name, err) as show:
            stopped = work(
                history,
                Listener(),
                show,
                on_stopping=_announce_stopping,
                replay=replay,
                unsafe_sandbox=unsafe_sandbox,
                warn=warn,
            )
    except KeyboardInterrupt:
        err.print(f"Stopped; everything is saved. {go_on}", soft_wrap=True, markup=False)
        raise typer.Exit(130) from None
    except EvoError as error:
        if not isinstance(error, UselessCampaignError):
            error.add_note(go_on)
        raise
    if stopped.cause is StopCause.BUDGET:
        # The user asked for this: the campaign ends well. Printed last, where it is read.
        ending = (
            f"{stopped.message} Stopped in generation {history.generation + 1} of "
            f"{history.config['generations']}; everything is saved."
        )
    if ending and history.generation < 1 and not as_json:
        err.print(f"{ending} Nothing has been proposed yet.", soft_wrap=True, markup=False)
        return
    overview = overview_of(history)
    try:
        picture = save_picture(overview, folder)
    except EvoError as error:
        warn(f"No picture: {error}")  # a full disk takes nothing from what is finished
        picture = None
    if as_json:
        print_json(status_facts(history))
    else:
        print_result(history, overview, picture)
    if ending:
        err.print(ending, soft_wrap=True, markup=False)
    if lost_replies(history.records).are_all:
        raise typer.Exit(1)  # nothing has come of it; why is said above, or in the JSON document


def announce_start(folder: Path) -> None:
    """Say where the campaign is kept."""
    message = f"Campaign {folder}. Ctrl-C stops it and loses nothing."
    err.print(message, soft_wrap=True, markup=False)


def _announce_stopping() -> None:
    err.print(
        "Stopping when the work in progress is done; Ctrl-C again stops at once.", soft_wrap=True
    )
