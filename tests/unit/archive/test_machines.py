from archive.history.machines import machines_of, note_machine, read_stays

A, B = {"cpu": "A", "cpu_features": "AVX2"}, {"cpu": "B", "cpu_features": "AVX512"}


def test_each_machine_is_written_down_once_with_what_was_there_before_it(tmp_path) -> None:
    note_machine(tmp_path, A, generation=0, before=())
    note_machine(tmp_path, A, generation=2, before=["one"])
    note_machine(tmp_path, B, generation=3, before=["two", "one", "two"])

    stays = read_stays(tmp_path)

    assert [(stay.generation, stay.before, stay.name) for stay in stays] == [
        (0, [], "A, AVX2"),
        (3, ["one", "two"], "B, AVX512"),
    ]
    assert machines_of(stays, 2, "one") == ["A, AVX2"]
    assert machines_of(stays, 3, "one") == ["A, AVX2", "B, AVX512"]
    assert machines_of(stays, 3, "three") == ["B, AVX512"]
    assert machines_of(stays, 4, "one") == ["B, AVX512"]


def test_a_damaged_line_and_no_file_are_borne(tmp_path) -> None:
    assert read_stays(tmp_path) == []
    note_machine(tmp_path, A, generation=0, before=())
    with (tmp_path / "machines").open("a") as file:
        file.write("half a li")

    assert [stay.name for stay in read_stays(tmp_path)] == ["A, AVX2"]
