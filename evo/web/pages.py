"""The pages of a view: each reads a campaign and fills a template."""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from evo.core.errors import HistoryError, UsageError
from evo.report.facts.status import state_of
from evo.web import text
from evo.web.campaign import LiveCampaign
from evo.web.details import candidate_details
from evo.web.panes import PANES
from evo.web.view import View

_TEMPLATES = text.page_templates()


class Pages:
    """The pages of a view.

    Args:
        view: the campaigns.
        version: changes with the static files.
        steers: whether a page of each campaign steers it.
    """

    def __init__(self, view: View, version: str, *, steers: bool = False) -> None:
        self._view = view
        self._steers = steers
        self._version = version

    def start(self, request: Request) -> Response:
        """All campaigns; the page of the only one, where there is one alone."""
        places = self._view.places
        keys = places.campaigns()
        if len(keys) == 1 and "all" not in request.query_params:
            return RedirectResponse(f"/c/{next(iter(keys))}/overview", 303)
        rows: list[dict[str, Any]] = []
        for key, folder in keys.items():
            try:
                campaign = self._view.opened(key)
                campaign.reader.refresh()
                rows.append({"key": key, "name": folder.name, **_summary(campaign)})
            except (HistoryError, OSError) as error:
                rows.append({"key": key, "name": folder.name, "problem": str(error)})
        awaited = [str(path) for path in places.awaited]
        roots = [str(root) for root in places.roots]
        return self._page(
            "start", {"rows": rows, "awaited": awaited, "roots": roots}, live="/events"
        )

    def pane(self, request: Request) -> Response:
        """One pane of a campaign."""
        key, name = request.path_params["key"], request.path_params["pane"]
        if name not in PANES:
            return self._nothing(f"There is no pane {name!r}.")
        return self.of_campaign(
            key,
            name,
            lambda campaign: {
                "parameters": request.url.query,
                **PANES[name].context(campaign, request, self._view),
            },
        )

    def candidate(self, request: Request) -> Response:
        """Everything known of one candidate."""
        key, id_ = request.path_params["key"], request.path_params["id"]

        def context(campaign: LiveCampaign) -> dict[str, Any]:
            names = self._view.baseline_names(campaign)
            return candidate_details(campaign, id_, names)

        return self.of_campaign(key, "candidate", context)

    def of_campaign(
        self, key: str, name: str, context: Callable[[LiveCampaign], Mapping[str, Any]]
    ) -> Response:
        """A page of one campaign.

        Args:
            key: the campaign's.
            name: of the template.
            context: gives what the template is filled with.
        """
        try:
            campaign = self._view.campaign(key)
            values = dict(context(campaign))
        except KeyError:
            return self._nothing("There is no such campaign.")
        except UsageError as error:
            return self._nothing(str(error))
        except (HistoryError, OSError) as error:
            return self._page("problem", {"message": str(error)}, status=500)
        values |= {
            "campaign": campaign,
            "state": state_of(campaign.reader),
            "key": key,
            "pane": name,
        }
        values["siblings"] = list(self._view.places.campaigns())
        return self._page(name, values, live=f"/c/{key}/events")

    def _nothing(self, message: str) -> Response:
        return self._page("problem", {"message": message}, status=404)

    def _page(
        self, name: str, values: Mapping[str, Any], *, live: str = "", status: int = 200
    ) -> HTMLResponse:
        content = _TEMPLATES.get_template(f"{name}.html").render(
            panes=PANES, live=live, version=self._version, steers=self._steers, **values
        )
        return HTMLResponse(content, status)


def _summary(campaign: LiveCampaign) -> dict[str, Any]:
    reader = campaign.reader
    return {
        "problem": "",
        "kind": reader.config["kind"],
        "tasks": ", ".join(reader.config["tasks"]),
        "seed": reader.config["seed"],
        "state": state_of(campaign.reader),
        "generation": reader.generation,
        "generations": reader.config["generations"],
        "records": len(reader.records),
    }
