"""Progress of a running campaign as frozen snapshots, never a handle on the campaign itself."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evo.campaign.ascent import Ascent
from evo.campaign.budget_warnings import Use
from evo.campaign.climb import Climb
from evo.campaign.events import CandidateEvaluated, Event, GenerationSealed
from evo.core.pace import seconds_left
from evo.core.performance import performance
from evo.core.records import Generation, Record, Status
from evo.core.trials import Outcome, Trial
from evo.evaluation.protocol import Protocol
from evo.evaluation.statistics.figures import TaskFigures, figures
from evo.evaluation.statistics.trial_values import trials_of_baselines
from evo.screening.verdict import ScreeningVerdict


@dataclass(frozen=True)
class Progress:
    """Snapshot of a running campaign.

    Attributes:
        generation: the generation in progress; 0 trains the baselines.
        generations: number of the last generation.
        step: the current step, in one word.
        counts: candidates of all generations by status.
        trained: share of this generation's training work that is done, in [0, 1].
        best: the best candidate of the sealed generations; None before there is one.
        seconds: wall time of this process.
        per_minute: candidates evaluated per minute of this process's search.
        seconds_left: estimate to the end; None before it can be made.
        reward: state of the reward model; None in a campaign without one.
        climb: how the search climbs, as of the last sealed generation; None before there is one.
        figures: loss and metric of the best by task, beside the best baseline's.
        margins: margin of the best so far after each sealed generation that had one, in order.
        uses: what was spent so far by budget, with its limit.
        events: events since the last snapshot, in order.
    """

    generation: int
    generations: int
    step: str
    counts: Mapping[Status, int] = field(default_factory=dict[Status, int])
    trained: float = 0.0
    best: Record | None = None
    seconds: float = 0.0
    per_minute: float = 0.0
    seconds_left: float | None = None
    reward: ScreeningVerdict | None = None
    climb: Climb | None = None
    figures: tuple[TaskFigures, ...] = ()
    margins: tuple[float, ...] = ()
    uses: Mapping[str, Use] = field(default_factory=dict[str, Use])
    events: tuple[Event, ...] = ()


OnProgress = Callable[[Progress], None]
DueEvents = Callable[[int], Iterable[Event]]
"""The events that are due in a generation, by its number."""


class Tracker:
    """Counts what happens in a campaign and reports it.

    Args:
        watch: called with a snapshot at every event.
        generation: the last sealed generation.
        generations: number of the last generation.
        trainings: most candidates that a generation trains.
        protocol: gives the training work per rung.
        networks: number of networks per task.
        clock: monotonic seconds.
        screening: whether a reward model chooses what trains.
        start: when the process began to work, by the clock; by default now.
    """

    def __init__(
        self,
        watch: OnProgress,
        *,
        generation: int,
        generations: int,
        trainings: int,
        protocol: Protocol,
        networks: Sequence[int],
        clock: Callable[[], float],
        screening: bool = False,
        start: float | None = None,
    ) -> None:
        self._lock = threading.RLock()  # outcomes come from several threads
        self._watch = watch
        self._clock = clock
        self._start = clock() if start is None else start
        self._search_start: float | None = None
        self._training_start = self._start
        self._sealed_before = max(generation, 0)
        self._generation = generation + 1
        self._generations = generations
        self._trainings = trainings
        self._protocol = protocol
        self._networks = networks
        self._step = "start"
        self._past: Counter[Status] = Counter()
        self._present: Counter[Status] = Counter()
        self._work = self._done = self._replayed = 0.0
        self._evaluated_here = self._first_rung_done = 0
        self._best: Record | None = None
        self._reward = ScreeningVerdict() if screening else None
        self._ascent = Ascent(protocol.fresh_seed)
        self._events: list[Event] = []
        self._due: list[DueEvents] = []
        self._margins: list[float] = []
        self._baselines: dict[str, Sequence[Trial]] = {}
        self._figures: tuple[TaskFigures, ...] = ()
        self._uses: Callable[[], Mapping[str, Use]] = dict

    def also_report(self, due: DueEvents) -> None:
        """Ask for further events at every report."""
        self._due.append(due)

    def also_show(self, uses: Callable[[], Mapping[str, Use]]) -> None:
        """Put what is spent, by budget, into every snapshot."""
        self._uses = uses

    def step(self, generation: int, name: str, records: Sequence[Record]) -> None:
        """Note that a step begins on these records."""
        with self._lock:
            if self._search_start is None and generation > 0:
                self._search_start = self._clock()
            self._generation, self._step = generation, name
            candidates = _proposed_here(records)
            self._present = Counter(record.status for record in candidates)
            self._update_reward(records)
            if name in ("propose", "baselines", "again", "evaluate"):
                self._done = self._work = self._replayed = 0.0
                self._first_rung_done = 0
                self._training_start = self._clock()
            live = sum(record.status is Status.PROPOSED for record in records)
            if name == "evaluate":
                self._work = self._work_of_a_generation(live)
            elif name in ("baselines", "again"):
                self._work = self._expected_work(live, self._protocol.heats, climbing=1.0)
            elif name == "archive":
                scored = (record for record in candidates if record.status is Status.EVALUATED)
                self._events += map(CandidateEvaluated, scored)
            self.report()

    @property
    def trained(self) -> int:
        """Number of candidates trained in the sealed generations."""
        return self._past[Status.EVALUATED] + self._past[Status.FAILED]

    def outcome(self, outcome: Outcome, *, replayed: bool) -> None:
        """Note an outcome of this process, or one recorded before it began (replayed)."""
        with self._lock:
            self._done += self._cost(outcome.rung, outcome.heat)
            if replayed:
                self._replayed += self._cost(outcome.rung, outcome.heat)
            elif outcome.rung == outcome.heat == 0 and self._step == "evaluate":
                self._first_rung_done += 1
            self.report()

    def take(self, sealed: Generation) -> None:
        """Count a sealed generation; report it if this process has sealed it."""
        with self._lock:
            candidates = [record for record in sealed.records if record.is_proposal]
            self._past.update(record.status for record in _proposed_here(candidates))
            self._update_reward(candidates)
            self._ascent.take(sealed)
            if self._ascent.now is not None and self._ascent.now.best is not None:
                self._margins.append(self._ascent.now.best.margin.value)
            scored = [record for record in candidates if record.novelty is not None]
            contenders = [*scored, *([self._best] if self._best else [])]
            before, self._best = self._best, max(contenders, key=performance, default=None)
            self._baselines |= trials_of_baselines(sealed.records)
            if self._best is not None and self._best is not before:
                trials = tuple(self._best.scored.trials)
                self._figures = tuple(figures(self._best.id, trials, self._baselines))
            if sealed.number > self._sealed_before:
                self._evaluated_here += sum(r.status is Status.EVALUATED for r in candidates)
                self._present, self._first_rung_done = Counter(), 0
                self._events.append(
                    GenerationSealed(
                        sealed.number, self._generations, tuple(sealed.records), self._best
                    )
                )
                self.report()

    def report(self) -> None:
        """Report a snapshot of the current state."""
        with self._lock:
            now = self._clock()
            search = now - self._search_start if self._search_start is not None else 0.0
            evaluated = self._evaluated_here + self._first_rung_done
            trained = min(1.0, self._done / self._work) if self._work else 0.0
            due = [event for events in self._due for event in events(self._generation)]
            events, self._events = (*self._events, *due), []
            self._watch(
                Progress(
                    generation=self._generation,
                    generations=self._generations,
                    step=self._step,
                    counts=self._past + self._present,
                    trained=trained,
                    best=self._best,
                    seconds=now - self._start,
                    per_minute=60 * evaluated / search if search > 0 else 0.0,
                    seconds_left=self._seconds_left(search, trained),
                    reward=self._reward,
                    climb=self._ascent.now,
                    figures=self._figures,
                    margins=tuple(self._margins),
                    uses=self._uses(),
                    events=events,
                )
            )

    def _update_reward(self, records: Sequence[Record]) -> None:
        if self._reward is not None:
            self._reward = self._reward.after(records)

    def _seconds_left(self, search: float, trained: float) -> float | None:
        """Estimate from the mean time per generation in this process, the current one in part."""
        if self._generation == 0:
            return self._seconds_left_with_baselines()
        done = self._generation - 1 - self._sealed_before + trained
        if self._generation - 1 == self._sealed_before and self._work:
            done -= self._replayed / self._work  # replayed work took no time
        left = self._generations - self._generation + 1 - trained
        return seconds_left(search, done=done, work=1.0, rest=left)

    def _seconds_left_with_baselines(self) -> float | None:
        """Estimate from the baselines' training, before any generation has been timed."""
        done = self._done - self._replayed  # replayed work took no time
        rest = max(0.0, self._work - self._done)
        rest += self._generations * self._work_of_a_generation(self._trainings)
        seconds = self._clock() - self._training_start
        return seconds_left(seconds, done=done, work=self._work, rest=rest)

    def _work_of_a_generation(self, candidates: int) -> float:
        return self._expected_work(
            candidates, self._protocol.race_heats, climbing=self._protocol.keep
        )

    def _expected_work(
        self, candidates: int, heats: Callable[[int], Sequence[range]], *, climbing: float
    ) -> float:
        return sum(
            candidates * climbing**rung * self._cost(rung, heat)
            for rung in range(len(self._protocol.rungs))
            for heat in range(len(heats(rung)))
        )

    def _cost(self, rung: int, heat: int) -> float:
        return self._protocol.work(rung, heat, self._networks)


def _proposed_here(records: Iterable[Record]) -> list[Record]:
    """The candidates that this search proposed, not those that it began with."""
    return [record for record in records if record.is_proposal and not record.is_inherited]
