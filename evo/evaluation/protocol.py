"""The evaluation protocol as configuration. A change here states its fidelity (docs/)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Literal, NamedTuple

from pydantic import (
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationInfo,
    field_validator,
)

from evo.core.frozen import Frozen
from evo.core.trials import JobKey, Outcome, Trial

Fraction = Annotated[float, Field(gt=0, le=1)]
Several = Annotated[int, Field(gt=1)]
Precision = Literal["float32", "bfloat16"]


class Setting(NamedTuple):
    """A learning rate and penalty strength, picked per candidate on validation data.

    Attributes:
        learning_rate: of the optimiser.
        strength: of the penalty, where there is one.
    """

    learning_rate: float
    strength: float = 1.0


class Rung(Frozen):
    """One rung: how long, and on how many seeds and networks, a candidate trains.

    Of two rungs with the same epochs the higher one continues where the lower one stopped: what
    has trained counts again and is not repeated.
    """

    epochs: PositiveInt
    """Epochs per training."""
    seeds: Several
    """Seeds per network; at least two, since an interval needs a spread."""
    networks: PositiveInt | None = None
    """Number of each task's networks to use, in the task's order; unset means all."""


class Protocol(Frozen):
    """Evaluation protocol: what decides the result of a trial, and which candidates train on."""

    rungs: Annotated[tuple[Rung, ...], Field(min_length=1)] = (
        Rung(epochs=10, seeds=4, networks=1),
        Rung(epochs=10, seeds=10),
    )
    """Rungs of successive halving, shortest first."""
    first_seed: NonNegativeInt = 0
    """First training seed; the others follow it."""
    keep: Fraction = 1 / 3
    """Share of a rung's candidates that goes on to the next rung."""
    rate_seeds: Several = 4
    """Seeds of a rung's first heat. They train at every learning rate and strength; the best
    setting over all of them is used for the other seeds too."""
    heat_seeds: Several = 6
    """Seeds per later heat. Between heats, candidates that can no longer go on are stopped."""
    racing: bool = True
    """Stop hopeless candidates between heats."""
    leaders: NonNegativeInt = 3
    """Number of leading candidates that must have been measured again, on fresh seeds, before
    they lead; 0 for no second measurement. Fresh seeds are as many as the last rung's."""
    decided_by: Literal["loss", "refined"] = "loss"
    """Loss that decides a trial and picks its learning rate: `loss` is the task's (the error rate
    where losses evolve); `refined`, for classification, is what is left of it once a temperature
    has rescaled the outputs, which ranks as accuracy does with less noise than counting."""
    learning_rates: tuple[PositiveFloat, ...] = Field(
        default=(0.001, 0.003, 0.01, 0.03), min_length=1
    )
    """Learning rates to try, ascending; the best on validation data is used. Some kinds bring
    their own default."""
    strengths: tuple[PositiveFloat, ...] = Field(default=(1.0,), min_length=1)
    """Factors of a penalty to try with every learning rate, ascending; picked like these."""
    batch_size: PositiveInt = 32
    """Samples per batch."""
    passes: PositiveInt = 1
    """Passes per step, each over a share of the batch; their gradients add up, in less memory."""
    epoch_steps: PositiveInt | None = None
    """Steps that make an epoch, where the training split has more; unset means all of it."""
    precision: Precision = "float32"
    """Precision of the forward pass. With `bfloat16` products are of 16 bits, which a GPU may do
    twice as fast, not tried on one yet; parameters, losses and updates keep 32 bits. Results are
    other ones."""
    recorded_steps: bool = False
    """Record a training step on a GPU as a CUDA graph, and replay it: quicker where networks are
    small. Not tried on a GPU yet; the processor takes no notice."""

    @field_validator("learning_rates", "strengths")
    @classmethod
    def _ascending(cls, grid: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        if list(grid) != sorted(set(grid)):
            what = str(info.field_name).replace("_", " ")
            raise ValueError(f"expected ascending {what} without repeats, got {grid}")
        return grid

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Grid of the first heat: every learning rate with every strength."""
        return tuple(Setting(*pair) for pair in product(self.learning_rates, self.strengths))

    @property
    def for_everyone(self) -> "Protocol":
        """The same protocol without selection: every candidate trains all trials of every rung."""
        return self.model_copy(update={"keep": 1.0, "racing": False, "leaders": 0})

    def heats(self, rung: int) -> Sequence[range]:
        """The seeds of each heat of a rung, in order; that of the fresh seeds last.

        >>> Protocol(rungs=(Rung(epochs=1, seeds=13),), leaders=0).heats(0)
        [range(0, 4), range(4, 10), range(10, 13)]
        >>> Protocol().heats(1)
        [range(0, 4), range(4, 10), range(10, 20)]
        """
        end = self.first_seed + self.rungs[rung].seeds
        heats = [range(self.first_seed, min(end, self.first_seed + self.rate_seeds))]
        while (first := heats[-1].stop) < end:
            last = first + self.heat_seeds
            # A heat of one seed would cost more than it saves: it joins the one before.
            heats.append(range(first, end if last + 1 >= end else last))
        if self.has_fresh_heat(rung):
            heats.append(range(end, end + self.rungs[rung].seeds))
        return heats

    @property
    def fresh_seed(self) -> int:
        """First of the fresh seeds, which follow those of the last rung."""
        return self.first_seed + self.rungs[-1].seeds

    def has_fresh_heat(self, rung: int) -> bool:
        """True if the rung's last heat is that of the fresh seeds, which leaders alone train."""
        return self.leaders > 0 and rung == len(self.rungs) - 1

    def race_heats(self, rung: int) -> Sequence[range]:
        """The heats of a rung that its candidates race through, without the fresh one."""
        heats = self.heats(rung)
        return heats[:-1] if self.has_fresh_heat(rung) else heats

    def counts_at(self, lower: int, rung: int) -> bool:
        """True if trials of rung `lower` count at `rung`, the same or a higher one."""
        return lower <= rung and self.rungs[lower].epochs == self.rungs[rung].epochs

    def work(self, rung: int, heat: int, networks: Sequence[int]) -> int:
        """Epochs that a candidate trains in a heat, summed over all copies.

        Args:
            rung: index of the rung.
            heat: index of the heat.
            networks: number of networks of each task.

        >>> protocol = Protocol()
        >>> [protocol.work(rung, heat, [4]) for rung, heat in ((0, 0), (1, 0), (1, 1))]
        [160, 480, 240]
        """
        copies = sum(
            self._copies(rung, heat, network)
            for count in networks
            for network in range(min(count, self.rungs[rung].networks or count))
        )
        return copies * self.rungs[rung].epochs

    def _copies(self, rung: int, heat: int, network: int) -> int:
        """Number of copies that train in a heat, of a network by its index in its task."""
        trained = max(
            (
                below.seeds
                for lower, below in enumerate(self.rungs[:rung])
                if self.counts_at(lower, rung) and network < (below.networks or network + 1)
            ),
            default=0,
        )
        missing = sum(seed >= self.first_seed + trained for seed in self.heats(rung)[heat])
        return missing if heat or trained else missing * len(self.settings)


def steps_per_epoch(samples: int, batch_size: int, epoch_steps: int | None) -> int:
    """Steps of an epoch: its whole batches, at least one and at most as many as it may have.

    >>> steps_per_epoch(1000, 32, None), steps_per_epoch(1000, 32, 10)
    (31, 10)
    """
    whole = max(1, samples // batch_size)
    return whole if epoch_steps is None else min(whole, epoch_steps)


@dataclass(frozen=True)
class Job:
    """One candidate to train in one heat of one rung.

    Attributes:
        id: the candidate's.
        graphs: the candidate's, as text.
        rung: index of the rung.
        heat: index of the heat within the rung.
        known: the candidate's earlier trials, see `run_trials`.
    """

    id: str
    graphs: tuple[str, ...]
    rung: int
    heat: int = 0
    known: tuple[Trial, ...] = ()

    @property
    def key(self) -> JobKey:
        """Key of its outcome."""
        return JobKey(self.id, self.rung, self.heat)

    def failed(self, error: str) -> Outcome:
        """The outcome of a job that could not be trained."""
        return Outcome(self.id, self.rung, (), 0.0, error, self.heat)
