"""Diagnosis of a training: what is noted on the way, per network."""

from typing import NamedTuple


class Diagnosis(NamedTuple):
    """Notes on the training of one network, at the setting that was picked, gathered on the way.

    Attributes:
        diverged: share of the copies, at all learning rates and strengths tried, that diverged.
        stable_rate: largest learning rate at which none did; 0 where there is none.
        early_loss: mean training loss of the first epoch, or error rate where that decides.
        late_loss: of the last epoch.
        first_input_start: root mean square of what the first activation takes, before training.
        last_input_start: of what the last activation takes.
        signal_gain: root mean square of the last activation's output over the first one's, before
            training.
        gradient_gain: that of the gradient at the first one's output over the last one's.
        first_input_end: root mean square of what the first activation takes, after training.
        last_input_end: of what the last activation takes.
        flat: share of numbers at which an activation's slope is below 0.01, after training.
        dead: share of units where it is so on all samples looked at.
    """

    task: str
    network: str
    diverged: float
    stable_rate: float
    early_loss: float
    late_loss: float
    first_input_start: float
    last_input_start: float
    signal_gain: float
    gradient_gain: float
    first_input_end: float
    last_input_end: float
    flat: float
    dead: float
