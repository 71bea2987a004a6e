"""Where the samples are, and captures that are made of them."""

import struct
from pathlib import Path

import pytest

FLOWS = 200_000
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
    """A capture of many flows of one packet each, a hundred in a second."""
    path = tmp_path_factory.mktemp("large") / "large.pcap"
    with path.open("wb") as file:
        # Raw IP packets (link type 101).
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 101))
        payload = b"hello"
        for flow in range(FLOWS):
            udp = struct.pack(">HHHH", 5_000, 9_000, 8 + len(payload), 0) + payload
            source, target = struct.pack(">I", 0x0A000000 + flow), b"\xc6\x33\x64\x07"
            packet = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + source + target + udp
            second, hundredth = divmod(flow, 100)
            file.write(struct.pack("<IIII", 1_780_000_000 + second, hundredth * 10_000, len(packet), len(packet)) + packet)
    return path
