"""Captures in object storage."""

from pathlib import Path

import pytest

import whither


def test_an_object_is_read_like_the_file(objects):
    path = "samples/phone.pcapng"
    url = objects.put("captures/phone.pcapng", Path(path).read_bytes())
    assert whither.map(url).to_json().replace(url, path) == whither.map(path).to_json()
    assert "unsaid" not in whither.map(url).to_json()


def test_ranges_of_an_object_come_to_its_report(objects):
    url = objects.put("phone.pcap", Path("samples/phone.pcap").read_bytes())
    plan = whither.fleet.plan(url, range_bytes=50_000)
    rows = [row for task in plan for row in whither.fleet.read(task)]
    again = whither.fleet.verify(rows, plan)
    rows += [row for task in again for row in whither.fleet.read(task)]
    assert whither.fleet.merge(rows).to_json() == whither.map(url).to_json()


def test_what_goes_wrong_names_the_url(objects):
    with pytest.raises(whither.CaptureError, match="there is no such object") as error:
        whither.map("s3://bucket/none")
    assert error.value.path == "s3://bucket/none"
    url = objects.put("changing.pcap", Path("samples/phone.pcap").read_bytes())
    task = whither.fleet.plan(url)[0]
    objects.put("changing.pcap", Path("samples/phone.pcap").read_bytes() + bytes(16))
    with pytest.raises(whither.CaptureError, match="it has changed since the plan was made") as error:
        list(whither.fleet.read(task))
    assert error.value.path == url
