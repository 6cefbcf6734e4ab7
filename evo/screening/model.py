"""The reward model: an ensemble of small networks that ranks candidates from evaluated ones.

It is trained on pairs of evaluated candidates with the Bradley–Terry model:

    P(i beats j) = σ(τ · (s_i − s_j))        s a network's output, one for B-WR, one for BSOTA-WR
    p_ij         = Φ((w_i − w_j) / √(v_i + v_j))        v from the 95 % intervals of win rates w
    loss         = Σ |2p_ij − 1| · H(p_ij, P(i beats j)) / Σ |2p_ij − 1|  +  H̄(w_i, σ(s_i))

with H the cross-entropy. A pair is weighted by the certainty of its order. The last term, weighted
by 1/(v_i + v₀), ties σ(s) to the win rate itself, so that σ(s) estimates it. Members differ in
initial weights and bootstrap sample; their errors on candidates outside of their samples give the
factor that turns their disagreement into a calibrated standard deviation.

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
from evo.screening.settings import DEFAULT_FIT, FitSettings

BLOCKS = ("behaviour", "propagation")
"""Features of the model; more made it no better (docs/measurements/screening.md)."""

_MEMBERS = 8
_WIDTH = 64
_RATE, _DECAY, _DROPOUT = 3e-3, 1e-2, 0.1
_STEEPNESS = 4.0
"""τ: near the middle, a difference of 0.1 in win rate means a probability of about 0.83."""
_SCALE = 8.0
"""Mean squared length of a candidate's features per block, equal for all blocks."""
_FAR = 6.0
"""Features are clipped at this many standard deviations."""
_VARIANCE = 0.03**2
"""v₀: smaller differences between win rates carry no information."""
_LEAST_SPREAD = 0.01


class Example(NamedTuple):
    """Measured win rates of n candidates: (n,) each.

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
        """The examples of scores."""
        return cls(
            np.array([score.b_wr.value for score in scores]),
            np.array([_variance(score.b_wr) for score in scores]),
            np.array([score.bsota_wr.value for score in scores]),
            np.array([_variance(score.bsota_wr) for score in scores]),
        )


class Prediction(NamedTuple):
    """Predicted win rates of n candidates and their standard deviations: (n,) each."""

    b_wr: Floats
    b_wr_spread: Floats
    bsota_wr: Floats
    bsota_wr_spread: Floats


@dataclass(frozen=True)
class Scaler:
    """Standardises blocks by the examples, and joins them into one matrix.

    Attributes:
        blocks: by name, mean and deviation, (d,) each, and the length of a typical row.
    """

    blocks: Mapping[str, tuple[Floats, Floats, float]]

    @classmethod
    def of(cls, features: Features, names: Sequence[str] = BLOCKS) -> "Scaler":
        """The scaler fitted to the features of examples."""
        scales: dict[str, tuple[Floats, Floats, float]] = {}
        for name in names:
            block = features[name].astype(np.float64)
            deviation = block.std(axis=0)
            deviation[deviation < 1e-6 * max(1.0, deviation.max())] = (
                np.inf
            )  # constant: no information
            rows = _standardised(block, block.mean(axis=0), deviation)
            length = float(np.sqrt(np.square(rows).sum(axis=1).mean())) or 1.0
            scales[name] = (block.mean(axis=0), deviation, length)
        return cls(scales)

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
        stretch: factors on the disagreement of members, for B-WR and BSOTA-WR.
    """

    scaler: Scaler
    layers: tuple[torch.Tensor, ...]
    stretch: tuple[float, float]

    @classmethod
    def fit(
        cls,
        features: Features,
        examples: Example,
        *,
        seed: int,
        blocks: Sequence[str] = BLOCKS,
        settings: FitSettings = DEFAULT_FIT,
    ) -> "RewardModel":
        """Fit a model to at least two examples.

        Args:
            features: one row per example.
            examples: their win rates.
            seed: of initial weights, samples and batches.
            blocks: names of the features to use.
            settings: number and size of the steps.
        """
        scaler = Scaler.of(features, blocks)
        inputs = scaler(features)
        generator = torch.Generator().manual_seed(seed)
        count = len(inputs)
        samples = torch.randint(count, (_MEMBERS, count), generator=generator)
        layers = _trained_layers(inputs, _targets(examples), samples, generator, settings)
        with torch.no_grad():
            rates = torch.sigmoid(_outputs(layers, inputs.expand(_MEMBERS, -1, -1)))
        wins = (examples.b_wr, examples.bsota_wr)
        stretch = [_stretch(rates[..., head], wins[head], samples) for head in range(2)]
        return cls(scaler, layers, (stretch[0], stretch[1]))

    def predict(self, features: Features) -> Prediction:
        """Predict the win rates of the candidates of these features."""
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
    """The variance of an estimate, from its 95 % interval."""
    return ((rate.high - rate.low) / 3.92) ** 2


