"""Work on an open campaign until it stops: events, progress, signals and trackers go with it."""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Protocol

from archive.history import stop_reason
from archive.history.history import History
from archive.history.reader import Reader
from evo.api.listener import Listener
from evo.api.walls import Warn, as_warning
from evo.campaign import process
from evo.campaign.events import BudgetReached, GenerationSealed, StopCause, Stopped
from evo.campaign.live_status import LiveStatus
from evo.campaign.progress import OnProgress, Progress
from evo.campaign.steer import Stop
from evo.campaign.stopping import Stopping
from evo.compute.threads import one_thread
from evo.control.server import NoSocketError, listening
from evo.core.errors import BudgetReachedError
from evo.tracking.tracking import tracked


class Engine(Protocol):
    """Runs the campaign of a history, as `process.run_campaign` does."""

    def __call__(
        self, history: History, watch: OnProgress, *, unsafe_sandbox: bool, replay: Reader | None
    ) -> None:
        """Run it from where it stands to its end."""
        ...


def work(
    history: History,
    listener: Listener,
    show: OnProgress,
    *,
    on_stopping: Callable[[], None] = lambda: None,
    engine: Engine | None = None,
    replay: Reader | None = None,
    unsafe_sandbox: bool = False,
    warn: Warn | None = None,
) -> Stopped:
    """Run a campaign from where it stands until it is finished or a budget is used up.

    Args:
        history: the campaign's.
        listener: is given every event.
        show: is given every snapshot of progress.
        on_stopping: called at the first Ctrl-C or SIGTERM, seconds before the work stops.
        engine: runs the campaign, by default `process.run_campaign`.
        replay: a campaign from which replies of language models are taken.
        unsafe_sandbox: go on where the kernel lacks a wall.
        warn: called with what is worth a warning, by default as a Python warning.

    Returns:
        The last event, which says why it stopped.

    Raises:
        KeyboardInterrupt: it was interrupted; everything is saved.
        EvoError: the work failed; what was trained is saved.
    """
    stopping, warn = Stopping(on_stopping), warn or as_warning
    live_status = LiveStatus(history.folder)

    def watch(progress: Progress) -> None:
        show(progress)
        live_status.keep(progress)
        for event in progress.events:
            listener(event)
        stopping.watch(progress)

    def stopped(cause: StopCause, message: str = "") -> Stopped:
        event = Stopped(history.generation, cause, message)
        listener(event)
        return event

    try:
        with (
            one_thread(),
            stop_reason.kept(history.folder),
            stopping,
            tracked(history.folder, warn=warn) as track,
            _steered(history, stopping.ask, warn),
        ):

            def watch_and_track(progress: Progress) -> None:
                watch(progress)
                if any(isinstance(event, GenerationSealed) for event in progress.events):
                    track()

            run_campaign = engine or process.run_campaign
            run_campaign(history, watch_and_track, unsafe_sandbox=unsafe_sandbox, replay=replay)
    except BudgetReachedError as reached:
        listener(BudgetReached(history.generation, str(reached)))
        return stopped(StopCause.BUDGET, str(reached))
    except KeyboardInterrupt as interrupt:
        stopped(StopCause.INTERRUPTED, str(interrupt) or stop_reason.INTERRUPTED)
        raise
    except Exception as error:
        stopped(StopCause.FAILED, str(error))
        raise
    return stopped(StopCause.FINISHED)


@contextmanager
def _steered(history: History, stop: Stop, warn: Warn) -> Generator[None]:
    """Carry out the commands of `evo ctl`, where the folder takes a socket."""
    with ExitStack() as stack:
        try:
            stack.enter_context(listening(history, stop))
        except NoSocketError as error:
            warn(str(error))
        yield
