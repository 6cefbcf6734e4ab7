"""Trainings by a real Slurm, where it is installed.

Apart from the tests with a stand-in, whose commands would come first on the PATH.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import engine_campaign
from support.processes import wait_for
from support.slurm_work import IDENTITY, NIGHTLY, SlurmSuite, work, workers_under

from archive.history.reader import Reader
from evo.compute.engines.slurm import Slurm
from evo.compute.lost_attempts import LossCause, LostAttempt
from evo.compute.settings import ClusterSettings, Needs
from evo.compute.workers import Workers
from evo.evaluation.protocol import Job

CONFIGURATION = """
ClusterName=evo
SlurmctldHost={host}
AuthType=auth/munge
CryptoType=crypto/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
ReturnToService=2
SlurmctldPidFile={place}/slurmctld.pid
SlurmdPidFile={place}/slurmd.pid
SlurmdSpoolDir={place}/spool
StateSaveLocation={place}/state
SlurmUser=root
SlurmdUser=root
SlurmctldLogFile={place}/slurmctld.log
SlurmdLogFile={place}/slurmd.log
SwitchType=switch/none
TaskPlugin=task/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
KillWait=5
MinJobAge=300
SlurmctldTimeout=300
SlurmdTimeout=300
NodeName={host} CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4
"""


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A real Slurm of one node, from Debian's packages."""
    programs = ["slurmctld", "slurmd", "sbatch", "munged"]
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])
    if missing := [name for name in programs if not shutil.which(name, path=path)]:
        pytest.skip(f"{missing[0]} is not installed (apt install slurmctld slurmd slurm-client)")
    if os.getuid():
        pytest.skip("a Slurm of one's own needs root")
    place = tmp_path_factory.mktemp("real-slurm")
    place.chmod(0o755)
    for parent in place.parents:
        parent.chmod(parent.stat().st_mode | 0o011)
    (place / "state").mkdir()
    (place / "spool").mkdir()
    host = os.uname().nodename
    cpus = len(os.sched_getaffinity(0))
    (place / "slurm.conf").write_text(CONFIGURATION.format(place=place, host=host, cpus=cpus))
    Path("/run/munge").mkdir(exist_ok=True)
    shutil.chown("/run/munge", "munge", "munge")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(place / "slurm.conf"))
        patch.setenv("PATH", path)
        patch.setenv("EVO_CONTRACT_KEY", "hush-hush")  # what no worker may have
        started = [
            subprocess.Popen(["runuser", "-u", "munge", "--", "munged", "-F"]),
            subprocess.Popen(["slurmctld", "-D"], stderr=(place / "ctl.err").open("wb")),
            subprocess.Popen(["slurmd", "-D"], stderr=(place / "d.err").open("wb")),
        ]
        try:
            wait_for(is_idle, timeout_s=120)
            yield place
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait(timeout=30)


def is_idle() -> bool:
    told = subprocess.run(
        ["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, check=False, timeout=60
    )
    return told.stdout.strip() in ("idle", "mixed", "allocated")


@pytest.mark.long
@NIGHTLY
@pytest.mark.usefixtures("slurm")
class TestReal(SlurmSuite):
    secret = "EVO_CONTRACT_KEY"

    def test_a_cancelled_worker_and_one_that_is_killed_cost_nothing_but_time(
        self, slurm: Path, tmp_path: Path
    ) -> None:
        noted: list[LostAttempt] = []
        needs = Needs(1, cluster=ClusterSettings(folder=str(tmp_path)))
        with Workers(Slurm(work(epochs=100), needs), note=noted.append) as pool:
            outcomes = pool.run([Job(name, IDENTITY, 0) for name in "abcdef"])
            first = next(outcomes)
            own = newest_job()
            subprocess.run(["scancel", own], check=True)
            second = next(outcomes)
            processes = workers_under(tmp_path)
            os.kill(processes[0], signal.SIGKILL)
            rest = list(outcomes)

        assert sorted(one.id for one in [first, second, *rest]) == list("abcdef")
        assert {one.trials for one in [second, *rest]} == {first.trials}
        assert {loss.cause for loss in noted} <= {LossCause.WORKER, LossCause.PREEMPTED}


def newest_job() -> str:
    told = subprocess.run(
        ["squeue", "-h", "-r", "-t", "RUNNING", "-o", "%A"],
        capture_output=True,
        text=True,
        check=True,
    )
    return max(told.stdout.split(), key=int)


@pytest.mark.long
@NIGHTLY
def test_a_campaign_by_slurm_whose_driver_is_killed_and_resumed_is_that_of_local_workers(
    slurm: Path, tmp_path: Path
) -> None:
    engine_campaign.begin(tmp_path / "local")
    engine_campaign.go_on(tmp_path / "local")
    folder = tmp_path / "run"
    engine_campaign.begin(folder, ["compute=slurm", f'cluster.folder="{tmp_path / "shared"}"'])

    driver = engine_campaign.start_driver(folder)
    wait_for(lambda: Reader.read(folder).outcomes, timeout_s=300)
    driver.kill()
    driver.wait()
    acknowledged = set(Reader.read(folder).outcomes)
    # Its workers have the only places until they see that it is dead, within two minutes.
    engine_campaign.go_on(folder)

    assert acknowledged
    assert engine_campaign.facts(folder) == engine_campaign.facts(tmp_path / "local")
