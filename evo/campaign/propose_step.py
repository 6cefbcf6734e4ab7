"""Build the proposing step of a campaign: operators, language models and repair."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from evo.campaign import given
from evo.campaign.config import Config
from evo.campaign.loop import Vary
from evo.campaign.setup import Setup
from evo.components.base import Kind
from evo.core.records import Record
from evo.core.search_setting import SearchSetting
from evo.core.step import Step
from evo.llm.client import LlmClient
from evo.proposing.ahead import ProposeAhead, ProposeFn
from evo.proposing.feedback.briefings import Briefings
from evo.proposing.feedback.plan import Plan
from evo.proposing.feedback.results import Results
from evo.proposing.feedback.setting import setting_of
from evo.proposing.language_models import LanguageModels
from evo.proposing.occasion import Brief, as_it_is, nothing_planned
from evo.proposing.operators import portfolio_of
from evo.proposing.propose import Propose
from evo.proposing.repair import Repair
from evo.selection.individual import Individual
from evo.tasks.setting import task_setting


@contextmanager
def propose_step(
    setup: Setup, client: LlmClient, *, validate: Step, begin: Callable[[int], bool]
) -> Generator[Vary]:
    """The proposing step; with language models it runs one generation ahead.

    Args:
        setup: of the search; its state is derived from the sealed generations.
        client: gives the replies of the language models.
        validate: checks proposals before repair.
        begin: says whether a generation may be proposed under this configuration.
    """
    propose = _proposing(setup, client, validate)
    if not setup.config.llm.models or not setup.config.llm.ahead:
        yield partial(_at_once, propose, lag=setup.config.overlap)
        return
    earlier = setup.state.population.earlier
    with ProposeAhead(propose, earlier, arrange=setup.islands.arrange, begin=begin) as ahead:
        yield ahead


def _proposing(setup: Setup, client: LlmClient, validate: Step) -> ProposeFn:
    """Proposals of one generation; those of language models are validated and repaired here."""
    config, kind, state = setup.config, setup.kind, setup.state
    language_models = LanguageModels(config.llm, client, config.seed)
    known = {**kind.baselines(), **given.further_baselines(config, kind)}
    names = {candidate.id: name for name, candidate in known.items()}
    baselines = {names[r.id]: r for r in state.baselines.records if r.id in names}
    portfolio = portfolio_of(config.operators, config.portfolio)
    plan = None
    if state.results is not None:
        plan = Plan(state.results, config.feedback, portfolio.asking, state.wordings)
    propose = Propose(
        portfolio,
        kind,
        memory=state.memory,
        seen=state.seen,
        offspring=config.offspring_in,
        seed=config.seed,
        islands=setup.islands,
        hints_in=config.steering.hints_in,
        language_models=language_models if config.llm.models else None,
        baselines=baselines,
        brief=_brief(config, kind, state.results, plan, baselines),
        plan=plan or nothing_planned,
        wordings=state.wordings,
    )
    repair = Repair(language_models, validate, seen=state.seen)

    def proposals(parents: Sequence[Individual], generation: int, known: int) -> list[Record]:
        seeds = given.seed_records(config, kind) if generation == 1 else []
        seeds = [state.seen.mark_duplicate(record) for record in seeds]
        proposed = propose(parents, generation, known)
        if config.llm.models and config.llm.repair:
            return [*seeds, *repair(proposed)]
        return [*seeds, *(proposal.record for proposal in proposed)]

    return proposals


def search_setting(
    config: Config, kind: Kind, baselines: Sequence[tuple[str, Record]]
) -> SearchSetting:
    """The setting of a search, as prompts tell it; arguments as of `setting_of`."""
    return setting_of(
        kind,
        [task_setting(name, gated=kind.needs_gates) for name in config.tasks],
        config.protocol,
        selection=config.selection,
        novelty=config.novelty,
        baselines=baselines,
    )


def _brief(
    config: Config,
    kind: Kind,
    results: Results | None,
    plan: Plan | None,
    baselines: Mapping[str, Record],
) -> Brief:
    """Filler of the briefings of language models."""
    if results is None or plan is None:
        return as_it_is
    setting = search_setting(config, kind, list(baselines.items()))
    return Briefings(
        results,
        setting,
        baselines,
        plan=plan,
        seed=config.seed,
        settings=config.feedback,
    )


def _at_once(
    propose: ProposeFn, parents: Sequence[Individual], generation: int, *, lag: int
) -> list[Record]:
    """Proposals made from the newest generation that is known, while they are waited for."""
    return propose(parents, generation, max(0, generation - 1 - lag))
