"""Resources that a process brings along to run a campaign; none of them is stored."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from archive.history.reader import Reader
from archive.history.records import Records
from archive.history.replies import Replies
from archive.novelty.descriptors import TextDescriptor
from evo.campaign.budget import CampaignHours
from evo.campaign.config import Config
from evo.evaluation.rungs import Runner
from evo.validation.sandbox.sandbox import Sandbox


class Resources(NamedTuple):
    """Resources that a process brings along to run a campaign; another one brings its own.

    Attributes:
        sandbox: traces candidates.
        text: embeds sources.
        train: trains jobs.
        keys: of language models, by label.
        hours: of the campaign, and when they end.
        replay: a campaign whose recorded replies are used; None asks the models.
        staff: called with each configuration that the campaign runs under, to adapt the workers.
        known: records of other campaigns whose trainings count in this one.
        replies: of other campaigns, which answer a request that they have been asked.
        last: generation after which this process stops; None for the campaign's end.
        abandon: has trainings that run in other threads end without an outcome.
    """

    sandbox: Sandbox
    text: TextDescriptor
    train: Runner
    keys: Mapping[str, str]
    hours: CampaignHours
    replay: Reader | None = None
    staff: Callable[[Config], None] = lambda _: None
    known: Sequence[Records] = ()
    replies: Sequence[Replies] = ()
    last: int | None = None
    abandon: Callable[[], None] = lambda: None
