"""Where the samples are, and captures that are made of them."""

import struct
from pathlib import Path

import pytest

FLOWS = 200_000
CROWD = 12_000
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
    """A capture of many flows, a hundred in a second."""
    return write_flows(tmp_path_factory.mktemp("large") / "large.pcap", FLOWS, a_second=100)


@pytest.fixture(scope="session")
def crowded(tmp_path_factory):
    """A capture of so many flows at once that not all of them fit into the least memory."""
    return write_flows(tmp_path_factory.mktemp("crowded") / "crowded.pcap", CROWD, a_second=1_000)


def write_flows(path, flows, a_second):
    """A capture of flows of one packet each."""
    with path.open("wb") as file:
        # Raw IP packets (link type 101).
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 101))
        payload = b"hello"
        for flow in range(flows):
            udp = struct.pack(">HHHH", 5_000, 9_000, 8 + len(payload), 0) + payload
            source, target = struct.pack(">I", 0x0A000000 + flow), b"\xc6\x33\x64\x07"
            packet = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + source + target + udp
            second, rest = divmod(flow, a_second)
            time = 1_780_000_000 + second, rest * (1_000_000 // a_second)
            file.write(struct.pack("<IIII", *time, len(packet), len(packet)) + packet)
    return path
