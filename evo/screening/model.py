"""The reward model: an ensemble of small networks that orders candidates by the trials of others.

Pairs of evaluated candidates teach it which of two is better, the Bradley–Terry way:

    P(i beats j) = σ(τ · (s_i − s_j))        s a network's output, one for B-WR, one for BSOTA-WR
    p_ij         = Φ((w_i − w_j) / √(v_i + v_j))        v from the 95 % intervals of win rates w
    loss         = Σ |2p_ij − 1| · H(p_ij, P(i beats j)) / Σ |2p_ij − 1|  +  H̄(w_i, σ(s_i))

with H the cross-entropy. A pair counts as far as its order is known. The last term, weighed by
1/(v_i + v₀), ties σ(s) to the win rate itself, so that it can be read as one. Members differ in
start and bootstrap sample; what they make of candidates outside of their samples says how far their
disagreement must be stretched to be an honest standard deviation.

The same examples and seed give the same model, bit for bit, on one machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from evo.core.arrays import Floats
from evo.core.estimate import Estimate
from evo.core.records import Score
from evo.screening.features import Features

BLOCKS = ("behaviour", "propagation")
"""What it looks at: more made it no better (docs/measurements/screening.md)."""

_MEMBERS = 8
_WIDTH = 64
_STEPS = 300
_BATCH = 64
"""Examples of a step; all their pairs count."""
_RATE, _DECAY, _DROPOUT = 3e-3, 1e-2, 0.1
_STEEPNESS = 4.0
"""τ: a difference of 0.1 in win rate is worth a chance of about 0.83 near the middle."""
_SCALE = 8.0
"""Mean squared length of a candidate's features in a block, so that blocks count alike."""
_FAR = 6.0
"""Features are cut at so many standard deviations."""
_VARIANCE = 0.03**2
"""v₀: differences between win rates below this are no news."""
_LEAST_SPREAD = 0.01


class Example(NamedTuple):
    """What training gave for many candidates: (n,) each.

    Attributes:
        b_wr: B-WR.
        b_wr_variance: from its interval.
        bsota_wr: BSOTA-WR.
        bsota_wr_variance: from its interval.
    """

    b_wr: Floats
    b_wr_variance: Floats
    bsota_wr: Floats
    bsota_wr_variance: Floats

    @classmethod
    def of(cls, scores: Sequence[Score]) -> "Example":
        """The examples that scores are."""
        return cls(
            np.array([score.b_wr.value for score in scores]),
            np.array([_variance(score.b_wr) for score in scores]),
            np.array([score.bsota_wr.value for score in scores]),
            np.array([_variance(score.bsota_wr) for score in scores]),
        )


class Prediction(NamedTuple):
    """What is expected of many candidates, (n,) each: win rates and their standard deviations."""

    b_wr: Floats
    b_wr_spread: Floats
    bsota_wr: Floats
    bsota_wr_spread: Floats


@dataclass(frozen=True)
class Scaler:
    """Standardises blocks by the examples, and makes one matrix of them.

    Attributes:
        blocks: by name the mean, the deviation, (d,) each, and the length of a typical row.
    """

    blocks: Mapping[str, tuple[Floats, Floats, float]]

    @classmethod
    def of(cls, features: Features, names: Sequence[str] = BLOCKS) -> "Scaler":
        """The scale that examples set."""
        found: dict[str, tuple[Floats, Floats, float]] = {}
        for name in names:
            block = features[name].astype(np.float64)
            deviation = block.std(axis=0)
            deviation[deviation < 1e-6 * max(1.0, deviation.max())] = np.inf  # says nothing
            rows = _standardised(block, block.mean(axis=0), deviation)
            length = float(np.sqrt(np.square(rows).sum(axis=1).mean())) or 1.0
            found[name] = (block.mean(axis=0), deviation, length)
        return cls(found)

    def __call__(self, features: Features) -> torch.Tensor:
        """The blocks of n candidates side by side: (n, d) float32."""
        parts = [
            _standardised(features[name].astype(np.float64), mean, deviation) / length
            for name, (mean, deviation, length) in self.blocks.items()
        ]
        return torch.from_numpy((np.hstack(parts) * np.sqrt(_SCALE)).astype(np.float32))


@dataclass(frozen=True)
class RewardModel:
    """A trained ensemble. Make one with `RewardModel.fit`.

    Attributes:
        scaler: of its features.
        layers: weights (members, inputs, outputs) and biases (members, 1, outputs) in turn.
        stretch: what the disagreement of members is multiplied by, for B-WR and BSOTA-WR.
    """

    scaler: Scaler
    layers: tuple[torch.Tensor, ...]
    stretch: tuple[float, float]

    @classmethod
    def fit(
        cls, features: Features, examples: Example, *, seed: int, blocks: Sequence[str] = BLOCKS
    ) -> "RewardModel":
        """A model of examples, at least two.

        Args:
            features: a row for each example.
            examples: what training gave.
            seed: of the members' starts, samples and batches.
            blocks: the features to look at.
        """
        scaler = Scaler.of(features, blocks)
        inputs = scaler(features)
        generator = torch.Generator().manual_seed(seed)
        count = len(inputs)
        samples = torch.randint(count, (_MEMBERS, count), generator=generator)
        layers = _trained(inputs, _targets(examples), samples, generator)
        with torch.no_grad():
            rates = torch.sigmoid(_outputs(layers, inputs.expand(_MEMBERS, -1, -1)))
        wins = (examples.b_wr, examples.bsota_wr)
        stretch = [_stretch(rates[..., head], wins[head], samples) for head in range(2)]
        return cls(scaler, layers, (stretch[0], stretch[1]))

    def predict(self, features: Features) -> Prediction:
        """What is expected of the candidates of these features."""
        inputs = self.scaler(features)
        with torch.no_grad():
            outputs = _outputs(self.layers, inputs.expand(_MEMBERS, -1, -1))
            rates = torch.sigmoid(outputs).double().numpy()
        mean, spread = rates.mean(axis=0), np.maximum(rates.std(axis=0), _LEAST_SPREAD)
        return Prediction(
            mean[:, 0],
            spread[:, 0] * self.stretch[0],
            mean[:, 1],
            spread[:, 1] * self.stretch[1],
        )


