"""Claim: a study of 36,000 hypotheses takes two cores at most four hours, and memory stays flat.

Runs a study for real: 3 kinds × 2 strategies of proposing by syntax trees, every hypothesis through
generation, validation, duplicates, screening by the reward model (a quarter passes) and training of
that quarter. Prints processor time, of all its processes together, per stage and candidate, for the
first and the last half of each cell, and what follows for the paper's 18 cells of 2,000 in ten
rounds. The protocol is short (5 epochs of one network, 4 seeds, no second rung): the paper's own
training would be added on top.

With `--report` it trains nothing: it writes that number of made-up records in 18 cells and measures
the report.

Usage: python benchmarks/study_scale.py [--quick] [--hypotheses N] [--rounds N] [--report N]
       [--folder PATH]; a folder that is there goes on.
"""

import argparse
import os
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from large_campaign import write_large_campaign, write_small_campaign

from archive.history.reader import Reader
from evo.campaign.progress import OnProgress, Progress
from evo.core.records import Status
from evo.report.documents.writing import write_report
from evo.studies.grid.cells import Cell, cells_of
from evo.studies.grid.report import report_of_study
from evo.studies.grid.running import begin_study, run_study
from evo.studies.grid.study import Study, read_study

PAPER_CELLS, PAPER_HYPOTHESES, PAPER_ROUNDS = 18, 2000, 10
STUDY = """
base = "default"
hypotheses = {hypotheses}
rounds = {rounds}
[settings]
population = 12
offspring = {offspring}
trainings = {trainings}
device = "cpu"
selection = {{ survival = "baselines", parents = "uniform" }}
reward = {{ screening = true, over_propose = 1.0, first_generation = 2 }}
[settings.protocol]
rungs = [{{ epochs = 5, seeds = 4, networks = 1 }}]
leaders = 0
[axes.kind.activation]
kind = "activation"
[axes.kind.preprocessor]
kind = "preprocessor"
[axes.kind.regularizer]
kind = "regularizer"
[axes.strategy.incremental]
operators = {{ mutate-tree = 1.0 }}
[axes.strategy.novel]
operators = {{ sample-tree = 1.0 }}
"""


class Stages:
    """Wall and processor time per stage and half of a cell, of all processes together."""

    def __init__(self) -> None:
        self.wall: dict[tuple[str, str], float] = defaultdict(float)
        self.cpu: dict[tuple[str, str], float] = defaultdict(float)
        self._stage, self._half = "opening", "first"
        self._at = time.monotonic(), tree_seconds()

    def note(self, progress: Progress) -> None:
        """Note the stage that a campaign is in."""
        half = "last" if 2 * progress.generation > progress.generations else "first"
        step = progress.step if progress.generation else "baselines"
        if (step, half) != (self._stage, self._half):
            self.enter(step, half)

    def enter(self, stage: str, half: str = "first") -> None:
        """Begin a stage; what passed since the last one counts for that."""
        now = time.monotonic(), tree_seconds()
        key = self._stage, self._half
        self.wall[key] += now[0] - self._at[0]
        self.cpu[key] += now[1] - self._at[1]
        self._stage, self._half, self._at = stage, half, now


