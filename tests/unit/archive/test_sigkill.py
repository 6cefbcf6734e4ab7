import multiprocessing
import random
import time

import pytest
from archive_children import SIZE, evolve
from support import archive_samples as samples
from support.profiles import many

from archive.history.history import History
from archive.history.reader import Reader

LIVES = 10


@pytest.fixture
def processes():
    """Forks, so that a child has everything imported; no torch there, whose threads do not fork."""
    return multiprocessing.get_context("fork")


def live_and_die(processes, folder, life, seconds):
    """Ids and costs that a child acknowledged before it was killed."""
    receiving, sending = processes.Pipe(duplex=False)
    child = processes.Process(target=evolve, args=(folder, life, sending, None))
    child.start()
    sending.close()
    assert receiving.poll(20), "the child never acknowledged anything"
    time.sleep(seconds)
    child.kill()
    child.join()
    acknowledged = []
    try:
        while receiving.poll():
            acknowledged.append(receiving.recv())
    except EOFError:
        pass
    return acknowledged


@pytest.mark.long
@pytest.mark.parametrize("campaign", range(many(2, nightly=60)))
def test_whatever_was_acknowledged_survives_sigkill_and_is_paid_once(processes, tmp_path, campaign):
    folder = tmp_path / "run"
    History.create(folder, config={}, environment={}).close()
    moments = random.Random(campaign)
    paid: dict[int, float] = {}

    for life in range(LIVES):
        acknowledged = live_and_die(processes, folder, life, moments.uniform(0, 0.03))

        assert not paid.keys() & {number for number, _ in acknowledged}, "paid twice"
        paid |= dict(acknowledged)
        with History.open(folder) as history:
            known = {int(record.id, 16): record.seconds for record in history.records}
            assert sorted(known) == list(range(SIZE * (history.generation + 1)))
            known |= {int(o.id.split("-")[1]): o.seconds for o in history.outcomes.values()}
        assert paid.items() <= known.items()
        assert len(known) - len(paid) <= life + 1, "durable but not yet told: one a life at most"

    assert len(known) > LIVES


def test_a_reader_works_beside_a_writer_and_never_disturbs_it(processes, tmp_path):
    folder = tmp_path / "run"
    History.create(folder, config={}, environment={}).close()
    _receiving, sending = processes.Pipe(duplex=False)
    child = processes.Process(target=evolve, args=(folder, 0, sending, 25))
    child.start()
    sending.close()
    follower = Reader.read(folder)
    seen, was_running = [follower.generation], False

    while child.is_alive():
        was_running |= follower.is_running
        follower.refresh()
        seen.append(Reader.read(folder).generation)
        assert len(follower.records) == SIZE * (follower.generation + 1)

    child.join()
    assert (child.exitcode, was_running) == (0, True)
    assert seen == sorted(seen)
    assert len(set(seen)) > 3, "the reader looked while generations were sealed"
    follower.refresh()
    assert follower.generation == 24
    assert samples.everything(follower.records[-1])[-1] is not None
