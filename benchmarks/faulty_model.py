"""A scripted language model that fails as real ones do, by the seed of each request alone.

Most replies hold an activation of their own; some hold none, some code that is refused. Some
requests fail once and succeed when they are sent again, some fail however often.
"""

from collections import Counter
from typing import ClassVar

from evo.core.messages import Reply, Request
from evo.llm.providers.base import Provider, ProviderError, providers
from evo.llm.settings import ModelSettings

_CALLS = ("torch.tanh", "torch.sin", "F.silu", "torch.erf", "F.softplus", "torch.atan", "F.mish")


@providers.register("faulty")
class Faulty(Provider):
    """Replies and faults by the request's seed."""

    name: ClassVar[str] = "faulty"

    def __init__(self, model: ModelSettings, key: str) -> None:
        del key
        self._model = model
        self._tries: Counter[int] = Counter()

    async def complete(self, request: Request) -> Reply:
        """The reply, or the fault, of a seed."""
        seed = request.seed
        is_ping = len(request.prompt.user) < 40
        if seed % 53 == 1 and not is_ping:
            raise ProviderError("HTTP 500: always")
        self._tries[seed] += 1
        if seed % 5 == 1 and self._tries[seed] == 1:
            raise ProviderError("HTTP 429: once")
        text = _text(seed)
        prompt = sum(map(len, request.prompt)) // 4
        return Reply(text, "stop", self._model.label, prompt, len(text) // 4)


def _text(seed: int) -> str:
    if seed % 17 == 0:
        return "I would rather not."
    if seed % 13 == 0:
        return "```python\nimport os\ndef activation(x):\n    return os.getcwd()\n```"
    one, two = _CALLS[seed % 7], _CALLS[seed // 7 % 7]
    body = f"{one}({seed % 9973 / 5000:.4f} * x) - {seed % 89 / 300:.3f} * {two}(x)"
    return (
        "A blend.\n\n```python\nimport torch\nimport torch.nn.functional as F\n\n"
        f"def activation(x):\n    return {body}\n```"
    )
