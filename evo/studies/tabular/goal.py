"""The goal of a search in a pool."""

from typing import Literal, get_args

Goal = Literal["b_wr", "bsota_wr"]
"""The win rate to maximise."""

GOALS: tuple[Goal, ...] = get_args(Goal)
