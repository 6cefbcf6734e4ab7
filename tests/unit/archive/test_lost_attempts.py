from archive.history.lost_attempts import LOSSES_FILE, note_loss, read_losses


def note(folder, cause: str, jobs: int = 1) -> None:
    note_loss(folder, cause, where="node-7", jobs=jobs, detail="its memory ran out")


def test_losses_are_counted_over_all_processes_and_the_newest_are_kept(tmp_path) -> None:
    for number in range(30):
        note(tmp_path, "node" if number % 3 else "memory", jobs=2)

    lost = read_losses(tmp_path)

    assert lost is not None
    assert (lost.causes, lost.jobs, len(lost.newest)) == ({"memory": 10, "node": 20}, 60, 20)
    assert lost.newest[-1]["where"] == "node-7"


def test_a_damaged_file_costs_the_counts_alone(tmp_path) -> None:
    (tmp_path / LOSSES_FILE).write_text('{"causes": [')

    assert read_losses(tmp_path) is None
    note(tmp_path, "late")
    assert read_losses(tmp_path).causes == {"late": 1}  # type: ignore[union-attr]
