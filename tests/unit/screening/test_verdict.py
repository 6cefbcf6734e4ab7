from dataclasses import replace

from support.records import record

from evo.core.records import Record, Status
from evo.core.stages import Screening, ScreeningState, Stage
from evo.screening.verdict import ScreeningVerdict


def screened(generation: int, state: ScreeningState | None, why: str = "") -> Record:
    screening = None if state is None else Screening(state, why)
    return record(
        "id", Status.SCREENED_OUT, generation=generation, stage=Stage.SCREEN, screening=screening
    )


def test_a_model_is_early_then_screens_then_stands_aside_and_screens_again() -> None:
    records = [
        screened(1, ScreeningState.EARLY),
        screened(4, ScreeningState.SCREENS),
        screened(4, ScreeningState.SCREENS),
        screened(5, ScreeningState.SCREENS),
        screened(6, ScreeningState.ASIDE, "rank correlation 0.01 on 20 random candidates"),
        screened(7, ScreeningState.ASIDE, "rank correlation 0.02 on 20 random candidates"),
        screened(8, ScreeningState.SCREENS),
    ]

    verdicts = [ScreeningVerdict().after(records[:count]) for count in range(len(records) + 1)]

    assert [verdict.state for verdict in verdicts[:4]] == [
        *(
            ScreeningState.EARLY,
            ScreeningState.EARLY,
            ScreeningState.SCREENS,
            ScreeningState.SCREENS,
        )
    ]
    assert [verdict.since for verdict in verdicts[4:]] == [4, 6, 6, 8]
    assert str(verdicts[6]) == (
        "is not used since generation 6: rank correlation 0.02 on 20 random candidates"
    )
    assert str(verdicts[7]) == "screens since generation 8"


def test_a_record_left_out_without_a_model_says_nothing_of_one() -> None:
    drawn = screened(3, None)
    words = replace(drawn, reason="the reward model expects a margin of +0.05 ± 0.10")

    assert ScreeningVerdict().after([drawn, words]) == ScreeningVerdict()
    assert str(ScreeningVerdict()) == "too early to screen"
