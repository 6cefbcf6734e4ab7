"""Questions that an agent may ask about campaigns, as plain functions of facts.

Nothing here changes a campaign but `steer`, and no name reaches a folder outside that of the
campaigns. The first line of each docstring tells a model what the tool gives.
"""

from pathlib import Path
from typing import Any

from archive.folders import run_names
from archive.history.reader import Reader
from evo.campaign.commands import HINT_GENERATIONS, Command
from evo.core.errors import unknown_name
from evo.core.performance import performance
from evo.core.records import Record, Status
from evo.monitoring.control.anywhere import carry_out_command
from evo.report.facts.comparison import comparison_facts
from evo.report.facts.overview import overview_of
from evo.report.facts.pareto import pareto_facts
from evo.report.facts.record import find_record, record_facts, score_facts
from evo.report.facts.runs import runs_facts
from evo.report.facts.status import status_facts
from evo.report.facts.steering import answer_facts

MOST_ROWS = 100
"""Most candidates per answer."""


class Tools:
    """The tools of a server.

    Args:
        parent: the folder of the campaigns.
    """

    def __init__(self, parent: Path) -> None:
        self._parent = parent

    def list_campaigns(self) -> list[dict[str, Any]]:
        """List all campaigns with state, generation, best margin, spending and hours."""
        return runs_facts(self._parent / name for name in run_names(self._parent))

    def status(self, run: str) -> dict[str, Any]:
        """Say where a campaign stands: progress, counts, climb, best, spending, why it stopped.

        Args:
            run: name of the campaign.
        """
        return status_facts(self._reader(run))

    def candidates(
        self,
        run: str,
        status: str = "EVALUATED",
        operator: str = "",
        generation: int = -1,
        limit: int = 20,
    ) -> dict[str, Any]:
        """List candidates of a campaign, the best first where they were evaluated.

        Args:
            run: name of the campaign.
            status: EVALUATED, DUPLICATE, INVALID, SCREENED_OUT, FAILED, or empty for all.
            operator: only those that this operator wrote; empty for all.
            generation: only those of this generation; -1 for all.
            limit: number of candidates, at most 100.
        """
        if status and status not in Status.__members__:
            raise unknown_name("status", status, list(Status))
        chosen = [
            record
            for record in self._reader(run).records
            if record.is_proposal
            and (not status or record.status == status)
            and (not operator or record.candidate.operator == operator)
            and generation in (-1, record.generation)
        ]
        chosen.sort(key=lambda record: -performance(record) if record.score else 0.0)
        shown = chosen[: max(0, min(limit, MOST_ROWS))]
        return {"matching": len(chosen), "candidates": [_row(record) for record in shown]}

    def show_component(self, run: str, component: str, trials: bool = False) -> dict[str, Any]:
        """Show everything known of one component: source, parents, scores, novelty, reason.

        Args:
            run: name of the campaign.
            component: its id or the beginning of it.
            trials: whether every single training is listed as well.
        """
        facts = record_facts(find_record(self._reader(run).records, component))
        if facts["score"] is not None and not trials:
            del facts["score"]["trials"]
        return facts

    def front(self, run: str) -> dict[str, Any]:
        """Show the Pareto front of a campaign over win rate and novelty, with sources.

        Args:
            run: name of the campaign.
        """
        return pareto_facts(overview_of(self._reader(run)), None)

    def compare(self, run: str, other: str) -> dict[str, Any]:
        """Compare two campaigns: settings that differ, counts, fronts, the best of each.

        Args:
            run: name of a campaign.
            other: name of another one.
        """
        return comparison_facts(self._reader(run), self._reader(other))

    def steer(
        self,
        run: str,
        command: str,
        arguments: list[str] | None = None,
        key: str = "",
        generations: int = HINT_GENERATIONS,
    ) -> dict[str, Any]:
        """Steer a campaign as `evo ctl` does: pause, resume, stop, hint, pin, ban, budget and more.

        Args:
            run: name of the campaign.
            command: the verb.
            arguments: what follows it, such as the text of a hint or dollars=+5.
            key: name of this command; sent twice under one name, it is carried out once.
            generations: number of generations that a hint holds for.
        """
        sent = Command.of(command, arguments or (), key=key, generations=generations)
        answer, is_running = carry_out_command(self._folder(run), sent)
        return answer_facts(sent, answer, is_running=is_running)

    def _reader(self, run: str) -> Reader:
        return Reader.read(self._folder(run))

    def _folder(self, run: str) -> Path:
        """The folder of a campaign by its name alone, never a path.

        Raises:
            UsageError: there is no such campaign.
        """
        names = run_names(self._parent)
        if run not in names:
            raise unknown_name("campaign", run, names, where=str(self._parent))
        return self._parent / run


def _row(record: Record) -> dict[str, Any]:
    facts = score_facts(record)
    del facts["tasks"]
    return {
        "id": record.id,
        "generation": record.generation,
        "status": record.status.value,
        "operator": record.candidate.operator,
        "parents": list(record.candidate.parents),
        "reason": record.explanation,
        **facts,
        "n_behaviour": record.novelty.behaviour if record.novelty else None,
    }
