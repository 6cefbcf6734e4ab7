"""A campaign for a notebook: read, never written, also while it runs.

from archive.campaign import Campaign

Campaign.open("runs/demo-001").dataframe()
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.history.export import table
from archive.history.reader import Reader
from archive.history.records import Records
from evo.core.errors import UsageError

if TYPE_CHECKING:
    import pandas


class Campaign:
    """A campaign's history for analysis. Make one with `Campaign.open`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @classmethod
    def open(cls, folder: str | Path) -> "Campaign":
        """The campaign in a folder as it is now, every byte of it checked.

        Raises:
            HistoryError: it is no campaign, or damaged; the message names the file.
        """
        return cls(Reader.read(Path(folder)))

    @property
    def config(self) -> Mapping[str, Any]:
        """The resolved configuration."""
        return self._reader.config

    @property
    def environment(self) -> Mapping[str, Any]:
        """Versions and machine that it began on."""
        return self._reader.environment

    @property
    def generation(self) -> int:
        """The last sealed generation, 0 the baselines; -1 when there is none."""
        return self._reader.generation

    @property
    def survivors(self) -> Sequence[str]:
        """Ids of the population after the last sealed generation."""
        return self._reader.survivors

    @property
    def records(self) -> Records:
        """All records in order with everything known of them, read from disk as they are used."""
        return self._reader.records

    def table(self) -> Any:
        """A `pyarrow.Table`, a row a record, with the columns of an export."""
        return table(self.records)

    def dataframe(self) -> "pandas.DataFrame":
        """A pandas data frame, a row a record, with the columns of an export.

        Raises:
            UsageError: pandas is not installed.
        """
        try:
            import pandas  # noqa: PLC0415 - an extra, and slow to import
        except ImportError:
            raise UsageError(
                "dataframe() needs pandas: pip install 'evo-search[pandas]'. "
                "table() gives the same as a pyarrow.Table without it."
            ) from None
        frame: pandas.DataFrame = self.table().to_pandas()
        return frame
