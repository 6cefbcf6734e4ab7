"""Measure how long a language model on this machine takes for a reply.

It shares the processors with training, so its time is the campaign's; a hosted model is not asked.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from evo.campaign.config import Config
from evo.core.errors import EvoError
from evo.core.records import Record
from evo.llm.providers.base import Provider, ProviderError, providers
from evo.studies.estimate import campaign_requests


class ReplyTime(NamedTuple):
    """Seconds per reply, of wall and of processors; zeros where another machine answers."""

    wall_s: float = 0.0
    processor_s: float = 0.0


def reply_time(
    config: Config,
    baselines: Sequence[Record],
    *,
    provider_of: Callable[[str], type[Provider]] = providers.get,
) -> ReplyTime:
    """Mean over one reply per operator of the first author, after one that loads the model.

    Args:
        config: a campaign's.
        baselines: validated records of its kind, of which the prompts are made.
        provider_of: finds a provider by its name.

    Raises:
        UsageError: the model's package or file is missing.
        EvoError: it does not answer.
    """
    if not config.llm.models:
        return ReplyTime()
    model = config.llm.authors[0]
    kind = provider_of(model.provider)
    if not kind.model_is_file:
        return ReplyTime()
    kind.check(model)
    requests = list(campaign_requests(config, baselines).values())

    async def measure(provider: Provider) -> ReplyTime:
        try:
            await provider.complete(requests[0])
            wall, processor = time.monotonic(), time.process_time()
            for request in requests:
                await provider.complete(request)
            return ReplyTime(time.monotonic() - wall, time.process_time() - processor)
        finally:
            await provider.close()

    try:
        took = asyncio.run(measure(kind.of(model, {})))
    except ProviderError as error:
        raise EvoError(f"Model {model.label} could not be asked: {error}.") from None
    return ReplyTime(*(seconds / len(requests) for seconds in took))
