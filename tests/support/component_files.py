"""Files of the baselines of each kind, as text and loaded."""

from functools import lru_cache
from types import ModuleType

import no_training

from evo.api.codegen.component_file import ComponentOrigin, component_file
from evo.components.kinds import baseline_names, kinds
from evo.core.records import Record
from evo.validation.baselines import validated_baselines
from evo.validation.validator import Validator

ORIGIN = ComponentOrigin("first", ("digits",), ("0123", "4567"), "0.1.0")


@lru_cache
def baselines(kind_name: str) -> dict[str, Record]:
    kind = kinds.get(kind_name)()
    names = baseline_names(kind_name)
    validator = Validator(kind, no_training.InProcess())
    return {names[record.id]: record for record in validated_baselines(kind, validator)}


def source_of(kind_name: str, name: str) -> str:
    return component_file(baselines(kind_name)[name], kinds.get(kind_name)(), ORIGIN)


def loaded(kind_name: str, name: str) -> ModuleType:
    module = ModuleType(name)
    exec(source_of(kind_name, name), module.__dict__)
    return module
