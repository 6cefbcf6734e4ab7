"""Check a start before anything is spent: all that every start checks, and what takes longer.

Every part is tried, whatever is wrong with the others, so that one call reports all problems. Each
language model that is asked over the network gets one tiny request.
"""

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from archive.history.reader import Reader
from evo.api.opening import Prepared, prepare_start
from evo.campaign import process
from evo.campaign.config import Config
from evo.campaign.create import with_grids
from evo.campaign.room import expected_bytes, free_disk_bytes
from evo.components.kinds import kinds
from evo.compute.memory import Peak
from evo.compute.numerics import sound_numerics
from evo.compute.products import examine_products
from evo.core.errors import EvoError, UsageError
from evo.core.problems import Problems
from evo.llm import models
from evo.llm.providers.base import providers
from evo.validation.baselines import own_baselines
from evo.validation.doctor import examine

_PARTS = {
    "kind": "the kind is known",
    "tasks": "data and networks are whole and fit together",
    "components": "seeds and further baselines can be read",
    "compute": "the engine is there",
    "device": "torch has it",
    "selection": "population and islands fit",
    "operators": "they are known and fit the kind",
    "language models": "packages, files, keys and prices are there",
    "text model": "it is there",
    "lessons": "they fit the reward model",
    "start_from": "the campaigns can be taken over",
    "trackers": "their packages are there",
    "notifications": "command and address can be used",
    "disk": "there is room",
}
"""Parts of every start, with what is right where nothing is wrong."""


class StartFinding(NamedTuple):
    """The result for one part of a start.

    Attributes:
        part: such as "walls".
        problem: what is wrong and what to do; empty where it is well.
        remark: what was found where it is well.
    """

    part: str
    problem: str
    remark: str = ""


def check_start(
    make: Callable[[], Config],
    parent: Path,
    *,
    replay: Reader | None = None,
    examine_walls: Callable[[], Mapping[str, Any]] = examine,
    measure: Callable[[Config], Peak | None] | None = None,
) -> list[StartFinding]:
    """Check everything that a campaign needs; nothing is kept.

    Args:
        make: reads the configuration.
        parent: folder that the campaign's own would be in.
        replay: a campaign from which replies of language models would be taken.
        examine_walls: tries the walls of the sandbox.
        measure: measures the memory of a worker, by default by a few steps of training.
    """
    findings: list[StartFinding] = []
    try:
        config = make()
    except UsageError as error:
        findings.append(StartFinding("configuration", str(error)))
    else:
        problems = Problems()
        prepared = prepare_start(config, parent, problems, replay=replay)
        findings.append(StartFinding("configuration", "", "every key and value is valid"))
        findings += _quick(prepared, problems, parent)
        if replay is None and not problems.has("language models"):
            findings += _asked(prepared.config)
        if not problems.has("kind", "tasks", "device"):
            findings.append(_memory(with_grids(prepared.config), measure or _measured))
    products = examine_products()
    without = " without oneDNN, which is wrong here" * products["without_onednn"]
    words = f"{len(products['products'])} of matrices are right{without}"
    findings.append(StartFinding("products", products["problem"] or "", words))
    return [*findings, walls_finding(examine_walls())]


def finding_facts(findings: list[StartFinding]) -> dict[str, Any]:
    """The JSON document of `evo run --check --json`."""
    return {
        "ok": not any(finding.problem for finding in findings),
        "checks": [
            {"part": one.part, "ok": not one.problem, "words": one.problem or one.remark}
            for one in findings
        ],
    }


def _quick(prepared: Prepared, problems: Problems, parent: Path) -> Generator[StartFinding]:
    """Results of what every start checks."""
    remarks = [remark for task in prepared.ready.values() for remark in task.remarks]
    said = {"tasks": "; ".join(remarks)}
    if not problems.has("disk"):
        needed, free = expected_bytes(prepared.config), free_disk_bytes(parent)
        said["disk"] = f"{free / 1e9:,.1f} GB free, {needed / 1e6:,.0f} MB needed at most"
    config = prepared.config
    unused = {
        "components": not (config.seeds or config.baselines),
        "language models": not config.llm.models,
        "lessons": not config.reward.lessons,
        "start_from": not config.start_from,
        "trackers": not config.tracking,
        "notifications": not (config.notify.command or config.notify.webhook_env),
    }
    for part, remark in _PARTS.items():
        if not problems.has(part) and not unused.get(part):
            yield StartFinding(part, "", said.get(part) or remark)
    for problem in problems.known:
        yield StartFinding(problem.part, str(problem.error))


def _asked(config: Config) -> Generator[StartFinding]:
    """Results of a tiny request to each model."""
    with models.withheld_keys(config.llm, replayed=False) as keys:
        for answer in models.ask_each(config.llm, keys=keys):
            spent = answer.spent
            tokens = spent.prompt_tokens + spent.completion_tokens
            yield StartFinding(
                f"model {answer.label}", answer.refusal, f"answered, {tokens} tokens used"
            )
    for model in config.llm.models:
        if not providers.get(model.provider).greets:
            yield StartFinding(f"model {model.label}", "", "runs on this machine; not asked")


def _measured(config: Config) -> Peak | None:
    baseline = own_baselines(kinds.get(config.kind)())[0]
    with sound_numerics(), process.workers(config) as pool:
        return pool.peak_memory(baseline.graphs)


def _memory(config: Config, measure: Callable[[Config], Peak | None]) -> StartFinding:
    """Result of a few steps with the largest network."""
    try:
        peak = measure(config)
    except EvoError as error:
        return StartFinding("memory", str(error))
    if peak is None:
        return StartFinding("memory", "", "not measured: other machines train")
    workers = process.configured_workers(config)
    together = peak.bytes * workers
    words = (
        f"{peak.copies} copies of {peak.network} ({peak.task}) take {_gigabytes(peak.bytes)} per "
        f"worker, {_gigabytes(together)} for {workers}"
    )
    if peak.is_split:
        words += "; copies train in parts, since the device has no room for all"
    if peak.free is None:
        return StartFinding("memory", "", words)
    words += f"; {_gigabytes(peak.free)} are free"
    if together > peak.free:
        return StartFinding(
            "memory", f"{words}. Lower workers, batch_size or seeds, or free memory."
        )
    return StartFinding("memory", "", words)


def walls_finding(facts: Mapping[str, Any]) -> StartFinding:
    """Result of the attacks of `evo doctor`."""
    if facts["all_hold"]:
        return StartFinding("walls", "", f"all hold against {len(facts['attacks'])} attacks")
    through = [attack["attack"] for attack in facts["attacks"] if not attack["held"]]
    through += [
        f"{wall['wall']}: {name}" for wall in facts["walls"] for name in wall["let_through"] or ()
    ]
    words = facts["problem"] or f"They let through: {', '.join(through)}."
    return StartFinding("walls", f"{words} See evo doctor.")


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.2f} GB"
