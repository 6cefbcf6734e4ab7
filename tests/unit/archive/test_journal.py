from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import archive_samples as samples

from archive.store import disk, journal
from archive.store.append_log import framed
from archive.store.journal import Journal
from evo.core.errors import FormatError, HistoryError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal"


def write(path, outcomes, *, generation=7):
    book = Journal.start(path, generation, campaign="c")
    for outcome in outcomes:
        book.append(outcome)
    book.close()
    return path.read_bytes()


@given(outcomes=st.lists(samples.outcomes, max_size=4, unique_by=lambda o: o.key))
def test_outcomes_come_back_exactly(tmp_path_factory, outcomes):
    path = tmp_path_factory.mktemp("journal") / "journal"

    write(path, outcomes)

    contents = journal.read_journal(path)
    assert (contents.generation, contents.campaign) == (7, "c")
    assert repr(list(contents.outcomes.values())) == repr(outcomes)


def test_infinite_and_undefined_losses_come_back(path):
    trials = samples.outcome(1).trials[:2]
    lost = (trials[0]._replace(loss=float("inf")), trials[1]._replace(loss=float("nan")))

    write(path, [replace(samples.outcome(1), trials=lost)])

    (outcome,) = journal.read_journal(path).outcomes.values()
    assert repr([trial.loss for trial in outcome.trials]) == "[inf, nan]"


def test_a_tail_torn_at_any_byte_loses_only_the_entry_that_was_being_written(path):
    kept = write(path, [samples.outcome(1), samples.outcome(2)])
    whole = write(path, [samples.outcome(i) for i in (1, 2, 3)])

    for size in range(len(kept), len(whole)):
        path.write_bytes(whole[:size])

        contents = journal.read_journal(path)

        assert [key.id for key in contents.outcomes] == ["candidate-1", "candidate-2"]
        assert contents.size == len(kept)


def test_a_torn_tail_is_cut_off_before_the_next_entry(path):
    long = replace(samples.outcome(2), error="no convergence " * 50)
    whole = write(path, [samples.outcome(1), long])
    path.write_bytes(whole[:-5])

    book = Journal.resume(path, journal.read_journal(path).size)
    book.append(samples.outcome(3))
    book.close()

    assert [key.id for key in journal.read_journal(path).outcomes] == ["candidate-1", "candidate-3"]


@pytest.mark.parametrize("start", [0, 5, 12, 40])
def test_blocks_that_a_power_cut_left_unwritten_are_a_torn_tail(path, start):
    kept = write(path, [samples.outcome(1)])
    whole = write(path, [samples.outcome(1), samples.outcome(2)])
    written = len(kept) + start
    path.write_bytes(whole[:written] + bytes(len(whole) - written))

    contents = journal.read_journal(path)

    assert len(contents.outcomes) == 1
    assert contents.size == len(kept)


def test_a_flipped_bit_anywhere_is_an_error_that_names_the_file(path):
    whole = write(path, [samples.outcome(1), samples.outcome(2)])

    for byte in range(len(whole)):
        damaged = bytearray(whole)
        damaged[byte] ^= 1 << byte % 8
        path.write_bytes(damaged)

        with pytest.raises(HistoryError, match=str(path)):
            journal.read_journal(path)


def test_damage_is_told_with_its_place_and_what_to_do(path):
    first = write(path, [samples.outcome(1)])
    whole = bytearray(write(path, [samples.outcome(i) for i in (1, 2, 3)]))
    whole[len(first) + 30] ^= 1
    path.write_bytes(whole)

    with pytest.raises(HistoryError, match=rf"in entry 2, at byte {len(first)}\..*truncate -s"):
        journal.read_journal(path)


def test_a_newer_format_is_refused(path):
    path.write_bytes(framed(b'{"format": 2, "campaign": "c", "generation": 0}'))

    with pytest.raises(FormatError, match="has format 2, this version of evo reads format 1"):
        journal.read_journal(path)


@pytest.mark.parametrize("content", [b"", b"\0" * 90, b"{}", b"Dear diary, today I wrote a text."])
def test_a_file_that_is_no_journal_is_refused(path, content):
    path.write_bytes(content)

    with pytest.raises(HistoryError, match=str(path)):
        journal.read_journal(path)


def test_on_a_full_disk_the_outcome_is_refused_and_those_before_stay(path, full_disk):
    book = Journal.start(path, 0, campaign="c")
    book.append(samples.outcome(1))
    before = path.read_bytes()

    full_disk(len(before) + 20)
    with pytest.raises(HistoryError, match=r"File too large\. .*Free space"):
        book.append(samples.outcome(2))

    full_disk(0)
    assert path.read_bytes() == before
    book.append(samples.outcome(3))
    book.close()
    assert [key.id for key in journal.read_journal(path).outcomes] == ["candidate-1", "candidate-3"]


def test_an_interrupt_within_a_write_leaves_no_half_of_an_entry(path, monkeypatch):
    def interrupt(descriptor):
        raise KeyboardInterrupt

    book = Journal.start(path, 0, campaign="c")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(disk, "synchronise", interrupt)
        book.append(samples.outcome(1))

    book.append(samples.outcome(2))
    book.close()
    assert [key.id for key in journal.read_journal(path).outcomes] == ["candidate-2"]


def test_a_journal_may_start_with_what_is_paid_for_already(path):
    book = Journal.start(path, 3, campaign="c", outcomes=[samples.outcome(1)])
    book.append(samples.outcome(2))
    book.close()

    assert [key.id for key in journal.read_journal(path).outcomes] == ["candidate-1", "candidate-2"]


def test_an_entry_of_a_sort_that_is_not_known_is_refused(path):
    path.write_bytes(write(path, []) + framed(b'{"reply":{}}'))

    with pytest.raises(HistoryError, match=r"does not know \(reply\)\. Use the version"):
        journal.read_journal(path)
