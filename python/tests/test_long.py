"""What takes long can be interrupted, lets other threads run, and needs no more memory for a longer capture."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import whither

ROOT = Path(__file__).resolve().parents[2]
# Ctrl-C comes when the work has begun; the process says so.
CHILD = """
import sys, time, threading, os, signal
import whither
threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
began = time.monotonic()
try:
    {work}
except BaseException as error:
    names = [type(error).__name__]
    try:
        for _ in range(1000):
            pass
        time.sleep(0.01)
    except KeyboardInterrupt:
        names.append("KeyboardInterrupt")
    print(*names, "KeyboardInterrupt" in names, round(time.monotonic() - began, 1))
else:
    print("ended", False, round(time.monotonic() - began, 1))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(
    "work",
    [
        "whither.map(sys.argv[1])",
        "for flow in whither.flows(sys.argv[1]): pass",
        "import pyarrow; pyarrow.table(whither.flows(sys.argv[1]))",
    ],
)
def test_ctrl_c_ends_the_work(work, large):
    if "pyarrow" in work:
        pytest.importorskip("pyarrow")
    text = CHILD.replace("{work}", work)
    ended = subprocess.run([sys.executable, "-c", text, large], capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert ended.stdout, ended.stderr
    *_, interrupted, seconds = ended.stdout.split()
    assert interrupted == "True", (ended.stdout, ended.stderr)
    assert float(seconds) < 5, ended.stdout


def test_other_threads_run_meanwhile(large):
    counted = 0
    is_over = threading.Event()

    def count():
        nonlocal counted
        while not is_over.is_set():
            counted += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    began = time.monotonic()
    whither.map(large)
    took = time.monotonic() - began
    is_over.set()
    thread.join()
    assert counted > 50 * took, (counted, took)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read in /proc")
def test_a_stream_does_not_collect(large):
    """Flows of a hundred days take no more memory than what is read ahead."""
    pytest.importorskip("pyarrow")
    child = """
import sys, whither, pyarrow as pa
def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) // 1024
reader = pa.RecordBatchReader.from_stream(whither.flows(sys.argv[1], max_memory=128 << 20, threads=2))
rows, at_start = 0, None
for batch in reader:
    rows += batch.num_rows
    at_start = at_start or peak()
print(rows, at_start, peak())
"""
    ended = subprocess.run([sys.executable, "-c", child, large], capture_output=True, text=True, timeout=600, cwd=ROOT)
    assert ended.stdout, ended.stderr
    rows, at_start, peak = map(int, ended.stdout.split())
    assert rows > 10_000
    assert peak < at_start + 200, (rows, at_start, peak)
