"""Wordings of the operators' tasks, drawn by what the candidates that they led to contribute.

Besides the standard wording of an operator there are those that evo has, those of the
configuration, and those that models propose. A model's wording is tried eight times, and drawn
afterwards only while a candidate of it survives at least as often as one of the standard wording.
Derived from sealed records alone.
"""

import hashlib
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from evo.core.adaptation import Tally
from evo.core.records import Generation, Record
from evo.llm.bandit import choose_model
from evo.llm.settings import WordingSettings
from evo.proposing.memory import REPAIR
from operators.briefing import Contender
from operators.llm.wordings import shipped

_STANDARD = ""
_TRIAL = 8
"""Candidates of a model's wording before it is judged."""
_MOST = 3
"""Wordings of models that are drawn for one operator, those that contribute most."""


class _Use(NamedTuple):
    """The candidates of a generation that one wording led to."""

    generation: int
    operator: str
    wording: str
    tally: Tally


class _Proposed(NamedTuple):
    """A wording that a model proposed."""

    generation: int
    operator: str
    text: str


class Wordings:
    """Draws wordings; equal histories and generators give equal ones.

    Args:
        settings: wordings of the configuration, and how often models are asked for one.
        window: latest generations that decide how often a wording is drawn.
    """

    def __init__(self, settings: WordingSettings, window: int) -> None:
        self._settings = settings
        self._window = window
        self._uses: list[_Use] = []
        self._proposed: list[_Proposed] = []

    def take(self, sealed: Generation) -> None:
        """Add the candidates of a sealed generation."""
        records = {record.id: record for record in sealed.records}
        survivors = frozenset(sealed.survivors)
        for record in sealed.records:
            if not record.candidate.model:
                continue
            asked = _asked(record, records)
            is_repair = record.candidate.operator == REPAIR
            lives = record.id in survivors and record.novelty is not None
            tally = Tally(int(not is_repair), int(lives))
            candidate = asked.candidate
            self._uses.append(_Use(sealed.number, candidate.operator, candidate.wording, tally))
            if record.candidate.new_wording:
                text = record.candidate.new_wording
                self._proposed.append(_Proposed(sealed.number, candidate.operator, text))

    def draw(self, operator: str, known: int, rng: np.random.Generator) -> str:
        """The text of a wording for an operator; empty for the standard one.

        Args:
            operator: its name.
            known: the last generation whose records may be used.
            rng: the only source of chance.
        """
        texts = self._texts(operator, known)
        recent = self._tallies(operator, first=known - self._window + 1, last=known)
        return texts[choose_model(list(texts), recent, rng, cost_weight=0.0)]

    def contenders(self, operator: str, known: int) -> list[Contender]:
        """The wordings that are drawn for an operator, with what each has contributed."""
        tallies = self._tallies(operator, first=0, last=known)
        pairs = [
            (text, tallies.get(id_, Tally())) for id_, text in self._texts(operator, known).items()
        ]
        return [Contender(text, tally.proposed, tally.survived) for text, tally in pairs]

    def reworded(self, known: int, operators: Sequence[str]) -> str:
        """The operator for which the next generation asks a model for a wording; else empty."""
        every = self._settings.propose_every
        eligible = [name for name in operators if shipped(name)]
        if not every or not eligible or known < every or known % every:
            return ""
        return eligible[(known // every - 1) % len(eligible)]

    def _texts(self, operator: str, known: int) -> dict[str, str]:
        """Texts by id, the standard one first."""
        given = [*shipped(operator), *self._settings.texts.get(operator, ())]
        proposed = [
            one.text
            for one in self._proposed
            if one.operator == operator and one.generation <= known
        ]
        tallies = self._tallies(operator, first=0, last=known)
        standing = [text for text in dict.fromkeys(proposed) if _stands(text, tallies)]
        standing.sort(key=lambda text: -_rate(tallies.get(wording_id(text), Tally())))
        texts = {wording_id(text): text for text in chain(given, standing[:_MOST])}
        return {_STANDARD: "", **texts}

    def _tallies(self, operator: str, *, first: int, last: int) -> Mapping[str, Tally]:
        tallies: dict[str, Tally] = {}
        for use in self._uses:
            if use.operator == operator and first <= use.generation <= last:
                tallies[use.wording] = tallies.get(use.wording, Tally()).plus(use.tally)
        return tallies


def wording_id(text: str) -> str:
    """Id of a wording in records; empty for the standard one, whose text is empty."""
    return hashlib.sha256(text.encode()).hexdigest()[:8] if text else _STANDARD


def _asked(record: Record, records: Mapping[str, Record]) -> Record:
    """The record that a repair repairs, or the record itself."""
    if record.candidate.operator != REPAIR:
        return record
    return records.get(next(iter(record.candidate.parents), ""), record)


def _stands(text: str, tallies: Mapping[str, Tally]) -> bool:
    """True while a model's wording is tried, or contributes as much as the standard one."""
    tally = tallies.get(wording_id(text), Tally())
    return tally.proposed < _TRIAL or _rate(tally) >= _rate(tallies.get(_STANDARD, Tally()))


def _rate(tally: Tally) -> float:
    """Mean of the posterior of the share that survives."""
    return (tally.survived + 1) / (tally.proposed + 2)
