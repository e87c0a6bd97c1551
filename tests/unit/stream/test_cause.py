"""Why an event was parked, without what it says."""

from hub.stream.lines import cause


def test_a_cause_names_class_and_place_and_no_text() -> None:
    try:
        raise KeyError("王桂兰 330102195501011234")
    except KeyError as error:
        told = cause(error)
    assert told.startswith("KeyError at test_cause.py:")
    assert "王" not in told
    assert "3301" not in told
