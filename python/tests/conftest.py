"""Where the samples are, captures that are made of them, and a store that has captures as objects."""

import os
import re
import struct
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

import pytest

import whither

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


class Store(ThreadingHTTPServer):
    """A store on the loopback interface that gives parts of objects, as those do that speak S3."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answer)
        self.objects = {}
        self.environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.server_port}",
            "AWS_ACCESS_KEY_ID": "user",
            "AWS_SECRET_ACCESS_KEY": "unsaid",
        }

    def put(self, key, content):
        """Keeps an object: its URL."""
        self.objects[f"/bucket/{key}"] = content
        return f"s3://bucket/{key}"


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):  # noqa: N802
        content = self.server.objects.get(unquote(urlsplit(self.path).path))
        if content is None:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        first, last = (int(number) for number in re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"]).groups())
        part = content[first : last + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{first + len(part) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(part)))
        self.send_header("ETag", f'"{len(content)}"')
        self.send_header("Last-Modified", "Sat, 28 Nov 2026 12:00:00 GMT")
        self.end_headers()
        self.wfile.write(part)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def store():
    """A running store, which the environment names."""
    running = Store()
    Thread(target=running.serve_forever, daemon=True).start()
    before = dict(os.environ)
    os.environ.update(running.environment)
    yield running
    os.environ.clear()
    os.environ.update(before)
    running.shutdown()


@pytest.fixture(scope="session")
def objects(store):
    """The same for a wheel that reads objects. In CI it must be one."""
    try:
        whither.flows("s3://bucket/none")
    except whither.CaptureError as error:
        if "this build" in str(error) and "WHITHER_CI" not in os.environ:
            pytest.skip("the wheel was built without object-storage")
    return store