class _Targets(NamedTuple):
    """Win rates and their variances, (n, 2) float32, B-WR first."""

    rates: torch.Tensor
    variances: torch.Tensor


def _targets(examples: Example) -> _Targets:
    rates = np.stack([examples.b_wr, examples.bsota_wr], axis=1)
    variances = np.stack([examples.b_wr_variance, examples.bsota_wr_variance], axis=1)
    return _Targets(
        torch.from_numpy(rates.astype(np.float32)),
        torch.from_numpy((variances + _VARIANCE).astype(np.float32)),
    )


def _variance(rate: Estimate) -> float:
    """Of an estimate with this 95 % interval."""
    return ((rate.high - rate.low) / 3.92) ** 2


def _standardised(block: Floats, mean: Floats, deviation: Floats) -> Floats:
    return np.clip((block - mean) / deviation, -_FAR, _FAR)


def _trained(
    inputs: torch.Tensor, targets: _Targets, samples: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, ...]:
    """The layers of all members, each trained on its sample (members, n) of the examples."""
    layers = _started(inputs.shape[1], generator)
    optimiser = torch.optim.AdamW(layers, lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, _RATE, total_steps=_STEPS, pct_start=0.1
    )
    for _ in range(_STEPS):
        drawn = torch.randint(samples.shape[1], (_MEMBERS, _BATCH), generator=generator)
        batch = samples.gather(1, drawn)
        outputs = _outputs(layers, inputs[batch], generator)
        loss = _loss(outputs, targets.rates[batch], targets.variances[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return tuple(layer.detach() for layer in layers)


def _started(width: int, generator: torch.Generator) -> list[torch.Tensor]:
    layers: list[torch.Tensor] = []
    for fan_in, fan_out, scale in ((width, _WIDTH, 1.0), (_WIDTH, _WIDTH, 1.0), (_WIDTH, 2, 0.3)):
        weight = torch.randn(_MEMBERS, fan_in, fan_out, generator=generator)
        layers += [weight * scale / fan_in**0.5, torch.zeros(_MEMBERS, 1, fan_out)]
    return [layer.requires_grad_() for layer in layers]


def _outputs(
    layers: Sequence[torch.Tensor],
    signal: torch.Tensor,
    generator: torch.Generator | None = None,
) -> torch.Tensor:
    """The s of each member, (members, n, 2), for (members, n, d); a generator brings dropout in."""
    for place in range(0, len(layers) - 2, 2):
        signal = F.silu(torch.baddbmm(layers[place + 1], signal, layers[place]))
        if generator is not None:
            kept = torch.rand(signal.shape, generator=generator) > _DROPOUT
            signal = signal * kept / (1 - _DROPOUT)
    return torch.baddbmm(layers[-1], signal, layers[-2])


def _loss(outputs: torch.Tensor, rates: torch.Tensor, variances: torch.Tensor) -> torch.Tensor:
    """The sum over members and both rates of the loss above; arguments (members, n, 2)."""
    gaps = rates.unsqueeze(2) - rates.unsqueeze(1)
    better = torch.special.ndtr(gaps / (variances.unsqueeze(2) + variances.unsqueeze(1)).sqrt())
    sure = (2 * better - 1).abs()
    ahead = _STEEPNESS * (outputs.unsqueeze(2) - outputs.unsqueeze(1))
    pairs = F.binary_cross_entropy_with_logits(ahead, better, reduction="none")
    weights = 1 / variances
    each = F.binary_cross_entropy_with_logits(outputs, rates, reduction="none")
    ordered = (pairs * sure).sum((1, 2)) / sure.sum((1, 2)).clamp(min=1e-6)
    tied = (each * weights).sum(1) / weights.sum(1)
    return (ordered + tied).sum()


def _stretch(rates: torch.Tensor, wins: Floats, samples: torch.Tensor) -> float:
    """Root mean square of error / disagreement, over members that an example was hidden from.

    Args:
        rates: (members, n) predicted.
        wins: (n,) that came.
        samples: (members, n) what each member was trained on.
    """
    count = rates.shape[1]
    hidden = np.ones((_MEMBERS, count), dtype=bool)
    for member, sample in enumerate(samples.numpy()):
        hidden[member, sample] = False
    foretold = np.where(hidden, rates.double().numpy(), np.nan)
    enough = hidden.sum(axis=0) > 1
    if not enough.any():
        return 1.0
    errors = wins[enough] - np.nanmean(foretold[:, enough], axis=0)
    spreads = np.maximum(rates.double().numpy().std(axis=0)[enough], _LEAST_SPREAD)
    return float(np.sqrt(np.mean(np.square(errors / spreads))))
