from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import archive_samples as samples

from archive.store.record_columns import pack_records, unpack


@given(st.lists(samples.records, max_size=4))
def test_every_field_of_every_record_comes_back_bit_for_bit(records):
    back = unpack(pack_records(records))

    assert [samples.everything(r) for r in back] == [samples.everything(r) for r in records]


def test_a_vector_of_another_type_is_our_own_bug():
    wrong = replace(samples.record(1), text_vector=np.zeros(3))

    with pytest.raises(AssertionError, match="float64, not float32"):
        pack_records([wrong])
