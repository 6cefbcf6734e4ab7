"""Check islands and operators of a configuration by making them."""

from evo.campaign.config import Config
from evo.proposing.operators import portfolio_of
from evo.selection.islands import Islands


def check_strategies(config: Config) -> None:
    """Check that islands and operators can be made.

    Raises:
        UsageError: a strategy or an operator is unknown, or a number does not fit.
    """
    Islands.of(config.selection, config.population, config.generations)
    portfolio_of(config.operators, config.portfolio)
