from dataclasses import replace

import archive_samples as samples
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.store.columns import ROW, pack_records, to_row, unpack


@given(st.lists(samples.records, max_size=4))
def test_every_field_of_every_record_comes_back_bit_for_bit(records):
    back = unpack(pack_records(records))

    assert [samples.everything(r) for r in back] == [samples.everything(r) for r in records]


def test_a_row_has_the_documented_fields_in_order():
    row = to_row(samples.record(3))

    assert list(row) == list(ROW)


def test_what_is_unknown_is_none_in_a_row():
    row = to_row(samples.refused(3))

    unknown = {name for name, value in row.items() if value is None}
    assert unknown == set(ROW) - {
        *("id", "kind", "generation", "status", "stage", "reason"),
        *("operator", "parents", "source", "seconds"),
        *("model", "request", "rationale", "cost_usd"),
    }


def test_a_vector_of_another_type_is_our_own_bug():
    wrong = replace(samples.record(1), text_vector=np.zeros(3))

    with pytest.raises(AssertionError, match="float64, not float32"):
        pack_records([wrong])
