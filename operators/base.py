"""What an operator is, and the registry of operators.

An operator writes new source from the source of its parents. Parents are data: an operator
parses them, it must never import, execute or evaluate a candidate's source.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from evo.registry import Registry
from evo.types import Contract, Record


class Operator(ABC):
    """A way to make one offspring. Subclass, set the attributes, and register.

    Attributes:
        name: the name it is registered under; offspring carry it in their record.
        arity: number of parents.
    """

    name: ClassVar[str]
    arity: ClassVar[int]

    @abstractmethod
    def propose(
        self, parents: Sequence[Record], contract: Contract, rng: np.random.Generator
    ) -> str:
        """Source of one offspring, other than each parent's.

        Args:
            parents: `arity` records whose sources may be anything; one that cannot be read is
                replaced by a fresh component rather than refused.
            contract: what the source must define.
            rng: the only source of chance; equal generators give equal offspring.
        """


operators: Registry[Operator] = Registry("operator", "operators")
