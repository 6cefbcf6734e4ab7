"""How candidates are measured, as configuration. A change here states its fidelity (docs/)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, field_validator

Share = Annotated[float, Field(gt=0, le=1)]


class Frozen(BaseModel):
    """Base of every configuration model: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Rung(Frozen):
    """How long and on how many seeds a candidate trains at one rung."""

    epochs: PositiveInt
    seeds: Annotated[int, Field(gt=1)]
    """At least two: a learning rate is chosen over all seeds, an interval needs a spread."""


class Protocol(Frozen):
    """Everything that decides the result of a trial, and who climbs to the next rung."""

    rungs: Annotated[tuple[Rung, ...], Field(min_length=1)] = (
        Rung(epochs=3, seeds=4),
        Rung(epochs=10, seeds=8),
    )
    keep: Share = 1 / 3
    """Share of a rung's candidates that climbs to the next one (successive halving)."""
    learning_rates: tuple[PositiveFloat, ...] = Field(
        default=(0.001, 0.003, 0.01, 0.03), min_length=1
    )
    batch_size: PositiveInt = 32

    @field_validator("learning_rates")
    @classmethod
    def _ascending(cls, rates: tuple[float, ...]) -> tuple[float, ...]:
        if list(rates) != sorted(set(rates)):
            raise ValueError(f"expected ascending learning rates without repeats, got {rates}")
        return rates
