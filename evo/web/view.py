"""The campaigns that are open in a view, by key; read again when their files change."""

import threading
from collections.abc import Mapping
from typing import Any

from evo.core.errors import HistoryError
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

    def baseline_names(self, kind: str, *, wait: bool = False) -> Mapping[str, str]:
        """Names of a kind's baselines by id.

        Reading them imports torch, which takes seconds, so that a page that does not wait gets
        none at first.

        Args:
            kind: name of the kind.
            wait: until they are known.
        """
        if kind not in self._names:
            if wait:
                self._learn_names(kind)
            else:
                with self._lock:
                    is_new = kind not in self._naming
                    self._naming.add(kind)
                if is_new:
                    threading.Thread(target=self._learn_names, args=(kind,), daemon=True).start()
        return self._names.get(kind, {})

    def news(self, key: str) -> Any:
        """What changes with a campaign's files and with all that is known of it."""
        campaign = self.opened(key)
        return campaign.signature(), campaign.config["kind"] in self._names

    def _learn_names(self, kind: str) -> None:
        from evo.components.kinds import baseline_names  # noqa: PLC0415 - imports torch

        try:
            self._names[kind] = baseline_names(kind)
        except Exception:  # noqa: BLE001 - of a plug-in that is gone; ids are shown instead
            self._names[kind] = {}
