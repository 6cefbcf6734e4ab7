from evo.core.records import Candidate, Record, Status
from evo.screening.verdict import ScreeningState, ScreeningVerdict, early, outdone, standing_aside


def screened(generation: int, reason: str) -> Record:
    candidate = Candidate("id", "activation", "", (), "test")
    return Record(candidate, generation, Status.SCREENED_OUT, "screen", reason)


def test_a_model_is_early_then_screens_then_stands_aside_and_screens_again() -> None:
    told = [
        screened(1, f"not drawn for one of the 4 trainings of the generation; {early()}"),
        screened(4, outdone(0.5, 0.1)),
        screened(4, outdone(0.4, 0.1)),
        screened(5, outdone(0.4, 0.1)),
        screened(
            6, f"not drawn; {standing_aside('rank correlation 0.01 on 20 random candidates')}"
        ),
        screened(
            7, f"not drawn; {standing_aside('rank correlation 0.02 on 20 random candidates')}"
        ),
        screened(8, outdone(0.4, 0.1)),
    ]

    found = [ScreeningVerdict().after(told[:count]) for count in range(len(told) + 1)]

    assert [verdict.state for verdict in found[:4]] == [
        *(
            ScreeningState.EARLY,
            ScreeningState.EARLY,
            ScreeningState.SCREENS,
            ScreeningState.SCREENS,
        )
    ]
    assert [verdict.since for verdict in found[4:]] == [4, 6, 6, 8]
    assert str(found[6]) == (
        "stands aside since generation 6: rank correlation 0.02 on 20 random candidates"
    )
    assert str(found[7]) == "screens since generation 8"


def test_who_was_left_out_without_a_model_says_nothing_of_one() -> None:
    drawn = screened(3, "not drawn for one of the 4 trainings of the generation")
    failed = Record(drawn.candidate, 3, Status.FAILED, "evaluate", outdone(0.5, 0.1))

    assert ScreeningVerdict().after([drawn, failed]) == ScreeningVerdict()
    assert str(ScreeningVerdict()) == "too early to screen"
