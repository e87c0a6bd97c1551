"""Waves: no partition gets more at once than fits into one batch."""

from hub.stream.broker import BATCH_BYTES
from hub.stream.producer import RECORD_BYTES, Record, _waves


def _group(number: int, size: int) -> list[Record]:
    key = str(number).encode()
    return [Record("referrals.v1", key, b"x" * size), Record("org.a.v1", key, b"x" * size, 0)]


def test_small_records_leave_together() -> None:
    groups = [_group(n, 500) for n in range(100)]
    assert list(_waves(groups)) == [groups]


def test_a_wave_fits_into_one_batch_of_a_partition_and_keeps_the_order() -> None:
    groups = [_group(n, 90_000) for n in range(50)]
    waves = list(_waves(groups))
    assert [group for wave in waves for group in wave] == groups
    assert len(waves) > 1
    for wave in waves:
        assert sum(len(r.value) for group in wave for r in group if r.topic == "org.a.v1") < BATCH_BYTES


def test_the_longest_record_is_a_wave_of_its_own() -> None:
    groups = [_group(n, RECORD_BYTES) for n in range(3)]
    assert list(_waves(groups)) == [[group] for group in groups]
