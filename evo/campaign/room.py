"""Room on disk that a campaign takes, and whether there is as much."""

import shutil
from pathlib import Path

from evo.campaign.propose_step import portfolio_of
from evo.config import Config
from evo.core.errors import UsageError

_PER_CANDIDATE = 4_000
"""Bytes of a candidate in a sealed generation; 2,000 were measured with both vectors."""
_PER_REPLY = 8_000
"""Bytes of a request and its reply; the prompts of a generation share most of theirs."""
_APART = 20_000_000
"""Bytes for the journal, pictures, and what else a campaign needs."""


def expected_bytes(config: Config) -> int:
    """Bytes that a campaign may take; while segments are merged, they are there twice.

    Raises:
        UsageError: an operator is unknown.
    """
    candidates = config.generations * config.offspring_in(config.generations)
    replies = 0.0
    if config.llm.models:
        asking = sum(config.operators.get(name, 0.0) for name in portfolio_of(config).asking)
        replies = candidates * asking / sum(config.operators.values())
    return _APART + 2 * candidates * _PER_CANDIDATE + round(replies) * _PER_REPLY


def free_bytes(folder: Path) -> int:
    """Bytes that are free where a folder is, or will be made."""
    place = folder.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free


def expect_room(config: Config, folder: Path) -> None:
    """Check that a campaign has room on disk.

    Args:
        config: the campaign's.
        folder: that its own will be in.

    Raises:
        UsageError: there is too little.
    """
    needed, free = expected_bytes(config), free_bytes(folder)
    if free < needed:
        raise UsageError(
            f"{folder.absolute()} has {free / 1e6:,.0f} MB free, and the campaign may take "
            f"{needed / 1e6:,.0f} MB. Free space (evo clean), or choose another folder."
        )
