"""How well a reward model would rank the campaign's candidates; fits several models."""

from archive.history.reader import Reader
from evo.report.facts.reward import reward_facts
from evo.studies.reward import Rewards
from evo.web.figures.spec import BLUE, GREY, Figure, figure, numbers


def efficiency_figure(reader: Reader) -> Figure:
    """Share of the best found by share evaluated, with what `evo reward` says as a note.

    Raises:
        UsageError: too few candidates were evaluated.
    """
    facts = reward_facts(Rewards.of([reader]).judgement())
    curve = facts["curve"]
    low, high = facts["found_at_quarter_ci"]
    trust = facts["trust"]
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": numbers(point["evaluated"] for point in curve),
            "y": numbers(point["found"] for point in curve),
            "name": "reward model",
            "line": {"color": BLUE, "width": 2.5},
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": [0, 1],
            "y": [0, 1],
            "name": "chance",
            "line": {"color": GREY, "dash": "dot"},
        },
    ]
    drawn = figure(data, x="share evaluated", y="share of the best 5 % found")
    correlation = trust["rank_correlation"]
    drawn["caption"] = (
        f"Of {facts['evaluated']} candidates, each ranked by models that did not see it: the first "
        f"quarter holds {facts['found_at_quarter']:.0%} of the best (95 % interval {low:.0%} to "
        f"{high:.0%}). Trust is {'earned' if trust['earned'] else 'not earned'}: rank correlation "
        f"{'unknown' if correlation is None else f'{correlation:.2f}'} over {trust['candidates']} "
        "candidates that were drawn at random."
    )
    return drawn
