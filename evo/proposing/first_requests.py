"""The requests that a campaign would begin with, before anything is known of its candidates."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evo.components.base import Kind
from evo.core.estimate import Estimate
from evo.core.messages import Request
from evo.core.novelty import Novelty
from evo.core.records import Record, Score
from evo.core.search_setting import SearchSetting
from evo.llm.settings import ModelSettings
from evo.proposing.member import VariedMember
from operators.base import AskingOperator, operators
from operators.briefing import Briefing
from operators.llm.grammar import grammar


def first_requests(
    kind: Kind,
    asking: Sequence[str],
    model: ModelSettings,
    *,
    setting: SearchSetting,
    has_card: bool,
    baselines: Sequence[Record],
    seed: int,
) -> dict[str, Request]:
    """One request of a first generation per operator that asks a language model.

    Args:
        kind: what is evolved.
        asking: names of the operators.
        model: that is asked.
        setting: of the search.
        has_card: whether a prompt has the kind's card.
        baselines: validated records of the kind.
        seed: the campaign's.
    """
    rng = np.random.default_rng(seed)
    requests: dict[str, Request] = {}
    for name in asking:
        operator = operators.get(name)()
        assert isinstance(operator, AskingOperator)
        varied = VariedMember.draw(kind, rng)
        briefing = replace(
            _briefing(kind, varied, baselines, operator.parents(rng)),
            setting=setting,
            has_card=has_card,
        )
        requests[name] = Request(
            model.label,
            model.model,
            operator.prompt(briefing),
            seed,
            model.temperature,
            model.max_tokens,
            grammar(briefing.contract) if model.grammar else "",
        )
    return requests


def _briefing(
    kind: Kind, varied: VariedMember, baselines: Sequence[Record], parents: int
) -> Briefing:
    """A briefing as long as those of a first generation; its figures stand for any."""
    any_rate = Estimate(0.5, 0.4, 0.6)
    score = Score(0, (), any_rate, any_rate, any_rate, {})
    scored = [replace(one, score=score, novelty=Novelty(0.1, 0.1, "", "")) for one in baselines]
    names = {candidate.id: name for name, candidate in kind.baselines().items()}
    return Briefing(
        varied.contract,
        varied.baselines({names[record.id]: record for record in scored}),
        [varied.view(record) for record in scored[:parents]],
        [varied.view(record) for record in scored[-4:]],
        [],
        varied.partners(scored[0]),
    )
