"""The registry of component kinds, combinations included."""

from evo.components.base import Kind
from evo.components.combination import combined
from evo.core.contract import SEPARATOR
from evo.core.errors import UsageError
from evo.core.registry import Registry


class _Kinds(Registry[Kind]):
    """Kinds by name; names with `+` between them name a combination."""

    def get(self, name: str) -> type[Kind]:
        """The class of that name.

        Raises:
            UsageError: no such name, or kinds that cannot be combined.
        """
        if SEPARATOR not in name:
            return super().get(name)
        names = sorted(one.strip() for one in name.split(SEPARATOR))
        if "" in names:
            raise UsageError(f"Kind {name!r}: expected a kind on each side of {SEPARATOR!r}.")

        return combined(tuple(super(_Kinds, self).get(one) for one in names))


kinds: Registry[Kind] = _Kinds("kind", "evo.components", "kinds")


def baseline_names(kind_name: str) -> dict[str, str]:
    """Names of a kind's baselines by id."""
    return {candidate.id: name for name, candidate in kinds.get(kind_name)().baselines().items()}
