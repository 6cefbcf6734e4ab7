"""Records to try the archive on: small ones by number, and any at all for hypothesis."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evo.core.diagnosis import Diagnosis
from evo.core.estimate import Estimate
from evo.core.novelty import Novelty
from evo.core.records import Candidate, Record, Score, Status, TaskScore
from evo.core.stages import Screening, ScreeningState, Stage, TrainingEnd
from evo.core.trials import Outcome, Trial
from support import records as build


def outcome(number: int, rung: int = 0) -> Outcome:
    trials = build.trials([0.1 * number] * 3, rung=rung)
    return Outcome(f"candidate-{number}", rung, trials, seconds=1.5)


def record(number: int, *, generation: int = 0, trials: int = 3) -> Record:
    """An evaluated record with everything set, of the sizes a campaign has."""
    source = f"import torch\n\n\ndef activation(x):\n    return torch.tanh({number} * x)\n"
    return build.record(
        f"{number:016x}",
        Status.EVALUATED,
        source=source,
        parents=(f"{number - 1:016x}",),
        operator="mutate",
        generation=generation,
        stage=Stage.EVALUATE,
        graphs=('{"nodes": []}', '{"nodes": [1]}'),
        text_vector=_vector(number, 384),
        behaviour_vector=_vector(number, 64),
        score=Score(
            1,
            build.trials([number + seed / 8 for seed in range(trials)], rung=1),
            Estimate(0.5, 0.25, 0.75),
            Estimate(0.125, 0.0, 0.25),
            Estimate(-0.25, -0.5, 0.0),
            {"digits": TaskScore(0.5, 0.125, 0.375)},
        ),
        novelty=Novelty(0.25, 1.5, "near-by-text", "near-by-behaviour"),
        seconds=2.5,
    )


def _vector(number: int, size: int) -> np.ndarray:
    """Numbers that every machine computes alike."""
    return ((np.arange(size) * 7919 * number) % 1021 / 512 - 1).astype(np.float32)


def refused(number: int, *, generation: int = 0) -> Record:
    """A record that fell out early: no graph, no vectors, no score."""
    return build.record(
        f"{number:016x}",
        Status.INVALID,
        source="def activation(",
        generation=generation,
        stage=Stage.POLICY,
        reason="does not parse",
    )


def screened(number: int, *, generation: int = 0) -> Record:
    """A record left to chance, since the reward model is not used."""
    return build.record(
        f"{number:016x}",
        Status.SCREENED_OUT,
        generation=generation,
        stage=Stage.SCREEN,
        reason="not drawn",
        screening=Screening(ScreeningState.ASIDE, "no better than chance"),
    )


def everything(item: Record) -> tuple[object, ...]:
    """All of a record as something that compares exactly: NaN and −0.0 by their bits."""
    return (
        item.candidate,
        item.generation,
        type(item.status),
        item.status,
        item.stage,
        item.reason,
        item.graphs,
        repr(item.score),
        repr(item.novelty),
        repr(item.seconds),
        repr((item.cost_usd, item.idea_cost_usd)),
        item.member,
        repr(item.screening),
        repr(item.diagnoses),
        *((v.dtype, v.shape, v.tobytes()) for v in (item.text_vector, item.behaviour_vector)),
    )


_text = st.text(st.characters(), max_size=12)  # any code point, half surrogate pairs too
_number = st.floats(width=64)
_trials = st.builds(
    Trial, st.integers(0, 9), _text, _text, st.integers(0, 2**63 - 1), _number, _number, _number
)
_rates = st.builds(Estimate, _number, _number, _number)
_scores = st.builds(
    Score,
    st.integers(0, 9),
    st.lists(_trials, max_size=3).map(tuple),
    _rates,
    _rates,
    _rates,
    st.dictionaries(_text, st.builds(TaskScore, _number, _number, _number), max_size=2),
    st.sampled_from(TrainingEnd),
)
_diagnoses = st.lists(
    st.builds(Diagnosis, _text, _text, *[_number] * (len(Diagnosis._fields) - 2)), max_size=2
).map(tuple)
_candidates = st.builds(
    Candidate,
    *(_text, _text, _text, st.lists(_text, max_size=3).map(tuple), _text),
    idea_model=_text,
    wording=_text,
    new_wording=_text,
    hypothesis=_text,
)


def _vectors(size: int) -> st.SearchStrategy[np.ndarray]:
    return st.one_of(st.just(np.zeros(0, np.float32)), arrays(np.float32, size))


records = st.builds(
    Record,
    _candidates,
    st.integers(0, 2**31),
    st.sampled_from(Status),
    st.sampled_from(Stage),
    _text,
    st.lists(_text, max_size=2).map(tuple),
    _vectors(3),
    _vectors(2),
    st.none() | _scores,
    st.none() | st.builds(Novelty, st.none() | st.floats(0, 2), _number, _text, _text),
    _number,
    _number,
    _number,
    _text,
    st.none() | st.builds(Screening, st.sampled_from(ScreeningState), _text),
    st.just(()) | _diagnoses,
)
outcomes = st.builds(
    Outcome,
    _text,
    st.integers(0, 9),
    st.lists(_trials, max_size=3).map(tuple),
    _number,
    _text,
    st.integers(0, 9),
    _diagnoses,
)
