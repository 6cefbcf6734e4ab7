"""Check the two files that a campaign appends to: journal and replies; restore whole entries."""

from archive.history import replies
from archive.history.changes import CHANGES_FILE, read_changes
from archive.repair import recover
from archive.repair.inspection import Inspection
from archive.repair.rebuild import range_text
from archive.repair.segments_check import Sealed
from archive.store import journal
from archive.store.journal import Journal
from evo.core.errors import HistoryError


def journal_or_error(inspection: Inspection) -> journal.Contents | HistoryError:
    """Read the journal; gives the error where it cannot be read."""
    try:
        return journal.read_journal(inspection.folder / "journal")
    except HistoryError as error:
        return error


def check_journal(
    inspection: Inspection,
    campaign: str,
    contents: journal.Contents | HistoryError,
    sealed: Sealed,
) -> Sealed:
    """Check the journal against the sealed generations.

    Returns:
        These, with the generations to run again where the journal is ahead of them.
    """
    path, following = inspection.folder / "journal", sealed.generation + 1
    outcomes, problem, remedy = [], "", "replaced by an empty journal"
    if isinstance(contents, HistoryError):
        problem = str(contents)
        if path.is_file():
            outcomes = recover.outcomes(path)
            remedy = f"{len(outcomes)} whole entries restored"
    elif contents.campaign != campaign:
        problem = "it is of another campaign"
    elif contents.generation > following:
        sealed = sealed._replace(to_run_again=list(range(following, contents.generation)))
        lost = range_text(sealed.to_run_again)
        problem = f"it is at generation {contents.generation}, but generations {lost} are lost"
        remedy = "replaced by an empty journal; evo resume runs the lost generations again"
    if not problem:
        return sealed
    inspection.find("journal", problem, remedy)
    if inspection.repairs:
        inspection.set_aside(path)
        Journal.start(path, following, campaign=campaign, outcomes=outcomes).close()
    return sealed


def check_changes(inspection: Inspection, campaign: str) -> None:
    """Check the changes of settings; a file that is damaged can only be restored from a copy."""
    try:
        read_changes(inspection.folder, campaign=campaign)
    except HistoryError as error:
        inspection.find(CHANGES_FILE, str(error), "")


def check_replies(inspection: Inspection, campaign: str) -> None:
    """Check the replies of language models."""
    path = inspection.folder / replies.REPLIES_FILE
    try:
        replies.Replies.read(inspection.folder, campaign=campaign)
    except HistoryError as error:
        payloads = recover.payloads(path) if path.is_file() else []
        count = max(0, len(payloads) - 1)  # the first is the header
        inspection.find(path.name, str(error), f"{count} whole replies restored")
        if inspection.repairs:
            inspection.set_aside(path)
            replies.restore(inspection.folder, payloads, campaign=campaign)
