"""A campaign as Python code sees it: read from its folder, never written, also while it runs."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from heapq import nlargest
from itertools import takewhile
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self

from archive.folders import run_folder
from archive.history.reader import Reader
from archive.history.records import Records
from archive.history.stop_reason import read_stop_reason
from evo.api.components import RankedRecords, component_code, component_module
from evo.core.errors import UsageError
from evo.core.records import Record

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from evo.campaign.config import Config


class CampaignState(StrEnum):
    """State of a campaign.

    RUNNING   a process is working on it
    STOPPED   not finished, and no process works on it: `evo.resume` goes on
    FINISHED  its last generation is sealed
    """

    RUNNING = "running"
    STOPPED = "stopped"
    FINISHED = "finished"


def open(path: str | Path) -> "Campaign":  # noqa: A001 - called as `evo.open`
    """Open a campaign for reading, also while another process runs it.

    Args:
        path: a campaign's folder, or its name under `runs/`.

    Raises:
        UsageError: there is no such campaign.
        HistoryError: it is damaged; the message names the file.
    """
    return Campaign(Reader.read(run_folder(path)))


class Campaign:
    """A campaign's history, as it was when it was opened or last refreshed.

    Make one with `evo.open`; `evo.run` and `evo.resume` return one.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def refresh(self) -> Self:
        """Read what has been written since, and return the campaign.

        Raises:
            HistoryError: a file is damaged.
        """
        self._reader.refresh()
        return self

    @property
    def folder(self) -> Path:
        """The campaign's folder."""
        return self._reader.folder

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def config(self) -> "Config":
        """The resolved configuration.

        Raises:
            UsageError: another version of evo wrote it, with keys that this one does not know.
        """
        from evo.campaign.config import parse  # noqa: PLC0415 - costs time that most uses need not pay

        return parse(self._reader.config, where=str(self.folder / "config.json"))

    @property
    def environment(self) -> Mapping[str, Any]:
        """Versions and machine that the campaign began on, and fingerprints of its tasks."""
        return self._reader.environment

    @property
    def generation(self) -> int:
        """The last sealed generation: 0 holds the baselines, -1 means that there is none."""
        return self._reader.generation

    @property
    def state(self) -> CampaignState:
        """State of the campaign: running, stopped or finished."""
        if self.generation >= self._reader.config["generations"]:
            return CampaignState.FINISHED
        return CampaignState.RUNNING if self._reader.is_running else CampaignState.STOPPED

    @property
    def stop_reason(self) -> str:
        """The reason of a stop, in words; empty for a running or finished one."""
        if self.state is not CampaignState.STOPPED:
            return ""
        return read_stop_reason(self.folder)

    @property
    def records(self) -> Records:
        """All records of sealed generations in order, read from disk as they are used."""
        return self._reader.records

    @property
    def baselines(self) -> list[Record]:
        """The known components that candidates are measured against."""
        return list(takewhile(lambda record: record.is_baseline, self.records))

    @property
    def survivors(self) -> Sequence[str]:
        """Ids of the population after the last sealed generation."""
        return self._reader.survivors

    def front(self, objectives: Sequence[str] = ("b_wr", "n_behaviour")) -> list[Record]:
        """The Pareto front of the candidates that were trained in full.

        Args:
            objectives: two or more of b_wr, bsota_wr, margin, metric, n_text, n_behaviour, and of
                those that are minimised: loss, least_metric, latency, memory, parameters, seconds,
                nodes, length.

        Returns:
            The candidates that no other one dominates, the best in the first objective first.

        Raises:
            UsageError: an objective is unknown.
        """
        from archive.pareto import front  # noqa: PLC0415 - costs time, as above
        from evo.report.facts.front import fully_evaluated  # noqa: PLC0415
        from evo.report.facts.objectives import objectives_of  # noqa: PLC0415

        measures = objectives_of(objectives)
        complete = fully_evaluated(record for record in self.records if record.is_proposal)
        if not complete:
            return []
        points = [[m.sign * m.read(record) for m in measures] for record in complete]
        return [complete[index] for index in front(points)]

    def best(self, n: int = 1) -> RankedRecords:
        """The n candidates of the best performance, as selection ranks them; the best first.

        `campaign.best().module()` is the best one as code.
        """
        from evo.core.performance import performance  # noqa: PLC0415 - costs time, as above

        ranked = (record for record in self.records if record.novelty and record.is_proposal)
        return RankedRecords(nlargest(n, ranked, key=performance), self._reader)

    def record(self, id: str) -> Record:  # noqa: A002 - the field's own name
        """The record whose id begins with `id`.

        Raises:
            UsageError: none does, or those of several candidates do.
        """
        from evo.report.facts.record import find_record  # noqa: PLC0415 - costs time, as above

        return find_record(self.records, id)

    def code(self, id: str) -> str:  # noqa: A002 - the field's own name
        """The source of a self-contained Python file with the component whose id begins with `id`.

        Raises:
            UsageError: there is no such record, or it was never traced.
        """
        return component_code(self._reader, self.record(id))

    def module(self, id: str, path: str | Path | None = None) -> ModuleType:  # noqa: A002
        """The component whose id begins with `id` as a module of Python, which needs torch alone.

        Args:
            id: of the record.
            path: file to write it to; without one it lives in this process alone.

        Raises:
            UsageError: there is no such record, or it was never traced.
        """
        return component_module(self._reader, self.record(id), path)

    def table(self) -> Any:
        """The records as a `pyarrow.Table`: one row per record, the columns of `evo export`."""
        from archive.history.export import records_table  # noqa: PLC0415 - costs time, as above
        from evo.report.facts.exported import exported_figures  # noqa: PLC0415

        return records_table(self.records, further=exported_figures())

    def dataframe(self) -> "pandas.DataFrame":
        """The records as a pandas data frame: one row per record, the columns of `evo export`.

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

    def plot(
        self,
        kind: str = "pareto",
        *,
        objectives: Sequence[str] = ("b_wr", "n_behaviour"),
        over: "Campaign | None" = None,
    ) -> "Figure":
        """A picture of the campaign; a notebook shows it, `figure.savefig` writes it.

        Args:
            kind: pareto, progress, win-rates, best, shapes or lineage.
            objectives: what the front is of, as in `front`.
            over: a second campaign, whose front is drawn over this one; for pareto, progress and
                win-rates.

        Raises:
            UsageError: a kind or objective is unknown, or the kind takes no second campaign.
        """
        from evo.report.facts.objectives import objectives_of  # noqa: PLC0415 - costs time
        from evo.report.facts.overview import (  # noqa: PLC0415
            overview_of,
            with_one_reference,
        )
        from evo.report.pictures import draw  # noqa: PLC0415

        chosen = objectives_of(objectives)
        overview = overview_of(self._reader, chosen)
        if over is None:
            return draw(kind, overview)
        return draw(kind, *with_one_reference(overview, overview_of(over._reader, chosen)))

    def __repr__(self) -> str:
        last = self._reader.config["generations"]
        return (
            f"<Campaign {self.name}: {self._reader.config['kind']}, {self.state}, "
            f"generation {self.generation} of {last}, {len(self.records)} records>"
        )

    def _repr_html_(self) -> str:
        from evo.api.notebook import campaign_html  # noqa: PLC0415 - for notebooks only

        return campaign_html(repr(self), self.front())
