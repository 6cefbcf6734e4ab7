"""Tables for the terminal: the front with its sources, the baselines, one record, status."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from deap.tools import Logbook
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from evo.core.estimate import Estimate
from evo.core.records import Record
from evo.core.source import normalise
from evo.report.views.layout import plain_table


def baseline_table(names: Mapping[str, str], baselines: Sequence[Record]) -> RenderableType:
    """The baselines on the same scale, each against the others; `names` by id."""
    table = plain_table("Baselines on the same scale, 95 % intervals")
    table.padding = (0, 1, 0, 0)  # room for names in a terminal of 80 columns
    table.add_column("baseline", overflow="fold")  # figures come whole, whatever a name takes
    for name in ("B-WR", "BSOTA-WR", "margin", "N txt", "N beh"):
        table.add_column(name, justify="right", no_wrap=True)
    for record in sorted(baselines, key=lambda record: (-record.scored.b_wr.value, record.id)):
        score, novelty = record.scored, record.archived
        table.add_row(
            names.get(record.id, record.id[:8]),
            interval_text(score.b_wr),
            interval_text(score.bsota_wr),
            f"{score.margin:+.3f}",
            f"{novelty.text:.3f}",
            f"{novelty.behaviour:.3f}",
        )
    return table


def generation_table(book: Logbook) -> RenderableType:
    """DEAP's logbook: a row a generation."""
    table = plain_table("Generations: B-WR, N behaviour of those trained in full; hypervolume")
    for name in (
        "gen",
        "proposed",
        "evaluated",
        "full",
        "B-WR avg",
        "max",
        "N avg",
        "max",
        "volume",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    rates, novelties = book.chapters["b_wr"], book.chapters["novelty"]
    for entry, rate, novelty in zip(book, rates, novelties, strict=True):
        figures = (rate["avg"], rate["max"], novelty["avg"], novelty["max"], entry["hypervolume"])
        counts = (entry["gen"], entry["proposed"], entry["nevals"], entry["full"])
        table.add_row(*map(str, counts), *(f"{figure:.3f}" for figure in figures))
    return table


def facts_table(facts: Mapping[str, Any]) -> RenderableType:
    """Names and values, nested ones indented by their name."""
    table = Table.grid(padding=(0, 2))
    for key, value in facts.items():
        if isinstance(value, Mapping):
            for inner, part in cast(Mapping[str, Any], value).items():
                table.add_row(f"{key}.{inner}", _text(part))
        else:
            table.add_row(key, _text(value))
    return table


def rows_table(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """One row for each mapping, their keys as columns."""
    table = Table()
    for key in rows[0]:
        table.add_column(key, overflow="fold")
    for row in rows:
        table.add_row(*(_text(value) for value in row.values()))
    return table


def evaluation_table(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Files with their win rates, and beneath each what there is to say of it."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("file", overflow="fold")
    for name in ("B-WR [95 %]", "BSOTA-WR [95 %]", "margin"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        name = Text(f"{row['path']}\n{row['status']}")
        if row["reason"]:
            name.append(f": {row['reason']}", style="dim")
        if row["b_wr"] is None:
            table.add_row(name, "–", "–", "–")
            continue
        table.add_row(
            name,
            interval_text(Estimate(row["b_wr"], *row["b_wr_ci"])),
            interval_text(Estimate(row["bsota_wr"], *row["bsota_wr_ci"])),
            f"{row['margin']:+.3f}",
        )
    return table


def fidelity_table(facts: Mapping[str, Any]) -> RenderableType:
    """Kendall's τ of each measure against each truth, a column a network of the truth."""
    table = plain_table(f"Kendall's τ with full training, {facts['functions']} components")
    networks = ["combined", *facts["networks"]]
    for name in ("rung", "ranked by", "truth"):
        table.add_column(name, no_wrap=True)
    for name in networks:
        table.add_column(name, justify="right", no_wrap=True)
    rows: dict[tuple[int, str, str], dict[str, str]] = {}
    for row in facts["tau"]:
        low, high = row["tau_ci"]
        value = f"{row['tau']:.2f}"
        if row["network"] == "combined":
            value += f" [{low:.2f}, {high:.2f}]"
        rows.setdefault((row["rung"], row["measure"], row["truth"]), {})[row["network"]] = value
    for (rung, measure, truth), values in rows.items():
        table.add_row(str(rung), measure, truth, *(values[name] for name in networks))
    seconds = facts["seconds_per_candidate"]
    notes = [f"{seconds:.2f} processor seconds for a fully evaluated candidate."]
    if facts["halves"]:
        halves = " and ".join(f"{tau:.2f} on {measure}" for measure, tau in facts["halves"].items())
        notes.append(f"One half of the truth's seeds agrees with the other at τ {halves}.")
    return Group(table, *map(Text, notes))


def catalogue_table(facts: Mapping[str, Mapping[str, str]]) -> RenderableType:
    """Sorts of things, each with its names and their descriptions."""
    table = Table.grid(padding=(0, 2))
    for sort, entries in facts.items():
        table.add_row(Text(sort, style="bold"))
        for name, description in entries.items():
            table.add_row(Text(f"  {name}"), Text(description, style="dim"))
    return table


def comparison_table(facts: Mapping[str, Any]) -> RenderableType:
    """Two campaigns in two columns, and what may be said of them together."""
    table = Table()
    table.add_column("")
    for run in facts["runs"]:
        table.add_column(Text(run["name"]), justify="right")
    for key in facts["runs"][0]:
        if key not in ("name", "best"):
            table.add_row(key, *(_text(run[key]) for run in facts["runs"]))
    for key in ("b_wr", "bsota_wr", "n_behaviour"):
        bests = (run["best"] for run in facts["runs"])
        table.add_row(f"best: {key}", *(_text(best and best[key]) for best in bests))
    table.add_row("front members beaten", *map(_text, facts["front_members_beaten"]))
    parts: list[RenderableType] = [table]
    if not facts["comparable"]:
        differing = ", ".join(facts["differing"])
        parts.append(Text(f"Not measured alike ({differing}): win rates do not compare."))
    best = facts["best"]
    if best and best["log_loss_ratio"] is not None:
        low, high = best["log_loss_ratio_ci"]
        ratio = f"{best['log_loss_ratio']:+.3f} [{low:+.3f}, {high:+.3f}]"
        first = f"log(loss of the second's best / loss of the first's) {ratio}"
        parts.append(Text(f"{first} over {best['seeds']} seeds; above 0 the first is better."))
    parts.append(Text("One run each tells of these runs, not of their settings: compare seeds."))
    return Group(*parts)


def record_view(facts: Mapping[str, Any]) -> RenderableType:
    """One record: where it comes from, its measures, its source, its verdict, its trials.

    Args:
        facts: see `record_facts`.
    """
    facts = dict(facts)
    score = facts.pop("score")
    verdict = facts.pop("confirmation", None)
    credits_ = facts.pop("credits", None)
    source = str(facts.pop("source"))
    if not facts["model"]:
        for key in ("model", "request", "rationale", "cost_usd"):
            del facts[key]
    parts: list[RenderableType] = [
        facts_table(facts),
        Text(),
        Syntax(source.strip(), "python", word_wrap=True),
    ]
    if credits_:
        parts += [Text(), facts_table({"credit": credits_})]
    if verdict is not None:
        verdict = dict(verdict)
        by_task = verdict.pop("tasks")
        verdict.pop("protocol")
        parts += [Text(), facts_table({"confirmation": verdict, "confirmation.tasks": by_task})]
    if score is not None:
        score = dict(score)
        trials = score.pop("trials")
        if all(trial["strength"] == 1 for trial in trials):  # only penalties have any other
            trials = [{k: v for k, v in trial.items() if k != "strength"} for trial in trials]
        parts += [Text(), facts_table(score), Text(), rows_table(trials)]
    return Group(*parts)


def body(source: str) -> str:
    r"""Normalised source without imports: what tables have room for.

    >>> print(body("import torch\n\ndef f(x: int) -> int:\n    return x  # the same"))
    def f(x):
        return x
    """
    lines = normalise(source).splitlines()
    return "\n".join(line for line in lines if not line.startswith(("import ", "from "))).strip()


def interval_text(rate: Estimate) -> str:
    """A win rate with its 95 % interval.

    >>> interval(Estimate(0.75, 0.5, 0.9))
    '0.750 [0.50, 0.90]'
    """
    return f"{rate.value:.3f} [{rate.low:.2f}, {rate.high:.2f}]"


def _text(value: object) -> Text:
    """A value for people; never read as markup, since it may hold a path or generated source."""
    return Text(_plain(value))


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        parts = cast(Mapping[str, object], value).items()
        return ", ".join(f"{name} {_plain(part)}" for name, part in parts)
    if isinstance(value, list):
        return "[" + ", ".join(_plain(part) for part in cast(list[object], value)) + "]"
    return "–" if value is None else str(value)
