"""Records, scores and trials in memory: a test states what its claim is about, the rest is given.

Records in which every field is set, and random ones, are in `archive_samples`.
"""

from collections.abc import Sequence
from typing import Any

from evo.core.estimate import Estimate
from evo.core.novelty import Novelty
from evo.core.records import Candidate, Record, Score, Status
from evo.core.stages import TrainingEnd
from evo.core.trials import Outcome, Trial
from evo.evaluation.protocol import Job, Protocol


def record(
    name: str,
    status: Status = Status.PROPOSED,
    *,
    kind: str = "activation",
    source: str = "",
    parents: Sequence[str] = (),
    operator: str = "test",
    model: str = "",
    generation: int = 1,
    **known: Any,
) -> Record:
    """A record with `name` as its id; what else is known of it are the fields of `Record`."""
    candidate = Candidate(name, kind, source or f"# {name}", tuple(parents), operator, model)
    return Record(candidate, generation, status, **known)


def written(
    source: str, status: Status = Status.PROPOSED, *, kind: str = "activation", **known: Any
) -> Record:
    """A record with the id that its source has in a campaign."""
    name = Candidate.of(kind, source, operator="test").id
    return record(name, status, kind=kind, source=source, **known)


def evaluated(
    name: str,
    b_wr: float = 0.5,
    n_score: float = 0.1,
    *,
    rung: int = 1,
    margin: Estimate | None = None,
    trials: Sequence[Trial] = (),
    end: TrainingEnd = TrainingEnd.COMPLETE,
    **known: Any,
) -> Record:
    """A record that was trained and archived; `n_score` is that by behaviour."""
    trained = {
        "score": score(b_wr, rung=rung, margin=margin, trials=trials, end=end),
        "novelty": Novelty(0.1, n_score, "a", "b"),
    }
    return record(name, Status.EVALUATED, **{**trained, **known})


def score(
    b_wr: float,
    *,
    rung: int = 1,
    margin: Estimate | None = None,
    trials: Sequence[Trial] = (),
    end: TrainingEnd = TrainingEnd.COMPLETE,
) -> Score:
    """A score whose BSOTA-WR, and margin where none is given, are its B-WR."""
    rate = Estimate(b_wr, 0.0, 1.0)
    return Score(rung, trials, rate, rate, margin or rate, {}, end)


def estimate(value: float, error: float) -> Estimate:
    """An estimate with a standard error."""
    return Estimate(value, value - 1.96 * error, value + 1.96 * error)


def trials(
    losses: Sequence[float],
    *,
    rung: int = 0,
    task: str = "digits",
    network: str = "mlp",
    first_seed: int = 0,
) -> tuple[Trial, ...]:
    """One trial per loss, on consecutive seeds."""
    return tuple(
        Trial(rung, task, network, seed, 0.01, float(loss), 0.9)
        for seed, loss in enumerate(losses, start=first_seed)
    )


def trained(job: Job, loss: float, protocol: Protocol) -> Outcome:
    """The outcome of a job in which every seed of its heat has one loss."""
    seeds = protocol.heats(job.rung)[job.heat]
    results = trials([loss] * len(seeds), rung=job.rung, first_seed=seeds[0])
    return Outcome(job.id, job.rung, results, seconds=1.0, heat=job.heat)
