"""Hold a campaign between two steps while a person has paused it."""

from dataclasses import replace

from archive.history.changes import is_paused
from archive.history.history import History
from evo.campaign.budget import CampaignHours
from evo.campaign.progress import OnProgress, Progress
from evo.campaign.stopping import AT_WORK

PAUSED = "paused"
"""The step of a campaign that is held."""
_LOOK_EVERY_S = 0.5


def pausing(watch: OnProgress, history: History, hours: CampaignHours) -> OnProgress:
    """Watch progress, and hold the campaign there while it is paused.

    Trainings in progress are finished first. What is watched meanwhile may raise, as it does where
    the campaign is told to stop.

    Args:
        watch: called with every snapshot, and now and then while the campaign is held.
        history: the campaign's; changes of it may come from another thread.
        hours: of the campaign, which do not pass meanwhile.
    """

    def watch_and_hold(progress: Progress) -> None:
        watch(progress)
        if progress.step in AT_WORK or not is_paused(history.changes):
            return
        with hours.paused():
            while is_paused(history.changes):
                watch(replace(progress, step=PAUSED, events=()))
                history.wait_for_change(_LOOK_EVERY_S)
        watch(replace(progress, events=()))

    return watch_and_hold
