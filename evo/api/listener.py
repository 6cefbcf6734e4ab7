"""Callbacks of a caller, and what delivers a campaign's events to them."""

from collections.abc import Callable

from evo.campaign.events import Event, GenerationSealed

OnEvent = Callable[[Event], object]
OnGeneration = Callable[[GenerationSealed], object]


class Listener:
    """Delivers events to a caller's callbacks; once one has raised, to none any more."""

    def __init__(
        self, on_event: OnEvent | None = None, on_generation: OnGeneration | None = None
    ) -> None:
        self._on_event = on_event
        self._on_generation = on_generation
        self._has_raised = False

    def __call__(self, event: Event) -> None:
        """Deliver an event; exceptions of callbacks are passed on."""
        if self._has_raised:
            return
        self._has_raised = True  # until it is known that it has not
        if self._on_event is not None:
            self._on_event(event)
        if self._on_generation is not None and isinstance(event, GenerationSealed):
            self._on_generation(event)
        self._has_raised = False
