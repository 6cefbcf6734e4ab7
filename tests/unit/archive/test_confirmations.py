import json
import math

import pytest
from support import archive_samples as samples

from archive.history.confirmations import Confirmations, newest_of, paths, read_confirmation
from archive.history.reader import Reader
from archive.store.lock import Lock
from evo.core.errors import HistoryError

SETTINGS = {"kind": "activation", "protocol": {"first_seed": 1_000_000}}


def content(verdict="confirmed", id_="a" * 16):
    entry = {"id": id_, "verdict": verdict, "p": 1 / 3, "log_ratio_ci": [-0.1, 1e-17]}
    return {"candidates": [entry], "protocol": {"rungs": []}, "text": "τ ≥ 0"}


def write(campaign, **words):
    with Confirmations.open(campaign, settings=SETTINGS) as book:
        return book.write(content(**words))


def test_a_confirmation_comes_back_as_it_went_under_the_next_number(tmp_path):
    first, second = write(tmp_path), write(tmp_path, verdict="not confirmed")

    assert [path.name for path in (first, second)] == ["001.json", "002.json"]
    assert paths(tmp_path) == [first, second]
    assert read_confirmation(first) == content()
    assert read_confirmation(second) == content(verdict="not confirmed")


def test_the_newest_confirmation_of_a_candidate_is_the_one_that_counts(tmp_path):
    write(tmp_path, id_="a")
    write(tmp_path, id_="a", verdict="not confirmed")
    write(tmp_path, id_="b")

    found = newest_of(tmp_path, "a")

    assert found is not None
    assert (found["verdict"], found["number"]) == ("not confirmed", "002")
    assert newest_of(tmp_path, "c") is None


def test_a_campaign_without_confirmations_has_none(tmp_path):
    assert paths(tmp_path) == []
    assert newest_of(tmp_path, "a") is None


def test_what_was_trained_is_found_again_under_the_same_settings_only(tmp_path):
    with Confirmations.open(tmp_path, settings=SETTINGS) as book:
        book.acknowledge(samples.outcome(1))

    with Confirmations.open(tmp_path, settings=dict(reversed(SETTINGS.items()))) as book:
        assert list(book.outcomes.values()) == [samples.outcome(1)]
        book.acknowledge(samples.outcome(2))
    with Confirmations.open(tmp_path, settings={**SETTINGS, "kind": "other"}) as book:
        assert book.outcomes == {}
    with Confirmations.open(tmp_path, settings=SETTINGS) as book:
        assert list(book.outcomes.values()) == [samples.outcome(1), samples.outcome(2)]


def test_a_torn_end_of_what_was_trained_is_cut_off(tmp_path):
    with Confirmations.open(tmp_path, settings=SETTINGS) as book:
        book.acknowledge(samples.outcome(1))
        book.acknowledge(samples.outcome(2))
    (path,) = (tmp_path / "confirmations").glob("journal-*")
    path.write_bytes(path.read_bytes()[:-7])

    with Confirmations.open(tmp_path, settings=SETTINGS) as book:
        assert list(book.outcomes.values()) == [samples.outcome(1)]
        book.acknowledge(samples.outcome(3))
    with Confirmations.open(tmp_path, settings=SETTINGS) as book:
        assert list(book.outcomes.values()) == [samples.outcome(1), samples.outcome(3)]


def test_any_changed_figure_is_damage_that_names_the_file_and_the_remedy(tmp_path):
    path = write(tmp_path)
    whole = path.read_bytes()

    for place in range(len(whole)):
        for bit in (0, 4):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            path.write_bytes(damaged)
            try:
                assert (
                    read_confirmation(path) == content()
                )  # space between the values changes nothing
            except HistoryError as error:
                assert str(path) in str(error)
                assert "Restore it" in str(error) or "Use the version" in str(error)


@pytest.mark.parametrize(
    "damaged",
    [b"", b"[]", b"{}", b"null", b"\xff\xfe", b'{"format": 1, "sha256": "0", "content": NaN}'],
)
def test_a_file_that_is_no_confirmation_is_refused(tmp_path, damaged):
    path = write(tmp_path)
    path.write_bytes(damaged)

    with pytest.raises(HistoryError, match=r"no confirmation of evo, or damaged\. Restore it"):
        newest_of(tmp_path, "a")


def test_a_newer_format_is_refused(tmp_path):
    path = write(tmp_path)
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2}))

    with pytest.raises(HistoryError, match="has format 2, this version of evo reads format 1"):
        read_confirmation(path)


def test_a_foreign_file_is_named_before_anything_is_trained(tmp_path):
    write(tmp_path)
    (tmp_path / "confirmations/mine.json").write_text("{}")

    with pytest.raises(
        HistoryError, match=r"mine\.json is no confirmation of this campaign\. Move"
    ):
        Confirmations.open(tmp_path, settings=SETTINGS)


def test_what_a_kill_left_of_a_write_is_passed_over(tmp_path):
    write(tmp_path)
    (tmp_path / "confirmations/.002.json.tmp").write_bytes(b'{"format"')

    assert write(tmp_path).name == "002.json"


def test_a_number_that_json_has_not_is_refused(tmp_path):
    with Confirmations.open(tmp_path, settings=SETTINGS) as book, pytest.raises(ValueError):
        book.write({**content(), "loss": math.inf})

    assert paths(tmp_path) == []


def test_a_second_process_that_confirms_is_refused(tmp_path):
    with (
        Confirmations.open(tmp_path, settings=SETTINGS),
        pytest.raises(HistoryError, match=r"confirmations is being written by process \d+"),
    ):
        Confirmations.open(tmp_path, settings=SETTINGS)

    Confirmations.open(tmp_path, settings=SETTINGS).close()


def test_on_a_full_disk_nothing_is_there_under_the_next_number(tmp_path, full_disk):
    with Confirmations.open(tmp_path, settings=SETTINGS) as book:
        full_disk(60)
        with pytest.raises(HistoryError, match="Free space"):
            book.write(content())
        full_disk(0)

        assert paths(tmp_path) == []
        assert book.write(content()).name == "001.json"


def test_a_campaign_can_be_confirmed_while_another_process_writes_it(tmp_path):
    from archive.history.history import History

    with History.create(tmp_path / "run", config={}, environment={}) as history:
        write(tmp_path / "run")
        history.acknowledge(samples.outcome(1))
        history.seal(0, [samples.record(1)], [])

    again = Reader.read(tmp_path / "run")
    assert [record.id for record in again.records] == [samples.record(1).id]
    assert not again.is_running
    Lock.take(tmp_path / "run/lock").release()
