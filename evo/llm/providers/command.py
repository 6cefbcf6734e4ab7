"""A program that reads a prompt and writes a reply, such as a coding agent's command line.

It is started without a shell, in an empty folder, with the environment that the configuration
names, and ended with all that it started: see `evo.llm.programs`.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from evo.core.errors import UsageError
from evo.core.messages import Reply, Request
from evo.llm.programs.running import End, ProgramLimits, ProgramRun, run_program
from evo.llm.providers.base import Provider, ProviderError, providers
from evo.llm.settings import ModelSettings

_MOST_BYTES = 1_000_000
"""Longest reply that is read: no component needs more."""
_MOST_FILES = 10_000
_ALWAYS = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT")
"""Variables that every program gets, as far as they are set."""
_FIXED = {"TERM": "dumb", "NO_COLOR": "1"}
_SECRET_LENGTH = 6
"""Values at least as long are taken out of what a program says."""
_EXCERPT = 300
_MOST_USD = 10_000.0
"""Largest cost of a call that is believed, in dollars."""


@providers.register("command")
class CommandProvider(Provider):
    """Any program that reads a prompt on standard input or in a file, and writes a reply."""

    name: ClassVar[str] = "command"
    greets: ClassVar[bool] = True

    def __init__(
        self, model: ModelSettings, key: str, variables: Mapping[str, str] | None = None
    ) -> None:
        self._model = model
        self._variables = {**(variables or {})}
        if model.key_env and key:
            self._variables[model.key_env] = key

    @classmethod
    def of(cls, model: ModelSettings, variables: Mapping[str, str]) -> Self:
        """The program with its variables of the environment."""
        known = {name: variables[name] for name in (*_ALWAYS, *model.env) if name in variables}
        return cls(model, variables.get(model.key_env, ""), known)

    @classmethod
    def check(cls, model: ModelSettings) -> None:
        """Check that the program is there."""
        if not model.command:
            raise UsageError(
                f"llm.models: the model {model.label!r} of provider command wants "
                'command = ["program", "argument"].'
            )
        if shutil.which(model.command[0]) is None:
            known = Path(model.command[0]).exists()
            what = "is not executable" if known else "is not found"
            raise UsageError(
                f"llm.models: the program {model.command[0]!r} of {model.label!r} {what}. Install "
                "it, or write its whole path."
            )

    async def complete(self, request: Request) -> Reply:
        """The program's reply.

        Raises:
            ProviderError: there is none.
        """
        model = self._model
        limits = ProgramLimits(model.timeout_s, _MOST_BYTES, model.folder_mb * 2**20, _MOST_FILES)
        prompt = f"{request.prompt.system}\n\n{request.prompt.user}\n"
        try:
            ended = await run_program(model.command, prompt, {**_FIXED, **self._variables}, limits)
        except OSError as error:
            raise ProviderError(f"no place for the program's folder: {error}", fatal=True) from None
        tokens = len(prompt) // 4
        if len(ended.output) > _MOST_BYTES:
            return Reply("", "oversized", model.model, tokens, _MOST_BYTES // 4)
        text = self._text(ended)
        cost = stated_cost(text, model.cost_field) if model.cost_field else None
        return Reply(text, "stop", model.model, tokens, len(text) // 4, cost)

    def _text(self, ended: ProgramRun) -> str:
        """Text that the program wrote.

        Raises:
            ProviderError: it failed.
        """
        program = Path(self._model.command[0]).name
        match ended.end:
            case End.MISSING:
                raise ProviderError(f"{program} cannot be started: {ended.said}", fatal=True)
            case End.LATE | End.UNWANTED:
                raise ProviderError(
                    f"no reply of {program} within {self._model.timeout_s:g} s "
                    "(a slow program wants a larger timeout_s)"
                )
            case End.LARGE:
                raise ProviderError(
                    f"{program} filled its folder beyond {self._model.folder_mb} MB (folder_mb)",
                    again=False,
                )
            case End.ENDED:
                pass
        if ended.code:
            how = f"exit code {ended.code}" if ended.code > 0 else f"signal {-ended.code}"
            said = self._said(ended.errors) or self._said(ended.output) or "nothing said"
            raise ProviderError(f"{program} failed with {how}: {said}")
        if b"\0" in ended.output:
            raise ProviderError(f"{program} wrote bytes that are no text", again=False)
        try:
            text = ended.output.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ProviderError(f"{program} wrote bytes that are no text", again=False) from None
        if not text.strip():
            said = self._said(ended.errors)
            raise ProviderError(f"{program} wrote nothing" + (f": {said}" if said else ""))
        return self._redacted(text)

    def _said(self, output: bytes) -> str:
        """The end of what a program said, on one line, without secrets."""
        words = " ".join(self._redacted(output.decode("utf-8", "replace")).split())
        return "".join(sign for sign in words if sign.isprintable())[-_EXCERPT:]

    def _redacted(self, text: str) -> str:
        for name, value in self._variables.items():
            if name not in _ALWAYS and len(value) >= _SECRET_LENGTH:
                text = text.replace(value, f"[{name}]")
        return text


def stated_cost(text: str, field: str) -> float | None:
    """The dollars that a program's JSON output states; None where it states none that can be.

    The output is one JSON object, or has one per line, of which the last that states a cost counts.

    >>> stated_cost('{"result": "def f(x): ...", "total_cost_usd": 0.0123}', "total_cost_usd")
    0.0123
    """
    for document in (text, *reversed(text.splitlines())):
        try:
            content: Any = json.loads(document)
        except (ValueError, RecursionError):
            continue
        match content.get(field) if isinstance(content, dict) else None:
            case bool():
                pass
            case int() | float() as cost if 0 <= cost <= _MOST_USD:
                return float(cost)
            case _:
                pass
    return None
