"""Components of a campaign as code: one self-contained Python file, which needs torch alone."""

import importlib.util
import linecache
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from archive.history.reader import Reader
from archive.store import disk
from evo.core.errors import UsageError
from evo.core.records import Record

_MOST_ANCESTORS = 20


class RankedRecords(list[Record]):
    """Records of a campaign, the best first; the best one as code."""

    def __init__(self, records: Sequence[Record], reader: Reader) -> None:
        super().__init__(records)
        self._reader = reader

    def code(self) -> str:
        """The source of a self-contained file with the best component.

        Raises:
            UsageError: there is none.
        """
        return component_code(self._reader, self._first())

    def module(self, path: str | Path | None = None) -> ModuleType:
        """The best component as a module of Python, which needs torch alone.

        Args:
            path: file to write it to; without one it lives in this process alone.

        Raises:
            UsageError: there is none.
        """
        return component_module(self._reader, self._first(), path)

    def _first(self) -> Record:
        if not self:
            raise UsageError("The campaign has no candidate that was trained: nothing to write.")
        return self[0]


def component_code(reader: Reader, record: Record) -> str:
    """The source of a self-contained file with a record's component.

    Raises:
        UsageError: the record has no graph, since it was refused.
    """
    from evo.api.codegen.component_file import ComponentOrigin, component_file  # noqa: PLC0415 - loads torch
    from evo.components.kinds import kinds  # noqa: PLC0415

    if not record.graphs:
        raise UsageError(
            f"{record.id} was never traced ({record.status}: {record.explanation}), so there is "
            "nothing to write."
        )
    origin = ComponentOrigin(
        reader.folder.name,
        reader.config["tasks"],
        _ancestors(reader, record),
        version("evo-search"),
    )
    return component_file(record, kinds.get(record.candidate.kind)(), origin)


def component_module(reader: Reader, record: Record, path: str | Path | None = None) -> ModuleType:
    """A record's component as a module of Python; written to a file where a path is given."""
    source, name = component_code(reader, record), f"evo_component_{record.id}"
    if path is not None:
        file = Path(path)
        disk.replace(file, source.encode())
        spec = importlib.util.spec_from_file_location(file.stem, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[file.stem] = module  # so that what is made of its classes can be pickled
        spec.loader.exec_module(module)
        return module
    module = ModuleType(name)
    module.__file__ = f"<{name}>"
    sys.modules[name] = module
    # With its lines known, tracebacks show them and torch.jit can read them.
    linecache.cache[module.__file__] = (len(source), None, source.splitlines(True), module.__file__)
    # Written by evo from a checked graph; nothing of the candidate's source is executed.
    exec(compile(source, module.__file__, "exec"), module.__dict__)  # noqa: S102
    return module


def _ancestors(reader: Reader, record: Record) -> list[str]:
    """Ids of ancestors, nearest first, each once."""
    parents = {one.id: one.candidate.parents for one in reader.records}
    ancestors: dict[str, None] = {}
    generation = list(record.candidate.parents)
    while generation and len(ancestors) < _MOST_ANCESTORS:
        ancestors |= dict.fromkeys(generation)
        generation = [
            parent
            for id_ in generation
            for parent in parents.get(id_, ())
            if parent not in ancestors
        ]
    return list(ancestors)
