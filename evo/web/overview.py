"""The overview of a campaign: funnel, rate, time left, spending against budgets, alarms."""

import time
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from archive.history.hours import read_hours
from archive.store.segment_name import generations_of
from evo.core.messages import Spent
from evo.core.records import Status
from evo.web.campaign import LiveCampaign
from evo.web.text import duration_text

_LATEST = 8
"""Files of generations that the pace is measured by."""


class FunnelStep(NamedTuple):
    """One step of the funnel: candidates left after it, their share of all, and those lost."""

    name: str
    left: int
    share: float
    lost: int


class Spend(NamedTuple):
    """Something that is spent, and its limit; None for no limit."""

    name: str
    used: float
    limit: float | None
    unit: str = ""

    @property
    def share(self) -> float | None:
        """Share of the limit that is used; None without one."""
        return None if not self.limit else min(self.used / self.limit, 1.0)

    def text(self, amount: float) -> str:
        """An amount in its unit.

        >>> Spend("dollars", 0.734, 2.0, "$").text(2.0), Spend("tokens", 0, None).text(36000)
        ('$2.00', '36,000')
        """
        if not self.unit:
            return f"{amount:,.0f}"
        return f"${amount:,.2f}" if self.unit == "$" else f"{amount:,.2f} {self.unit}"


class Pace(NamedTuple):
    """The pace at which generations are sealed, by the times of their files.

    Attributes:
        seconds: per generation.
        over: number of generations that this was measured over.
        left: seconds to the end at that pace.
        since: seconds since the last one was sealed.
    """

    seconds: float
    over: int
    left: float
    since: float


def funnel(campaign: LiveCampaign) -> list[FunnelStep]:
    """The candidates that are left after each step."""
    counts = campaign.index.counts()
    proposed = sum(counts.values())
    steps: list[FunnelStep] = []
    left = proposed
    for name, lost in (
        ("proposed", 0),
        ("valid", counts[Status.INVALID]),
        ("new", counts[Status.DUPLICATE]),
        ("chosen", counts[Status.SCREENED_OUT]),
        ("evaluated", counts[Status.FAILED]),
    ):
        left -= lost
        steps.append(FunnelStep(name, left, left / proposed if proposed else 0.0, lost))
    return steps


def spending(campaign: LiveCampaign) -> list[Spend]:
    """Requests, tokens, dollars, hours and processor time against the budgets."""
    budget: Mapping[str, Any] = campaign.config.get("llm", {}).get("budget", {})
    total: Spent = campaign.replies().total if campaign.replies().spent else Spent()
    hours = read_hours(campaign.folder) or 0.0
    seconds = float(campaign.index.numbers["seconds"].sum())
    spends = [
        Spend("requests", total.requests, budget.get("requests") or None),
        Spend(
            "tokens",
            total.prompt_tokens + total.completion_tokens,
            budget.get("tokens") or None,
        ),
        Spend(
            f"dollars, {total.unpriced} replies without a price" if total.unpriced else "dollars",
            total.cost_usd,
            budget.get("dollars") or None,
            "$",
        ),
        Spend("hours", hours, budget.get("hours") or None, "h"),
        Spend("processor time", seconds / 3600, None, "h"),
    ]
    return [spend for spend in spends if spend.used or spend.limit]


def pace(campaign: LiveCampaign, *, now: float | None = None) -> Pace | None:
    """The pace of the latest generations; None before two were sealed.

    A pause of the campaign would count as work, so the median over the latest files counts.
    """
    moments: list[tuple[int, float]] = []
    for path in (campaign.folder / "segments").iterdir():
        if numbers := generations_of(path.name):
            try:
                moments.append((numbers[-1], path.stat().st_mtime))
            except OSError:  # merged meanwhile
                continue
    moments = sorted(moments)[-_LATEST:]
    per_generation = sorted(
        (later - earlier) / (number - before)
        for (before, earlier), (number, later) in pairwise(moments)
        if number > before and later >= earlier
    )
    if not per_generation:
        return None
    seconds = per_generation[len(per_generation) // 2]
    since = max((time.time() if now is None else now) - moments[-1][1], 0.0)
    left = seconds * (campaign.config["generations"] - moments[-1][0])
    return Pace(seconds, len(per_generation), max(left - since, 0.0), since)


def now_words(facts: Mapping[str, Any]) -> str:
    """Step, trainings and time left of the generation in progress; empty where not known.

    Args:
        facts: the status of a campaign.
    """
    progress: Mapping[str, Any] = facts.get("progress") or {}
    words = [str(progress["step"])] if progress.get("step") else []
    if isinstance(trained := progress.get("trained"), float) and trained:
        words.append(f"{trained:.0%} trained")
    if isinstance(left := progress.get("seconds_left"), int | float):
        words.append(f"about {duration_text(left)} left")
    return ", ".join(words)


def alarms(campaign: LiveCampaign, facts: Mapping[str, Any]) -> list[str]:
    """Alarms that a user should act on, in words.

    Args:
        campaign: the campaign.
        facts: its status.
    """
    words: list[str] = []
    if facts["state"] == "stopped":
        words.append(f"Stopped: {facts['stopped_because']}. Go on with evo resume {facts['name']}.")
    if paused := facts.get("paused"):
        words.append(f"Paused {paused}.")
    words += [facts[key] for key in ("trouble",) if key in facts]
    climb = facts.get("climb") or {}
    if climb.get("warning"):
        words.append(climb["warning"])
    reward = facts.get("reward") or {}
    if reward.get("state") == "aside":
        words.append(f"The reward model stands aside: {reward['why'] or 'no better than chance'}.")
    if facts["llm"].get("given_up"):
        words.append(
            f"{facts['llm']['given_up']} requests to language models were given up; the log says "
            "why."
        )
    for spend in spending(campaign):
        if spend.share is not None and spend.share >= 0.9:
            words.append(f"{spend.share:.0%} of the budget of {spend.name} is used.")
    if campaign.reader.lost:
        words.append("Generations were lost with damaged files; run evo check on this campaign.")
    return words