def tree_seconds() -> float:
    """Processor time of this process and all that descend from it, those that ended included."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                fields = (place / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended
            parents[int(place.name)] = int(fields[1])
            ticks[int(place.name)] = sum(map(int, fields[11:15]))
    here, total = os.getpid(), 0
    for process, amount in ticks.items():
        above = process
        while above not in (here, 0):
            above = parents.get(above, 0)
        total += amount if above == here else 0
    return total / os.sysconf("SC_CLK_TCK")


def memory_mib() -> float:
    """Memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def study_of(folder: Path, *, hypotheses: int, rounds: int, offspring: int) -> Study:
    """The study, read from a file as a person would give it."""
    file = folder / "scale.toml"
    sizes = {"offspring": offspring, "trainings": offspring // 4}
    file.write_text(STUDY.format(hypotheses=hypotheses, rounds=rounds, **sizes))
    return read_study(file)


def run(folder: Path, study: Study) -> None:
    """Run the study and print what each stage took."""
    stages, cells = Stages(), cells_of(study)
    turns = 0

    @contextmanager
    def show(name: str) -> Generator[OnProgress]:
        nonlocal turns
        turns += 1
        stages.enter("opening")
        yield stages.note
        stages.enter("closing")
        print(f"{name}: {memory_mib():.0f} MiB, {tree_seconds():.0f} s", flush=True)

    start, before = time.monotonic(), tree_seconds()
    try:
        failures = run_study(study, cells, folder / "scale", show=show, warn=print)
        assert not failures, failures
    except KeyboardInterrupt:
        print("stopped: figures are of what ran", flush=True)
    stages.enter("end")
    wall, cpu = time.monotonic() - start, tree_seconds() - before
    print_stages(stages, folder / "scale", cells, turns=turns)
    print(f"all: {cpu:.0f} s of processor time, {wall:.0f} s of wall time")
    print_report(folder / "scale")


def print_stages(stages: Stages, folder: Path, cells: list[Cell], *, turns: int) -> None:
    """Print each stage's time, and what it would be for the paper's study."""
    begun = [folder / cell.name for cell in cells if (folder / cell.name).exists()]
    records = [r for place in begun for r in Reader.read(place).records if r.generation]
    valid = [r for r in records if r.status is not Status.INVALID]
    new = [r for r in valid if r.status is not Status.DUPLICATE]
    trained = [r for r in new if r.status is not Status.SCREENED_OUT]
    entering = {
        "propose": len(records),
        "validate": len(records),
        "recognise": len(valid),
        "screen": len(new),
        "evaluate": len(trained),
        "archive": len(trained),
    }
    print(
        f"{len(records)} proposed, {len(valid)} valid, {len(new)} new, {len(trained)} trained; "
        f"{turns} turns"
    )
    factor = PAPER_CELLS * PAPER_HYPOTHESES / max(len(records), 1)
    whole = 0.0
    for stage in dict.fromkeys(name for name, _ in stages.cpu):
        first, last = (stages.cpu[stage, half] for half in ("first", "last"))
        line = f"{stage:10} {first + last:8.1f} s CPU (halves {first:.1f}, {last:.1f})"
        line += f", {sum(stages.wall[stage, half] for half in ('first', 'last')):8.1f} s wall"
        if stage in entering:
            # Later candidates meet a longer history: the last half is what the whole would cost.
            whole += 2 * max(first, last) * factor
            line += f", {1000 * (first + last) / max(entering[stage], 1):7.1f} ms per candidate"
        elif stage in ("opening", "closing", "start"):
            whole += (first + last) / turns * PAPER_CELLS * PAPER_ROUNDS
            line += f", {(first + last) / turns:.2f} s per turn"
        else:
            whole += first + last
        print(line)
    print(f"36,000 in 18 cells and ten rounds: {whole / 3600:.2f} processor hours")


def print_report(folder: Path) -> None:
    """Print what the report of a study takes."""
    wall, cpu = time.monotonic(), time.process_time()
    report = report_of_study(folder, pictures=True)
    document = write_report(report, "html")
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"report: {wall:.1f} s, {cpu:.1f} s of processor time, {len(document) / 1e6:.1f} MB, "
        f"peak of this process {peak:.0f} MiB"
    )


def write_made_up(folder: Path, *, candidates: int) -> Path:
    """A study of 18 cells with made-up records, of the paper's shape."""
    text = STUDY.format(hypotheses=candidates // PAPER_CELLS, rounds=1, offspring=200, trainings=50)
    file = folder / "made-up.toml"
    file.write_text(text.replace('base = "default"', 'base = "default"\nseeds = [0, 1, 2]'))
    cells = cells_of(read_study(file))
    place = folder / "made-up"
    begin_study(cells, place)
    for number, cell in enumerate(cells):
        small = folder / f"small-{cell.config.kind}"
        if not small.exists():
            write_small_campaign(small, f"kind={cell.config.kind}", "trainings=10")
        write_large_campaign(
            place / cell.name, small, candidates=cell.hypotheses, first=number * 2 * candidates
        )
    return place


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description="Measure a study of 36,000 hypotheses.")
    parser.add_argument("--quick", action="store_true", help="only show that it runs")
    parser.add_argument("--hypotheses", type=int, default=0, help="per cell (default: 600)")
    parser.add_argument("--rounds", type=int, default=2, help="turns per cell")
    parser.add_argument("--report", type=int, default=0, help="made-up records to report on")
    parser.add_argument("--folder", type=Path, help="where the study is kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if options.report:
            print_report(write_made_up(folder, candidates=options.report))
            return
        hypotheses = options.hypotheses or (24 if options.quick else 600)
        offspring = 12 if options.quick else min(100, hypotheses // 2)
        sizes = {"hypotheses": hypotheses, "rounds": options.rounds, "offspring": offspring}
        run(folder, study_of(folder, **sizes))


if __name__ == "__main__":
    main()