def _standardised(block: Floats, mean: Floats, deviation: Floats) -> Floats:
    return np.clip((block - mean) / deviation, -_FAR, _FAR)


def _trained_layers(
    inputs: torch.Tensor,
    targets: _Targets,
    samples: torch.Tensor,
    generator: torch.Generator,
    settings: FitSettings,
) -> tuple[torch.Tensor, ...]:
    """The layers of all members, each trained on its sample (members, n) of the examples."""
    layers = _initial_layers(inputs.shape[1], generator)
    optimiser = torch.optim.AdamW(layers, lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, _RATE, total_steps=settings.steps, pct_start=0.1
    )
    for _ in range(settings.steps):
        drawn = torch.randint(samples.shape[1], (_MEMBERS, settings.batch), generator=generator)
        batch = samples.gather(1, drawn)
        outputs = _outputs(layers, inputs[batch], generator)
        loss = _loss(outputs, targets.rates[batch], targets.variances[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return tuple(layer.detach() for layer in layers)


def _initial_layers(width: int, generator: torch.Generator) -> list[torch.Tensor]:
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
    """Outputs s, (members, n, 2), for inputs (members, n, d); with dropout given a generator."""
    for index in range(0, len(layers) - 2, 2):
        signal = F.silu(torch.baddbmm(layers[index + 1], signal, layers[index]))
        if generator is not None:
            mask = torch.rand(signal.shape, generator=generator) > _DROPOUT
            signal = signal * mask / (1 - _DROPOUT)
    return torch.baddbmm(layers[-1], signal, layers[-2])


def _loss(outputs: torch.Tensor, rates: torch.Tensor, variances: torch.Tensor) -> torch.Tensor:
    """The loss above, summed over members and both rates; arguments (members, n, 2)."""
    gaps = rates.unsqueeze(2) - rates.unsqueeze(1)
    better = torch.special.ndtr(gaps / (variances.unsqueeze(2) + variances.unsqueeze(1)).sqrt())
    sure = (2 * better - 1).abs()
    ahead = _STEEPNESS * (outputs.unsqueeze(2) - outputs.unsqueeze(1))
    pairs = F.binary_cross_entropy_with_logits(ahead, better, reduction="none")
    weights = 1 / variances
    pointwise = F.binary_cross_entropy_with_logits(outputs, rates, reduction="none")
    ordered = (pairs * sure).sum((1, 2)) / sure.sum((1, 2)).clamp(min=1e-6)
    tied = (pointwise * weights).sum(1) / weights.sum(1)
    return (ordered + tied).sum()


def _stretch(rates: torch.Tensor, wins: Floats, samples: torch.Tensor) -> float:
    """Root mean square of error / disagreement, over members not trained on an example.

    Args:
        rates: (members, n) predicted.
        wins: (n,) measured.
        samples: (members, n) examples that each member was trained on.
    """
    count = rates.shape[1]
    hidden = np.ones((_MEMBERS, count), dtype=bool)
    for member, sample in enumerate(samples.numpy()):
        hidden[member, sample] = False
    predicted = np.where(hidden, rates.double().numpy(), np.nan)
    enough = hidden.sum(axis=0) > 1
    if not enough.any():
        return 1.0
    errors = wins[enough] - np.nanmean(predicted[:, enough], axis=0)
    spreads = np.maximum(rates.double().numpy().std(axis=0)[enough], _LEAST_SPREAD)
    return float(np.sqrt(np.mean(np.square(errors / spreads))))
