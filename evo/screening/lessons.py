"""Examples for reward models from other campaigns, as a file that a campaign can start with.

The file holds examples, features and margins, and no fitted model: a campaign fits one
for every generation, so examples of others join its own, and give way to them. It is parquet, one
row per example, the oldest first; reading it runs nothing.

Features mean the same only where kind, probe, first task and its networks are the same. So a file
includes the features of one known component, the kind's first baseline, and a campaign compares
them with those that it computes for this component itself.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from archive.store import disk
from evo.core.errors import UsageError
from evo.screening.features import Features, join_features, rows_of
from evo.screening.model import BLOCKS, Example

LESSONS_FORMAT = 1
_ABOUT = b"evo.lessons"
_NEAR = 1e-2
"""Bound on the differences of a component's features between machines."""


@dataclass(frozen=True)
class Lessons:
    """Examples of one kind from other campaigns.

    Attributes:
        kind: name of the kind.
        task: the task behind the propagation features.
        campaigns: names of the campaigns that they come from.
        features: the blocks of a model, one row per example.
        examples: their margins.
        reference: features of the kind's first baseline, one row.
    """

    kind: str
    task: str
    campaigns: Sequence[str]
    features: Features
    examples: Example
    reference: Features

    def __len__(self) -> int:
        return len(self.examples.value)

    def before(
        self, features: Features, examples: Example, *, most: int
    ) -> tuple[Features, Example]:
        """The latest of these lessons, followed by a campaign's own examples.

        Args:
            features: of the campaign; no blocks where it has no examples yet.
            examples: of the campaign.
            most: greatest number of lessons; 0 or below leaves them out.
        """
        latest = np.arange(max(0, len(self) - max(0, most)), len(self))
        earlier = rows_of(self.features, latest)
        later = {name: features[name] for name in BLOCKS} if features else rows_of(earlier, [])
        joined = (
            np.concatenate([lessons[latest], of_campaign])
            for lessons, of_campaign in zip(self.examples, examples, strict=True)
        )
        return join_features([earlier, later]), Example(*joined)

    def expect(self, *, kind: str, task: str, reference: Features, where: str) -> None:
        """Check that a campaign's features mean the same as these.

        Args:
            kind: of the campaign.
            task: first of the campaign.
            reference: the campaign's features of the kind's first baseline.
            where: begins the message.

        Raises:
            UsageError: they do not; the message names the difference.
        """
        if self.kind != kind:
            raise UsageError(f"{where}: of kind {self.kind!r}, the campaign is of {kind!r}.")
        if self.task != task:
            raise UsageError(
                f"{where}: made for task {self.task!r}, the campaign's first is {task!r}."
            )
        for name in BLOCKS:
            theirs, ours = self.reference[name], reference[name]
            if theirs.shape != ours.shape:
                raise UsageError(
                    f"{where}: {theirs.shape[1]} numbers of {name} per candidate, expected "
                    f"{ours.shape[1]}. Save it again with this version of evo."
                )
            if not np.allclose(theirs, ours, rtol=_NEAR, atol=_NEAR):
                raise UsageError(
                    f"{where}: {name} of a known component differs from its value here. Save it "
                    "again with this version of evo."
                )

    def write(self, path: Path) -> None:
        """Write them to a file durably; an existing file is replaced.

        Raises:
            HistoryError: the file cannot be written.
        """
        about = {
            "format": LESSONS_FORMAT,
            "kind": self.kind,
            "task": self.task,
            "campaigns": list(self.campaigns),
            "reference": {name: self.reference[name][0].tolist() for name in BLOCKS},
        }
        columns = {name: _vectors(self.features[name]) for name in BLOCKS}
        columns |= {name: pa.array(values) for name, values in self.examples._asdict().items()}
        table = pa.table(columns).replace_schema_metadata({_ABOUT: json.dumps(about).encode()})
        content = BytesIO()
        parquet.write_table(table, content, compression="zstd")
        disk.replace(path, content.getvalue())

    @classmethod
    def parse(cls, content: bytes, *, where: str) -> "Lessons":
        """Parse the content of a file; `where` begins an error message.

        Raises:
            UsageError: it is no such file, has another format, or impossible values.
        """
        try:
            table = parquet.read_table(BytesIO(content))
            about = json.loads((table.schema.metadata or {})[_ABOUT])
            if about["format"] != LESSONS_FORMAT:
                raise UsageError(
                    f"{where}: of format {about['format']}, this version of evo reads "
                    f"{LESSONS_FORMAT}. Save it again."
                )
            lessons = cls(
                kind=about["kind"],
                task=about["task"],
                campaigns=about["campaigns"],
                features={name: _matrix(table[name]) for name in BLOCKS},
                examples=Example(
                    *(table[name].to_numpy().astype(np.float64) for name in Example._fields)
                ),
                reference=_reference(about["reference"]),
            )
        except (
            pa.ArrowException,
            OSError,
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
        ) as error:
            raise UsageError(
                f"{where}: expected a file of evo reward --save ({type(error).__name__}: {error})."
            ) from None
        lessons._check(where)
        return lessons

    def _check(self, where: str) -> None:
        blocks = (*self.features.values(), *self.examples)
        if not all(np.isfinite(block).all() for block in blocks) or (self.examples.error < 0).any():
            raise UsageError(f"{where}: contains numbers that no evaluation gives.")
        for name in BLOCKS:
            if self.features[name].shape[1:] != self.reference[name].shape[1:]:
                raise UsageError(f"{where}: {name} differs in length from row to row.")


def _vectors(block: np.ndarray) -> Any:
    flat = pa.array(block.astype(np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, block.shape[1])


def _matrix(column: Any) -> np.ndarray:
    """(n, d) float32 of a column of lists."""
    flat = column.combine_chunks().flatten().to_numpy().astype(np.float32)
    return flat.reshape(len(column), -1)


def _reference(values: Mapping[str, Sequence[float]]) -> Features:
    return {name: np.array([values[name]], dtype=np.float32) for name in BLOCKS}
