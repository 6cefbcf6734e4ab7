"""Novelty: how far a candidate lies from everything that was known when it arrived."""

from typing import NamedTuple


class Novelty(NamedTuple):
    """Both N-scores at the moment a candidate arrives, and its nearest neighbours.

    Attributes:
        text: 1 − largest cosine similarity of source embeddings to anything known; None in a
            campaign that takes no embeddings.
        behaviour: RMS distance of standardised probe outputs to the nearest known component.
        nearest_text: id of the nearest neighbour by text; empty without embeddings.
        nearest_behaviour: id of the nearest neighbour by behaviour.
    """

    text: float | None
    behaviour: float
    nearest_text: str
    nearest_behaviour: str
