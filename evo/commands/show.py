"""`evo show`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from evo.commands.console import print_facts, read_run
from evo.commands.options import JsonOption, RunName

if TYPE_CHECKING:
    from archive.history.reader import Reader
    from evo.core.records import Record


def show(
    run: RunName,
    id: Annotated[str, typer.Argument(metavar="ID", help="A candidate's id or its beginning.")],  # noqa: A002
    *,
    reach: Annotated[
        bool,
        typer.Option("--reach", help="Also show where it stays finite; loads PyTorch."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show everything known of one candidate."""
    history = read_run(run)
    from archive.history.confirmations import newest_of
    from archive.history.machines import machines_of, read_stays
    from evo.report.facts.figures import figures_among
    from evo.report.facts.record import find_record, record_facts
    from evo.report.facts.training_time import time_over_baselines
    from evo.report.views.record import record_view

    record = find_record(history.records, id)
    confirmation = newest_of(history.folder, record.id)
    figures = figures_among(record, history.records, history.config["kind"])
    facts = record_facts(record, confirmation, _credits(history, record), figures)
    if (ratio := time_over_baselines(record, history.records)) is not None:
        facts["time_over_baselines"] = round(ratio, 3)
    if reach:
        from evo.report.facts.reach import reach_of_record

        facts["finite_to"] = reach_of_record(record)
    if len(stays := read_stays(history.folder)) > 1:
        facts["machines"] = machines_of(stays, record.generation, record.id)
    print_facts(facts, record_view(facts), as_json=as_json)


def _credits(history: "Reader", record: "Record") -> dict[str, Any] | None:
    """Credits of the record's components; None where no kinds are combined, or not measured."""
    from evo.report.facts.credits import credit_facts, credits_of

    measured = credits_of(history, [record])
    return credit_facts(measured[record.id]) if record.id in measured else None
