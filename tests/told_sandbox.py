"""A sandbox that executes nothing, for texts that a hostile child might send."""

from evo.validation.sandbox.sandbox import Sandbox


class ToldSandbox(Sandbox):
    """Gives one text for every request."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def trace(self, requests):
        return [self._text] * len(requests)
