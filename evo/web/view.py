"""The campaigns that are open in a view, by key; read again when their files change."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from evo.core.errors import EvoError, HistoryError
from evo.web.campaign import LiveCampaign
from evo.web.places import Places


class View:
    """All campaigns of a view.

    Args:
        places: where they are.
    """

    def __init__(self, places: Places) -> None:
        self.places = places
        self._open: dict[str, LiveCampaign] = {}
        self._names: dict[str, dict[str, str]] = {}
        self._naming: set[str] = set()
        self._lock = threading.Lock()

    def campaign(self, key: str) -> LiveCampaign:
        """A campaign as it is now.

        Raises:
            KeyError: no campaign has that key.
            HistoryError: it is damaged.
        """
        campaign = self.opened(key)
        try:
            campaign.refresh()
        except HistoryError:
            # Another campaign may be in its place now; if not, this is raised again.
            with self._lock:
                self._open.pop(key, None)
            campaign = self.opened(key)
            campaign.refresh()
        return campaign

    def read_ahead(self) -> None:
        """Read the only campaign, if there is only one, before a page asks for it."""
        keys = list(self.places.campaigns())
        if len(keys) == 1:
            with suppress(KeyError, EvoError, OSError):  # the page that needs it says what is wrong
                self.baseline_names(self.campaign(keys[0]))

    def opened(self, key: str) -> LiveCampaign:
        """A campaign, not read further than it has been before.

        Raises:
            KeyError: no campaign has that key.
            HistoryError: it is damaged.
        """
        folder = self.places.campaigns()[key]
        with self._lock:
            if key not in self._open:
                self._open[key] = LiveCampaign(key, folder)
            return self._open[key]

    def baseline_names(self, campaign: LiveCampaign, *, wait: bool = False) -> Mapping[str, str]:
        """Names of a campaign's baselines by id, those that its configuration adds among them.

        Reading them imports torch, which takes seconds, so that a page that does not wait gets
        none at first.

        Args:
            campaign: the campaign.
            wait: until they are known.
        """
        id_ = campaign.reader.id
        if id_ not in self._names:
            if wait:
                self._learn_names(id_, campaign.config)
            else:
                with self._lock:
                    is_new = id_ not in self._naming
                    self._naming.add(id_)
                if is_new:
                    arguments = id_, campaign.config
                    threading.Thread(target=self._learn_names, args=arguments, daemon=True).start()
        return self._names.get(id_, {})

    def news(self, key: str) -> Any:
        """A stamp that changes with a campaign's files and with all that is known of it."""
        campaign = self.opened(key)
        return campaign.signature(), campaign.reader.id in self._names

    def _learn_names(self, id_: str, config: Mapping[str, Any]) -> None:
        from evo.campaign.given import names_of_baselines  # noqa: PLC0415 - imports torch

        try:
            self._names[id_] = names_of_baselines(config)
        except Exception:  # noqa: BLE001 - of a plug-in that is gone; ids are shown instead
            self._names[id_] = {}
