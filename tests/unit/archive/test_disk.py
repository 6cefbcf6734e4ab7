from archive.store import disk


def test_a_file_is_replaced_whole_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old and longer")

    disk.replace(path, b"new")

    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_kill_left_of_a_write_gives_way_to_the_next(tmp_path):
    (tmp_path / ".file.tmp").write_bytes(b"half of something much longer")

    disk.replace(tmp_path / "file", b"new")

    assert (tmp_path / "file").read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]
