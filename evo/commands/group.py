"""The group of all commands: words what is wrong with the value of an option as evo's errors do."""

from typing import Any

import typer
from typer.core import TyperGroup

from evo.commands.console import invoked_as
from evo.core.errors import UsageError


class Group(TyperGroup):
    """Commands whose options refuse a value by a `UsageError` that says what was expected."""

    def invoke(self, ctx: Any) -> Any:
        """Read the arguments of the command that was asked for, and call it.

        Raises:
            UsageError: an option takes no such value.
        """
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            if words := _explained(error):
                raise UsageError(words) from None
            raise  # such as an argument that is missing, which typer words well


def _explained(error: typer.BadParameter) -> str:
    """The problem with a value, in words; empty where it was not read by its type."""
    from pydantic import ValidationError

    from evo.campaign.config.problems import explained_problem

    cause = error.__cause__
    if not isinstance(cause, ValidationError) or error.param is None or error.ctx is None:
        return ""
    option = max(error.param.opts, key=len)
    problem = explained_problem({**cause.errors()[0], "loc": (option,)})
    command = error.ctx.command_path.removeprefix(error.ctx.find_root().command_path)
    return f"{problem}. See `{invoked_as()}{command} --help`."
