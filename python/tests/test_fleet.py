"""Ranges that are read one by one come to the report of one reading."""

import json
import random

import pytest

import whither
from whither import fleet

PHONE = "samples/phone.pcap"
NAME, TO = ([name for name, _ in fleet.COLUMNS].index(name) for name in ("name", "to"))


def rows_of(tasks):
    return [row for task in tasks for row in fleet.read(task)]


def all_rows(tasks, rows):
    while again := fleet.verify(rows, tasks):
        rows = rows + rows_of(again)
    return rows


def test_ranges_in_any_order_and_twice_are_the_report():
    paths = [PHONE, "samples/phone.pcapng", "samples/compressed"]
    tasks = fleet.plan(paths, range_bytes=100_000)
    assert len(tasks) > 12
    rows = all_rows(tasks, rows_of(tasks))
    expected = whither.map(paths, from_="Taipei").to_json()
    assert fleet.merge(rows, from_="Taipei").to_json() == expected
    # A worker that was thought lost: its rows come a second time, from a reading of its own.
    rows += rows_of(tasks[:5])
    random.Random(7).shuffle(rows)
    assert fleet.verify(rows, tasks) == []
    assert fleet.merge(iter(rows), from_="Taipei").to_json() == expected


def test_joined_and_sorted_rows_are_the_report():
    tasks = fleet.plan([PHONE, "samples/vlan.pcap"], range_bytes=100_000)
    rows = all_rows(tasks, rows_of(tasks))
    proven = fleet.proven(rows)
    assert all(row[1] == "range" for row in proven) and {row[3] for row in proven} == {0, 1}
    # Those of the phone. Captures have their numbers in the order in which they are read, which need not be that in which they are named.
    readings = [row for row in proven if row[NAME] == PHONE]
    assert len(readings) > 8
    groups = [readings[:3], readings[3:4], readings[4:8]]
    spans = [(group[0][3], group[0][4], group[-1][TO]) for group in groups]
    joined, others = [], list(rows)
    for capture, begin, end in spans:
        group = [row for row in others if row[3] == capture and begin <= row[4] < end]
        others = [row for row in others if row not in group]
        joined += fleet.join(group)
    assert sum(row[1] == "range" for row in joined) == 3
    expected = whither.map([PHONE, "samples/vlan.pcap"]).to_json()
    both = joined + others
    assert fleet.verify(both, tasks) == [] and fleet.merge(both).to_json() == expected
    place = [[name for name, _ in fleet.COLUMNS].index(name) for name in ("capture", "from", "to", "start", "part", "chunk")]
    in_order = sorted(both, key=lambda row: [-1 if row[at] is None else row[at] for at in place])
    proofs = [row for row in both if row[1] == "range"]
    assert fleet.merge(iter(in_order), proofs=proofs).to_json() == expected
    with pytest.raises(ValueError, match="not in order"):
        fleet.merge(reversed(in_order), proofs=proofs)
    with pytest.raises(ValueError, match="lacks some of its rows"):
        fleet.merge(in_order[: len(in_order) // 2], proofs=proofs)
    with pytest.raises(whither.CaptureError, match="do not follow each other"):
        list(fleet.join([row for row in rows if row[3:5] in (readings[0][3:5], readings[2][3:5])]))
    with pytest.raises(ZeroDivisionError):
        fleet.merge((1 // 0 if at else row for at, row in enumerate(in_order)), proofs=proofs)


def test_what_is_missing_is_named_and_refused():
    tasks = fleet.plan([PHONE, "samples/vlan.pcap"], range_bytes=300_000)
    assert fleet.verify([], tasks) == tasks
    first = rows_of(task for task in tasks if json.loads(task)["name"] == PHONE and json.loads(task)["from"] == 0)
    again = fleet.verify(first, tasks)
    # The start of the next one is proven by where the first one ended. Of the other capture nothing is known but the plan.
    assert len(again) == len(tasks) - 1 and json.loads(again[0])["start"] is not None
    assert json.loads(again[-1])["name"] == "samples/vlan.pcap"
    with pytest.raises(ValueError, match="missing or began at the wrong place"):
        fleet.merge(first)
    # Without the bytes ranges are verified, and not merged.
    rows = all_rows(tasks, rows_of(tasks))
    assert fleet.verify([row[:-1] for row in rows], tasks) == []
    with pytest.raises((ValueError, OSError)):
        fleet.merge([row[:-1] for row in rows])


def test_a_capture_that_changed_is_an_error_with_its_path(tmp_path):
    path = tmp_path / "changing.pcap"
    path.write_bytes((whole := open(PHONE, "rb").read()))
    task = fleet.plan(path)[0]
    path.write_bytes(whole + whole[24:])
    with pytest.raises(whither.CaptureError, match="changed since the plan was made") as error:
        list(fleet.read(task))
    assert error.value.path == str(path)
    path.unlink()
    with pytest.raises(whither.CaptureError) as error:
        list(fleet.read(task))
    assert error.value.path == str(path)


def test_a_capture_that_breaks_off_is_told(broken):
    tasks = fleet.plan(broken, range_bytes=300_000)
    rows = all_rows(tasks, rows_of(tasks))
    with pytest.warns(whither.CaptureWarning, match="broken.pcap: offset"):
        merged = fleet.merge(rows)
    assert merged.to_json() == whither.map(broken, errors="ignore").to_json()
    with pytest.raises(whither.CaptureError):
        fleet.merge(rows, errors="raise")


def test_a_merge_that_does_not_fit_into_memory_is_told(crowded):
    rows = rows_of(fleet.plan(crowded))
    with pytest.warns(whither.CaptureWarning, match="^memory was short, and what was left out is not what one machine"):
        fleet.merge(rows, max_memory=64 << 20)


def test_rows_and_tasks_that_nobody_wrote_are_value_errors():
    tasks = fleet.plan(PHONE)
    rows = rows_of(tasks)
    assert all(len(row) == len(fleet.COLUMNS) for row in rows)
    for wrong in ([(1.5,)], [()], [(2, "range")], [(*rows[-1], 1)], [(1, "sum")], [tuple(reversed(rows[-1]))], [7]):
        with pytest.raises((ValueError, TypeError)):
            fleet.verify(wrong, tasks)
    with pytest.raises(ValueError, match="no task"):
        fleet.read("{}")
    with pytest.raises(ValueError, match="another plan"):
        fleet.verify(rows, fleet.plan("samples/vlan.pcap"))
    with pytest.raises(ValueError):
        fleet.merge([])


def test_rows_that_are_not_taken_end_the_reading():
    rows = fleet.read(fleet.plan(PHONE)[0])
    next(rows)
    del rows
