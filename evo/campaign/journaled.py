"""Training behind the journal: a result that is on disk is used, a new one goes there first."""

from collections.abc import Iterable, Sequence

from archive.history.history import History
from evo.campaign.progress import Tracker
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job
from evo.evaluation.rungs import Runner


def journaled(train: Runner, history: History, tracker: Tracker) -> Runner:
    """Train the jobs whose outcome is not in the journal; write each outcome there before use."""

    def run(jobs: Sequence[Job]) -> Iterable[Outcome]:
        recorded = [history.outcomes.get(job.key) for job in jobs]
        for outcome in recorded:
            if outcome is not None:
                tracker.outcome(outcome, replayed=True)
                yield outcome
        open_jobs = [job for job, outcome in zip(jobs, recorded, strict=True) if outcome is None]
        for outcome in train(open_jobs):
            # A failure may be the machine's fault: it is not recorded, and a resume tries again.
            if outcome.trials or not outcome.error:
                history.acknowledge(outcome)
            tracker.outcome(outcome, replayed=False)
            yield outcome

    return run
