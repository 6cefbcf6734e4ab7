"""`evo ctl`."""

from typing import Annotated

import typer

from archive.folders import run_folder
from evo.campaign.commands import FORMS, HINT_GENERATIONS, Command
from evo.commands.completion import complete_command, complete_command_argument
from evo.commands.console import out, print_facts, print_json, read_run
from evo.commands.options import JsonOption, RunName

_COMMANDS = ", ".join(f"{verb} {form.arguments}".rstrip() for verb, form in FORMS.items())


def ctl(
    run: RunName,
    command: Annotated[
        str | None,
        typer.Argument(
            metavar="COMMAND",
            help=f"One of: {_COMMANDS}. Without one, show the current settings.",
            autocompletion=complete_command,
        ),
    ] = None,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="ARGUMENT…", autocompletion=complete_command_argument),
    ] = None,
    *,
    generations: Annotated[
        int, typer.Option(help="Number of generations that a hint holds for.")
    ] = HINT_GENERATIONS,
    key: Annotated[
        str,
        typer.Option(
            help="Name of this command, for scripts: the same name is carried out once, however "
            "often it is sent."
        ),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Steer a campaign while it runs, or before it is resumed."""
    if command is None:
        history = read_run(run)
        from evo.report.facts.steering import steering_facts
        from evo.report.views.steering import steering_view

        facts = steering_facts(history)
        print_facts(facts, steering_view(facts), as_json=as_json)
        return
    sent = Command.of(command, arguments or (), key=key, generations=generations)
    folder = run_folder(run)
    from evo.monitoring.control.anywhere import carry_out_command

    answer, is_running = carry_out_command(folder, sent)
    if as_json:
        from evo.report.facts.steering import answer_facts

        print_json(answer_facts(sent, answer, is_running=is_running))
        return
    out.print(answer.message, soft_wrap=True, markup=False, highlight=False)
