"""Puts together what proposes: operators, language models and repair, by the configuration."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from evo.campaign.resume import Standing
from evo.components.base import Kind
from evo.config import Config
from evo.core.records import Record
from evo.core.step import Step
from evo.llm.client import LlmClient
from evo.proposing.ahead import ProposeAhead, ProposeFn
from evo.proposing.language_models import LanguageModels
from evo.proposing.memory import Memory
from evo.proposing.propose import Propose
from evo.proposing.repair import Repair
from evo.selection.individual import Individual
from evo.selection.islands import Islands
from operators.portfolio import Portfolio

ProposeStep = Callable[[Sequence[Individual], int], list[Record]]
"""Proposals from a population, for a generation: the first step of the loop."""


def portfolio_of(config: Config) -> Portfolio:
    """The operators of a configuration.

    Raises:
        UsageError: no operator has such a name, or the weights are none to draw by.
    """
    settings = config.portfolio
    return Portfolio(config.operators, floor=settings.floor if settings.adaptive else None)


def propose_step(
    config: Config,
    standing: Standing,
    memory: Memory,
    islands: Islands,
    asked: LlmClient,
    *,
    kind: Kind,
    validate: Step,
    stack: ExitStack,
) -> ProposeStep:
    """What proposes a generation, made ahead where language models are asked.

    Args:
        config: the campaign's.
        standing: where it goes on from.
        memory: what the recent generations taught.
        islands: draw parents.
        asked: the language models.
        kind: what is evolved.
        validate: judges what goes back to a model.
        stack: ends what is made ahead.
    """
    propose = _proposing(config, standing, memory, islands, asked, kind=kind, validate=validate)
    if not config.llm.models or not config.llm.ahead:
        return partial(_at_once, propose)
    return stack.enter_context(
        ProposeAhead(propose, standing.earlier, measured=islands.measured, last=config.generations)
    )


def _proposing(
    config: Config,
    standing: Standing,
    memory: Memory,
    islands: Islands,
    asked: LlmClient,
    *,
    kind: Kind,
    validate: Step,
) -> ProposeFn:
    """How a generation is proposed; with language models it is validated and repaired there."""
    language_models = LanguageModels(config.llm, asked, config.seed)
    names = {candidate.id: name for name, candidate in kind.baselines().items()}
    propose = Propose(
        portfolio_of(config),
        kind,
        memory=memory,
        seen=standing.seen,
        offspring=config.offspring_in,
        seed=config.seed,
        islands=islands,
        language_models=language_models if config.llm.models else None,
        baselines={names[record.id]: record for record in standing.baselines if record.id in names},
    )
    repair = Repair(language_models, validate, seen=standing.seen)

    def proposals(parents: Sequence[Individual], generation: int, known: int) -> list[Record]:
        made = propose(parents, generation, known)
        if config.llm.models and config.llm.repair:
            return repair(made)
        return [proposal.record for proposal in made]

    return proposals


def _at_once(propose: ProposeFn, parents: Sequence[Individual], generation: int) -> list[Record]:
    """A generation's proposals from the one before it, made while everything waits."""
    return propose(parents, generation, generation - 1)
