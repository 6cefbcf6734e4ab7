"""Settings of the choice of operators."""

from typing import Annotated

from pydantic import Field, PositiveInt

from evo.core.frozen import Frozen


class PortfolioSettings(Frozen):
    """Adaptive operator selection: how often each operator is drawn."""

    adaptive: bool = False
    """Multiply an operator's weight by the share of its recent proposals that survived. On by
    default when language models are configured."""
    floor: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Share of the draws that is spread evenly over all operators."""
    window: PositiveInt = 10
    """Number of the latest generations that count as recent."""
