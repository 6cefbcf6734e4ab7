"""`evo confirm`."""

from typing import Annotated

import typer

from evo.commands.completion import complete_task
from evo.commands.console import err, print_facts, read_run
from evo.commands.options import JsonOption, RunName
from evo.core.interrupts import plain_interrupts
from evo.core.task_label import task_label
from evo.studies.catalogue import expect_tasks


def confirm(
    run: RunName,
    *,
    top: Annotated[
        int, typer.Option(metavar="N", min=0, help="Also test the N best candidates.")
    ] = 5,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Epochs per training; 30, or those of the last rung for a loop of your own.",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=2, max=40, help="Fresh seeds per task and network.")
    ] = 16,
    task: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Test on this task too, besides the campaign's own; repeatable.",
            autocompletion=complete_task,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Confirm the front and the best: train them again, on fresh seeds and further tasks."""
    history = read_run(run)
    expect_tasks(task or ())
    from archive.history.confirmations import read_confirmation
    from evo.report.views.verdicts import verdict_table
    from evo.report.views.work import work_view
    from evo.studies.confirm import carry_out
    from evo.studies.confirm_plan import plan

    chosen = plan(history, top=top, epochs=epochs, seeds=seeds, extra_tasks=task)
    size = f"{len(chosen.candidates)} candidates, {len(chosen.baselines)} baselines"
    labels = ", ".join(map(task_label, chosen.config.tasks))
    err.print(f"Confirming {size} on {labels}.", soft_wrap=True)
    try:
        with plain_interrupts(), work_view("trained", err) as watch:
            path = carry_out(chosen, watch)
    except KeyboardInterrupt:
        err.print("Stopped; what has trained is saved. The same command continues from there.")
        raise typer.Exit(130) from None
    facts = read_confirmation(path)
    print_facts(facts, verdict_table(facts), as_json=as_json)
    err.print(f"Every trial: {path}", soft_wrap=True, markup=False)
