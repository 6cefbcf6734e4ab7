"""The page that steers a campaign, where the view was started with `--allow-control`.

It sends commands as `evo ctl` does, to a process that runs; it writes nothing itself. For a
campaign that does not run it gives the command line that does the same. A command comes by POST
alone, from our own page: the guard has checked cookie and origin, the form brings a token.
"""

import hmac
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from evo.campaign.commands import HINT_GENERATIONS, Command, Verb
from evo.core.errors import EvoError, UsageError
from evo.monitoring.control.client import send_command
from evo.report.facts.steering import change_words, steering_facts
from evo.web.campaign import LiveCampaign
from evo.web.pages import Pages
from evo.web.places import Places

_LONGEST_FORM = 8192
_SPLIT = (Verb.BUDGET, Verb.MODEL)
"""Verbs of several arguments, which a form has in one field."""


class Steering:
    """The page and its forms.

    Args:
        pages: fill the template.
        places: where the campaigns are.
        token: which every form brings.
    """

    def __init__(self, pages: Pages, places: Places, token: str) -> None:
        self._pages = pages
        self._places = places
        self._token = token

    def page(self, request: Request) -> Response:
        """The settings in force, and the forms."""
        return self._page(request, "")

    async def command(self, request: Request) -> Response:
        """Carry out the command of a form, and show the page with the answer."""
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _LONGEST_FORM:
                return PlainTextResponse("The form is too long.", 413)
        form = {key: values[-1] for key, values in parse_qs(body.decode("latin-1")).items()}
        form = {
            key: value.encode("latin-1").decode("utf-8", "replace") for key, value in form.items()
        }
        if not hmac.compare_digest(form.get("token", "").encode(), self._token.encode()):
            return PlainTextResponse("Send the form of this view, with its token.", 403)
        folder = self._places.campaigns().get(request.path_params["key"])
        if folder is None:
            return PlainTextResponse("There is no such campaign.", 404)
        try:
            command = _command_of(form)
            answer = await run_in_threadpool(send_command, folder, command)
        except EvoError as error:
            return self._page(request, str(error))
        if answer is None:
            line = _ctl(folder, command)
            return self._page(request, "No process here runs this campaign. Nothing changed.", line)
        return self._page(request, answer.message)

    def _page(self, request: Request, said: str, instead: str = "") -> Response:
        """The page.

        Args:
            request: names the campaign.
            said: the answer to a command.
            instead: the command line for a command that could not be sent.
        """

        def context(campaign: LiveCampaign) -> dict[str, Any]:
            facts = steering_facts(campaign.reader)
            shown = _shown(campaign.folder)
            is_finished = facts["generation"] >= facts["generations"]
            latest = sorted(facts["changes"], key=lambda change: change["time"], reverse=True)
            return {
                "facts": facts,
                "changes": [(change, change_words(change)) for change in latest],
                "models": [model["name"] or model["model"] for model in _models(campaign)],
                "said": said,
                "instead": instead,
                "is_finished": is_finished,
                "ctl": f"evo ctl {shown} COMMAND",
                "go_on": f"evo resume {shown}{' --generations +10' if is_finished else ''}",
                "token": self._token,
                "new_key": lambda: uuid4().hex,
                "chosen": request.query_params.get("id", "")[:64],
                "hint_generations": HINT_GENERATIONS,
            }

        return self._pages.of_campaign(request.path_params["key"], "steer", context)


def _ctl(folder: Path, command: Command) -> str:
    """The command line that says a command to a campaign."""
    words = [*command.arguments]
    if command.verb is Verb.HINT and command.generations != HINT_GENERATIONS:
        words.append(f"--generations={command.generations}")
    return f"evo ctl {_shown(folder)} {shlex.join([command.verb, *words])}"


def _shown(folder: Path) -> str:
    """A folder as a command line in the folder of this view takes it."""
    here = Path.cwd()
    return shlex.quote(str(folder.relative_to(here) if folder.is_relative_to(here) else folder))


def _models(campaign: LiveCampaign) -> list[dict[str, Any]]:
    return campaign.config.get("llm", {}).get("models", [])


def _command_of(form: dict[str, str]) -> Command:
    """The command of a form.

    Raises:
        UsageError: it is none.
    """
    verb, argument = form.get("verb", ""), form.get("argument", "").strip()
    generations = form.get("generations", str(HINT_GENERATIONS))
    if not generations.isascii() or not generations.isdigit():
        raise UsageError(f"Expected a number of generations, got {generations[:20]!r}.")
    arguments = argument.split() if verb in _SPLIT else [argument]
    return Command.of(
        verb,
        [one for one in arguments if one],
        key=form.get("key", ""),
        generations=int(generations),
    )
