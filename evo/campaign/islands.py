"""Check the islands of a configuration by making them."""

from evo.campaign.config import Config
from evo.selection.islands import Islands


def check_islands(config: Config) -> None:
    """Check that the islands of a configuration can be made.

    Raises:
        UsageError: a strategy is unknown, or a number does not fit.
    """
    Islands.of(config.selection, config.population, config.generations)
