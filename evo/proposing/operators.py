"""The operators of a campaign: their portfolio, and whether its language models fit them."""

from collections.abc import Mapping

from evo.core.errors import UsageError
from evo.llm.models import check_prices
from evo.llm.settings import LlmSettings
from evo.proposing.settings import PortfolioSettings
from operators.base import WritingOperator, operators
from operators.portfolio import Portfolio

_OWN_PACKAGE = "operators"


def portfolio_of(weights: Mapping[str, float], settings: PortfolioSettings) -> Portfolio:
    """The operators of a configuration.

    Args:
        weights: of each operator, by name.
        settings: how the weights adapt.

    Raises:
        UsageError: an operator is unknown, or no weight is positive.
    """
    return Portfolio(weights, floor=settings.floor if settings.adaptive else None)


def check_use(settings: LlmSettings, portfolio: Portfolio, *, replayed: bool = False) -> None:
    """Check that operators, language models and budget fit.

    Args:
        settings: the models.
        portfolio: the operators that may ask them.
        replayed: whether all replies come from another campaign, so that no model is asked.

    Raises:
        UsageError: they do not.
    """
    if portfolio.asks and not settings.models:
        raise UsageError(
            f"Operators {', '.join(portfolio.asking)} ask a language model, and llm.models names "
            "none. Name one, or set their weights to 0."
        )
    if settings.models and not portfolio.asks:
        raise UsageError(
            "llm.models names language models, and no operator asks one. Give an operator such as "
            "novel-llm a weight (see evo list), or leave the models out."
        )
    if settings.models and settings.when_dead == "tree" and not portfolio.writes:
        raise UsageError(
            'llm.when_dead = "tree" needs a syntax-tree operator with a weight, such as '
            "mutate-tree, to continue alone."
        )
    if not replayed:
        check_prices(settings)


def are_own(weights: Mapping[str, float]) -> bool:
    """True if every operator that is drawn is evo's own and asks no language model."""
    drawn = [operators.get(name) for name, weight in weights.items() if weight > 0]
    return all(
        issubclass(operator, WritingOperator)
        and operator.__module__.partition(".")[0] == _OWN_PACKAGE
        for operator in drawn
    )
