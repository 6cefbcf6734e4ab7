"""Fill a campaign's toolbox: selection, and the steps that a candidate goes through."""

from evo.campaign import steps
from evo.campaign.ablation import Ablate
from evo.campaign.baselines import behaviour_scale
from evo.campaign.budget import TrainingBudget
from evo.campaign.loop import Toolbox
from evo.campaign.member_graphs import standard_graphs
from evo.campaign.setup import Setup
from evo.components.combination import Combination
from evo.core.step import Step
from evo.evaluation.rungs import Evaluator
from evo.evaluation.statistics.trial_values import trials_of_baselines
from evo.screening.chance import Screen
from evo.screening.screen import RewardScreen


def toolbox_of(setup: Setup) -> Toolbox:
    """The toolbox of a search, against the sealed baselines; `vary` is registered later."""
    config, state, kind, islands = setup.config, setup.state, setup.kind, setup.islands
    protocol, budget, train = config.protocol, config.llm.budget, setup.train
    baselines = state.baselines.records
    trials = trials_of_baselines(baselines)
    screen: Step = Screen(trainings=config.trainings, seed=config.seed)
    if state.learner is not None:
        screen = RewardScreen(state.learner, config.reward, trainings=config.trainings)
    recognise = steps.Recognise(kind, behaviour_scale(kind, baselines), state.archive)
    evaluator = Evaluator(train, protocol, lambda _: trials)
    evaluate: Step = steps.Evaluate(evaluator)
    if most := budget.trainings:
        evaluate = TrainingBudget(evaluate, most, trained=lambda: state.tracker.trained)
    remeasure = steps.Remeasure(
        evaluator,
        state.population,
        leaders=protocol.leaders,
        last_rung=len(protocol.rungs) - 1,
    )
    toolbox = Toolbox()
    toolbox.register("arrange", islands.arrange)
    toolbox.register("validate", steps.Validate(setup.validator))
    toolbox.register("recognise", recognise)
    toolbox.register("also_known", recognise.also_known)
    toolbox.register("screen", screen)
    toolbox.register("evaluate", evaluate)
    toolbox.register("remeasure", remeasure)
    toolbox.register("archive", steps.Archive(setup.resources.text, state.archive))
    if isinstance(kind, Combination) and state.ablations is not None:
        evaluator = Evaluator(train, protocol.for_everyone, lambda _: trials)
        standards = standard_graphs(kind.name, baselines)
        ablate = Ablate(kind, evaluator, standards=standards, past=state.ablations)
        toolbox.register("ablate", ablate)
    toolbox.register("born", islands.born)
    toolbox.register("select", islands.survive)
    return toolbox
