"""Arguments and results of a custom training loop: budget, measurements, metric."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, cast


class MeasurementError(ValueError):
    """A loop gave back no result; the message says what was expected and what came."""


class Budget(NamedTuple):
    """The length of one training.

    Attributes:
        epochs: of the rung, `epochs` in the configuration; the loop says what one is.
        share: of the longest rung, in (0, 1].
        batch_size: of the configuration.
        device: to train on, such as "cpu" or "cuda:0".
    """

    epochs: int
    share: float = 1.0
    batch_size: int = 32
    device: str = "cpu"


class Settings(NamedTuple):
    """Settings of one training, picked for each candidate on validation data.

    Attributes:
        learning_rate: one of `protocol.learning_rates`.
        strength: factor of a penalty, one of `protocol.strengths`.
    """

    learning_rate: float
    strength: float = 1.0


@dataclass(frozen=True)
class Metric:
    """A custom metric, such as F1 or perplexity.

    Attributes:
        name: for tables and reports.
        higher_is_better: whether a larger value is.
        perfect: value of a perfect result, such as 1 for F1 and 0 for an error. Where the metric
            decides, results then compare by the ratio of their distances to it. None where there
            is no such value, as for a reward: they compare by the difference in units of `scale`.
        scale: a difference that counts as much as a loss lower by 63 % does.
    """

    name: str = "accuracy"
    higher_is_better: bool = True
    perfect: float | None = 1.0
    scale: float = 1.0

    def as_loss(self, value: float) -> float:
        """A positive number, lower for better values, that decides in place of a loss.

        >>> Metric("F1").as_loss(0.75), Metric("reward", perfect=None, scale=10).as_loss(0.0)
        (0.25, 1.0)
        """
        sign = 1.0 if self.higher_is_better else -1.0
        if self.perfect is None:
            return math.exp(min(700.0, -sign * value / self.scale))
        distance = sign * (self.perfect - value)
        if distance < 0:
            bound = "up to" if self.higher_is_better else "from"
            raise MeasurementError(
                f"expected {self.name} {bound} {self.perfect:g}, its perfect value, got {value:g}"
            )
        return distance


@dataclass(frozen=True)
class Measurements:
    """Results of one training.

    Attributes:
        validation_loss: picks the setting; at least 0, as only ratios of losses count.
        test_loss: the result of the trial, of data that nothing else has seen.
        metric: on the test data.
        validation_metric: picks the setting where the metric decides in place of the loss.
        curve: training losses in their order, of any length; for its author to read.
    """

    validation_loss: float = math.nan
    test_loss: float = math.nan
    metric: float = math.nan
    validation_metric: float = math.nan
    curve: Sequence[float] = ()


def checked_measurements(result: Any) -> Measurements:
    """The measurements that a loop gave back, as plain numbers.

    Args:
        result: `Measurements`, or a mapping with the names of its fields.

    Raises:
        MeasurementError: it is something else.
    """
    names = [field.name for field in fields(Measurements)]
    if isinstance(result, Measurements):
        given = vars(result)
    elif isinstance(result, Mapping):
        given = cast(Mapping[str, Any], result)
    else:
        raise MeasurementError(f"expected Measurements, got {_words(result)}")
    if odd := sorted(set(given) - set(names)):
        raise MeasurementError(f"expected the names {', '.join(names)}, got {', '.join(odd)}")
    curve = [_number("curve", value) for value in given.get("curve", ())]
    numbers = {name: _number(name, given[name]) for name in names[:-1] if name in given}
    return Measurements(**numbers, curve=tuple(curve))


def _number(name: str, value: Any) -> float:
    shape = getattr(value, "shape", ())
    if len(shape):
        raise MeasurementError(f"expected {name} to be one number, got {_words(value)}")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise MeasurementError(f"expected {name} to be a number, got {_words(value)}") from None


def _words(value: Any) -> str:
    shape = getattr(value, "shape", None)
    words = f"a {type(value).__name__}" if value is not None else "None"
    return words if shape is None else f"{words} of shape {tuple(shape)}"
