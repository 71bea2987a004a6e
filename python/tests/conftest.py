"""Where the samples are, and captures that are made of them."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def in_the_clone(monkeypatch):
    """Paths in tests and examples are those of the clone."""
    monkeypatch.chdir(ROOT)


@pytest.fixture
def broken(tmp_path):
    """A capture that ends in the midst of a packet."""
    path = tmp_path / "broken.pcap"
    path.write_bytes((ROOT / "samples/phone.pcap").read_bytes()[:-7])
    return path


@pytest.fixture(scope="session")
def large(tmp_path_factory):
    """A capture that takes many seconds to read: a sample again and again, each time a day later."""
    sample = (ROOT / "samples/phone.pcap").read_bytes()
    order = "little" if sample[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else "big"
    path = tmp_path_factory.mktemp("large") / "large.pcap"
    records = []
    at = 24
    while at < len(sample):
        length = int.from_bytes(sample[at + 8 : at + 12], order)
        records.append((int.from_bytes(sample[at : at + 4], order), sample[at + 4 : at + 16 + length]))
        at += 16 + length
    with path.open("wb") as file:
        file.write(sample[:24])
        for day in range(100):
            file.write(b"".join((time + day * 86_400).to_bytes(4, order) + rest for time, rest in records))
    return path
