"""Work on an open campaign until it stops: events, progress, signals and trackers go with it."""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

from archive.history import stop_reason
from archive.history.history import History
from archive.history.reader import Reader
from evo.api.listener import Listener
from evo.api.walls import as_warning
from evo.campaign import process
from evo.campaign.events import (
    BudgetReached,
    EndpointDead,
    Event,
    GenerationSealed,
    StopCause,
    Stopped,
)
from evo.campaign.live_status import LiveStatus
from evo.campaign.progress import OnProgress, Progress
from evo.campaign.steer import Stop
from evo.campaign.stopping import Stopping
from evo.compute.numerics import sound_numerics
from evo.core.errors import BudgetReachedError, Warn
from evo.core.interrupts import plain_interrupts
from evo.llm.endpoint import EndpointDeadError
from evo.monitoring.control.server import NoSocketError, listening
from evo.monitoring.notify.notifier import Notify, notifying
from evo.monitoring.tracking.tracking import tracked


class CampaignRunner(Protocol):
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
    engine: CampaignRunner | None = None,
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
    warn = warn or as_warning
    with notifying(history, warn=warn) as notify:
        run_campaign = partial(
            engine or process.run_campaign, unsafe_sandbox=unsafe_sandbox, replay=replay
        )
        return _work(
            history,
            run_campaign,
            listener=listener,
            show=show,
            stopping=Stopping(on_stopping),
            notify=notify,
            warn=warn,
        )


def _work(
    history: History,
    run_campaign: Callable[[History, OnProgress], None],
    *,
    listener: Listener,
    show: OnProgress,
    stopping: Stopping,
    notify: Notify,
    warn: Warn,
) -> Stopped:
    live_status = LiveStatus(history.folder)

    def tell(event: Event) -> None:
        notify(event)  # first: a listener may raise
        listener(event)

    def stopped(cause: StopCause, message: str = "", *, notice: str = "") -> Stopped:
        event = Stopped(history.generation, cause, message)
        notify(replace(event, message=notice or message))
        listener(event)
        return event

    def watch(progress: Progress) -> None:
        show(progress)
        live_status.keep(progress)
        for event in progress.events:
            tell(event)
        stopping.watch(progress)
        if any(isinstance(event, GenerationSealed) for event in progress.events):
            track()

    try:
        with (
            sound_numerics(),
            stop_reason.kept(history.folder),
            plain_interrupts(),
            stopping,
            tracked(history.folder, draw=_front, warn=warn) as track,
            _steered(history, stopping.ask, warn),
        ):
            run_campaign(history, watch)
    except BudgetReachedError as reached:
        tell(BudgetReached(history.generation, str(reached)))
        return stopped(StopCause.BUDGET, str(reached))
    except KeyboardInterrupt as interrupt:
        stopped(StopCause.INTERRUPTED, str(interrupt) or stop_reason.INTERRUPTED)
        raise
    except Exception as error:
        if isinstance(error, EndpointDeadError):
            tell(EndpointDead(history.generation + 1, str(error)))
        stopped(StopCause.FAILED, str(error), notice=stop_reason.words_of(error))
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


def _front(reader: Reader, folder: Path) -> Path:
    """The picture of a campaign's Pareto front, for trackers."""
    from evo.report.facts.overview import overview_of  # noqa: PLC0415 - imports matplotlib
    from evo.report.pictures import save_pareto  # noqa: PLC0415

    return save_pareto(overview_of(reader), folder)
