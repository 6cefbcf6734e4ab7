"""Commands of a person to a campaign: their verbs and arguments, and the answers.

They are data, light to import: a client sends one to a running campaign and needs nothing else.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Self, cast
from uuid import uuid4

from archive.history.changes import GO_ON, PAUSE
from evo.core.errors import UsageError, unknown_name

HINT_GENERATIONS = 10
"""Generations that a hint holds for, unless the person says otherwise."""
BUDGETS = ("requests", "tokens", "dollars", "hours", "trainings")
"""Quantities that a budget limits."""
ALL = "all"
"""Takes back every hint."""
_LONGEST_KEY = 100
_LONGEST_COMMAND = 4000


class Verb(StrEnum):
    """Verbs of the commands that a person may give to a campaign.

    PAUSE        hold it when the trainings in progress are done
    RESUME       let it go on
    STOP         stop it as Ctrl-C does
    HINT         a hint to the language models, for some generations
    UNHINT       take back a hint, by its beginning, or all of them
    PIN          a component that always survives
    UNPIN        take that back
    BAN          a component that is never a parent again
    UNBAN        take that back
    BUDGET       requests, tokens, dollars, hours or trainings, as in dollars=+5
    GENERATIONS  another number of generations, or a number to add, as in +50
    WORKERS      another number of training processes
    MODEL        switch a language model on or off
    SET          any setting that may change, as in operators.novel-llm=4
    """

    PAUSE = PAUSE
    RESUME = GO_ON
    STOP = "stop"
    HINT = "hint"
    UNHINT = "unhint"
    PIN = "pin"
    UNPIN = "unpin"
    BAN = "ban"
    UNBAN = "unban"
    BUDGET = "budget"
    GENERATIONS = "generations"
    WORKERS = "workers"
    MODEL = "model"
    SET = "set"


class CommandForm(NamedTuple):
    """The arguments of a verb.

    Attributes:
        arguments: in words, as help shows them.
        least: number of arguments at least.
        most: and at most.
    """

    arguments: str = ""
    least: int = 0
    most: int = 0


FORMS: dict[Verb, CommandForm] = {
    Verb.PAUSE: CommandForm(),
    Verb.RESUME: CommandForm(),
    Verb.STOP: CommandForm(),
    Verb.HINT: CommandForm('"TEXT"', 1, 1),
    Verb.UNHINT: CommandForm('"TEXT"|all', 1, 1),
    Verb.PIN: CommandForm("ID", 1, 1),
    Verb.UNPIN: CommandForm("ID", 1, 1),
    Verb.BAN: CommandForm("ID", 1, 1),
    Verb.UNBAN: CommandForm("ID", 1, 1),
    Verb.BUDGET: CommandForm("KEY=[+]VALUE…", 1, 5),
    Verb.GENERATIONS: CommandForm("N|+N", 1, 1),
    Verb.WORKERS: CommandForm("N", 1, 1),
    Verb.MODEL: CommandForm("NAME on|off", 2, 2),
    Verb.SET: CommandForm("KEY=VALUE…", 1, 20),
}


class Command(NamedTuple):
    """One command. Make one with `Command.of`, or of a message with `Command.read`.

    Attributes:
        verb: what to do.
        arguments: to what.
        key: of this command: it is carried out once, however often it arrives.
        generations: of a hint, how many it holds for.
    """

    verb: Verb
    arguments: tuple[str, ...]
    key: str
    generations: int = HINT_GENERATIONS

    @classmethod
    def of(
        cls,
        verb: str,
        arguments: Sequence[str] = (),
        *,
        key: str = "",
        generations: int = HINT_GENERATIONS,
    ) -> Self:
        """A command of what a person typed; without a key it gets one of its own.

        Raises:
            UsageError: there is no such command, or its arguments are wrong in number or length.
        """
        known = [one.value for one in Verb]
        if verb not in known:
            raise unknown_name("command", verb[:40], known)
        form = FORMS[Verb(verb)]
        if not form.least <= len(arguments) <= form.most:
            expected = f"{verb} {form.arguments}".rstrip()
            if verb == Verb.HINT and arguments:
                expected += " (with quotes around the text)"
            raise UsageError(f"Expected {expected}, got {len(arguments)} arguments.")
        if sum(map(len, arguments)) > _LONGEST_COMMAND:
            raise UsageError(f"Expected at most {_LONGEST_COMMAND} characters.")
        if len(key) > _LONGEST_KEY:
            raise UsageError(f"Expected a key of at most {_LONGEST_KEY} characters.")
        if generations < 1:
            raise UsageError(f"Expected a hint for 1 generation or more, got {generations}.")
        return cls(Verb(verb), tuple(arguments), key or uuid4().hex, generations)

    @classmethod
    def read(cls, message: Any) -> Self:
        """The command of a message.

        Raises:
            UsageError: it is none.
        """
        content = cast(dict[str, Any], message) if isinstance(message, dict) else {}
        verb, arguments = content.get("verb"), content.get("arguments")
        key, generations = content.get("key"), content.get("generations")
        if not (
            isinstance(verb, str)
            and isinstance(arguments, list)
            and all(isinstance(one, str) for one in cast(list[Any], arguments))
            and isinstance(key, str)
            and type(generations) is int
        ):
            raise UsageError("Expected a command of evo ctl.")
        return cls.of(verb, cast(list[str], arguments), key=key, generations=generations)

    @property
    def words(self) -> str:
        """The command as history keeps it."""
        return " ".join([self.verb, *self.arguments])


class CommandOutcome(NamedTuple):
    """The outcome of a command.

    Attributes:
        changed: whether it changed anything; False where all was so already.
        first: the generation from which it holds.
        message: the same in words.
    """

    changed: bool
    first: int
    message: str
