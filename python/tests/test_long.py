"""What takes long can be interrupted, lets other threads run, and needs no more memory for a longer capture."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import whither

ROOT = Path(__file__).resolve().parents[2]
# The capture comes through a pipe that nobody closes, so that reading it would never end.
INTERRUPTED = """
import os, signal, sys, threading, time
import whither
pipe = sys.argv[1]
def write():
    with open(pipe, "wb") as out:
        out.write(open("samples/phone.pcap", "rb").read())
        out.flush()
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
threading.Thread(target=write, daemon=True).start()
names = []
try:
    try:
        WORK
    except Exception as error:
        # Another package that reads the stream has an exception of its own; Python's comes next.
        names.append(type(error).__name__)
        time.sleep(0.1)
except KeyboardInterrupt:
    names.append("KeyboardInterrupt")
print(names)
"""
MEMORY = """
import sys, whither, pyarrow as pa
def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) // 1024
reader = pa.RecordBatchReader.from_stream(whither.flows(sys.argv[1], threads=2))
rows, batches, at_start = 0, 0, None
for batch in reader:
    rows += batch.num_rows
    batches += 1
    if batches == 3:
        at_start = peak()
print(rows, batches, at_start, peak())
"""


def child(text, path):
    run = subprocess.run([sys.executable, "-c", text, path], capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes are other ones")
@pytest.mark.parametrize(
    "work",
    [
        "whither.map(pipe)",
        "for flow in whither.flows(pipe): pass",
        "import pyarrow; pyarrow.table(whither.flows(pipe))",
    ],
)
def test_ctrl_c_ends_the_work(work, tmp_path):
    if "pyarrow" in work:
        pytest.importorskip("pyarrow")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    began = time.monotonic()
    names = child(INTERRUPTED.replace("WORK", work), pipe)
    assert "KeyboardInterrupt" in names, names
    assert time.monotonic() - began < 30


def test_other_threads_run_meanwhile(large):
    counted = 0
    is_over = threading.Event()

    def count():
        nonlocal counted
        while not is_over.wait(0.001):
            counted += 1

    thread = threading.Thread(target=count)
    thread.start()
    before, began = counted, time.monotonic()
    whither.map(large)
    took, counted_meanwhile = time.monotonic() - began, counted - before
    is_over.set()
    thread.join()
    # A thousand in a second, if nothing else runs.
    assert counted_meanwhile > 20 * took, (counted_meanwhile, took)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read in /proc")
def test_a_stream_does_not_collect(large):
    """What comes after the first batches takes little more memory."""
    pytest.importorskip("pyarrow")
    from conftest import FLOWS

    rows, batches, at_start, peak = map(int, child(MEMORY, large).split())
    assert rows == FLOWS and batches > 10
    assert peak < at_start + 64, (rows, batches, at_start, peak)
