"""Baselines of a kind as validated records: known sources with the graphs that are trained."""

from collections.abc import Mapping
from types import MappingProxyType

from evo.components.base import Kind
from evo.core.errors import EvoError
from evo.core.records import Candidate, Record
from evo.validation.refusal import Refused
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validator


def own_baselines(kind: Kind) -> list[Record]:
    """The kind's baselines, validated outside of any campaign.

    Raises:
        EvoError: one of them is refused.
    """
    # Unsafe is harmless here: baselines ship with the kind, no generated source runs.
    with Sandbox(unsafe=True) as sandbox:
        return validated_baselines(kind, Validator(kind, sandbox))


def validated_baselines(
    kind: Kind,
    validator: Validator,
    further: Mapping[str, Candidate] = MappingProxyType({}),
) -> list[Record]:
    """Records of the kind's baselines, and of further ones, with their graphs, not trained yet."""
    named = {**kind.baselines(), **further}
    verdicts = validator.validate(list(named.values()))
    records: list[Record] = []
    for (name, candidate), verdict in zip(named.items(), verdicts, strict=True):
        if isinstance(verdict, Refused):
            raise EvoError(f"Baseline {name!r} of kind {kind.name!r} is refused: {verdict}")
        records.append(Record(candidate, generation=0, graphs=verdict.texts))
    return records
