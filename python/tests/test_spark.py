"""A cluster of Spark on this machine: a master, two workers, and the job that reads captures on them."""

import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import whither

pyspark = pytest.importorskip("pyspark")
pa = pytest.importorskip("pyarrow")
pytest.importorskip("pandas")

import whither.spark  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
RANGE_BYTES = 200_000


def java_home():
    """A Java that Spark 4 runs on, if there is one."""
    for home in filter(None, [*sorted(glob.glob("/usr/lib/jvm/*17*")), os.environ.get("JAVA_HOME")]):
        if os.access(f"{home}/bin/java", os.X_OK):
            return home
    java = shutil.which("java")
    return str(Path(java).resolve().parents[1]) if java else None


pytestmark = pytest.mark.skipif(java_home() is None, reason="there is no Java")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(what, seconds=60):
    """Waits until something is so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


class Cluster:
    """A standalone master and workers of one core each, as processes on loopback."""

    def __init__(self, folder, store):
        self.folder = folder
        self.port = free_port()
        self.environment = {
            **os.environ,
            **store.environment,
            "JAVA_HOME": java_home(),
            "SPARK_HOME": os.path.dirname(pyspark.__file__),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOG_DIR": str(folder),
            "PYSPARK_PYTHON": sys.executable,
        }
        self.workers, self.started = [], 0
        self.master = self.start("Master", "--port", str(self.port))
        until(lambda: self.says("Master", "New state: ALIVE"))
        self.add_worker()
        self.add_worker()

    def start(self, kind, *arguments):
        spark_class = Path(self.environment["SPARK_HOME"]) / "bin/spark-class"
        command = [spark_class, f"org.apache.spark.deploy.{kind.lower()}.{kind}"]
        command += ["--host", "127.0.0.1", "--webui-port", "0", *arguments]
        with (self.folder / f"{kind}.log").open("ab") as log:
            return subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, cwd=self.folder)

    def add_worker(self):
        self.workers.append(
            self.start("Worker", "--cores", "1", "--memory", "600m", "--work-dir", str(self.folder), self.url)
        )
        self.started += 1
        until(lambda: self.said("Master", "Registering worker") >= self.started)

    @property
    def url(self):
        return f"spark://127.0.0.1:{self.port}"

    def said(self, kind, what):
        return (self.folder / f"{kind}.log").read_text(errors="replace").count(what)

    def says(self, kind, what):
        return self.said(kind, what) > 0

    def stop(self):
        for process in [*self.workers, self.master]:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, store):
    running = Cluster(tmp_path_factory.mktemp("cluster"), store)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def spark(cluster):
    os.environ.update({name: cluster.environment[name] for name in ("JAVA_HOME", "SPARK_LOCAL_IP", "PYSPARK_PYTHON")})
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master(cluster.url)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", "600m")
        .config("spark.executor.memory", "512m")
        .config("spark.executor.cores", "1")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "Asia/Taipei")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A plain capture of some megabytes: the packets of a phone again and again, an hour apart."""
    path = tmp_path_factory.mktemp("long") / "long one.pcap"
    whole = (ROOT / "samples/phone.pcap").read_bytes()
    head, packets, at = whole[:24], [], 24
    while at < len(whole):
        length = int.from_bytes(whole[at + 8 : at + 12], "little")
        packets.append((int.from_bytes(whole[at : at + 4], "little"), whole[at + 4 : at + 16 + length]))
        at += 16 + length
    with path.open("wb") as file:
        file.write(head)
        for hour in range(4):
            for second, rest in packets:
                file.write((second + 3_600 * hour).to_bytes(4, "little") + rest)
    return str(path)


def executors(spark):
    """How many there are, the driver not counted."""
    return spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1


class During:
    """Does something once some tasks of a stage are done: of any one that has more, or of one that has so many."""

    def __init__(self, spark, tasks, work, wanted=None):
        self.tracker, self.tasks, self.work, self.wanted = spark.sparkContext.statusTracker(), tasks, work, wanted
        self.done, self.of, self.is_over = None, None, threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.is_over.wait(0.02):
            for stage in map(self.tracker.getStageInfo, self.tracker.getActiveStageIds()):
                is_wanted = stage and stage.numTasks > self.tasks and self.wanted in (None, stage.numTasks)
                if is_wanted and stage.numCompletedTasks >= self.tasks:
                    self.done, self.of = stage.numCompletedTasks, stage.numTasks
                    return self.work()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()


def test_the_report_is_that_of_one_machine(spark, long, monkeypatch):
    # Ranges are joined by fours, the last ones of a capture and small captures by themselves.
    monkeypatch.setattr(whither.spark, "_GROUP_BYTES", 4 * RANGE_BYTES)
    paths = [long, "samples/phone.pcapng", "samples/compressed", Path("samples/vlan.pcap")]
    at = [long, *(str(ROOT / path) for path in paths[1:])]
    report = whither.spark.map(spark, paths, range_bytes=RANGE_BYTES, from_="Taipei")
    assert report.to_json() == whither.map(at, from_="Taipei").to_json()
    one = whither.spark.map(spark, "file://" + long.replace(" ", "%20"), app="wechat")
    assert one.to_json() == whither.map(long, app="wechat").to_json()


def test_a_capture_within_packets_is_read_again(spark, tmp_path):
    """Ranges that begin in the midst of it are misled, and the verification repeats them."""
    phone = (ROOT / "samples/phone.pcap").read_bytes()
    end = 24
    while end < 60_000:
        inner = phone[24:end]
        end += 16 + int.from_bytes(phone[end + 8 : end + 12], "little")
    path = tmp_path / "nested.pcap"
    with path.open("wb") as file:
        file.write(phone[:24])
        for packet in range(3):
            # To its last byte, so that a chain that begins in it goes on in the true one. Broadcast of an EtherType that is for experiments (RFC 5342).
            frame = b"\xff" * 6 + b"\x02" * 6 + b"\x88\xb5" + inner
            head = (1_780_000_000 + packet, 0, len(frame), len(frame))
            file.write(b"".join(number.to_bytes(4, "little") for number in head) + frame)
        file.write(phone[24:])
    tasks = whither.fleet.plan(path, range_bytes=50_000)
    rows = [row for task in tasks for row in whither.fleet.read(task)]
    assert whither.fleet.verify(rows, tasks), "nothing was misled"
    report = whither.spark.map(spark, path, range_bytes=50_000)
    assert report.to_json() == whither.map(path).to_json()


@pytest.mark.parametrize("stage", ["map", "reduce"])
def test_a_worker_that_is_killed_changes_nothing(spark, cluster, long, monkeypatch, stage):
    range_bytes, tasks, wanted = RANGE_BYTES // 2, 8, None
    if stage == "reduce":
        range_bytes = RANGE_BYTES
        group_bytes = 2 * range_bytes
        monkeypatch.setattr(whither.spark, "_GROUP_BYTES", group_bytes)
        # The stage that has a task for each group. Another number would be that of another stage.
        tasks, wanted = 3, -(-os.path.getsize(long) // group_bytes)
        assert 8 < wanted < len(whither.fleet.plan(long, range_bytes=range_bytes))
    until(lambda: executors(spark) == 2)
    killed = cluster.workers[0]
    with During(spark, tasks, lambda: os.kill(killed.pid, signal.SIGKILL), wanted) as during:
        report = whither.spark.map(spark, long, range_bytes=range_bytes)
    assert during.done and during.done < during.of - tasks, (during.done, during.of)
    killed.wait()
    assert report.to_json() == whither.map(long).to_json()
    until(lambda: executors(spark) == 1)
    cluster.workers.remove(killed)
    cluster.add_worker()
    until(lambda: executors(spark) == 2)


def test_a_capture_that_changes_meanwhile_is_an_error_with_its_path(spark, tmp_path, long):
    path = tmp_path / "changing.pcap"
    shutil.copy(long, path)

    def change():
        with path.open("ab") as file:
            file.write(b"\0")

    with During(spark, 8, change) as during:
        with pytest.raises(whither.CaptureError, match="it has changed since the plan was made") as error:
            whither.spark.map(spark, path, range_bytes=RANGE_BYTES // 2)
    assert during.done and error.value.path == str(path)


def test_other_errors_name_what_is_wrong(spark):
    with pytest.raises(whither.CaptureError, match="none.pcap"):
        whither.spark.map(spark, "samples/none.pcap")
    with pytest.raises(ValueError, match="gs://bucket/key"):
        whither.spark.map(spark, "gs://bucket/key")


def test_objects_are_read_in_ranges_and_as_a_data_source(spark, source, objects):
    url = objects.put("phone.pcap", (ROOT / "samples/phone.pcap").read_bytes())
    assert whither.spark.map(spark, url, range_bytes=400_000).to_json() == whither.map(url).to_json()
    assert in_order(from_spark(source(url))) == in_order(as_spark([url]))
    with pytest.raises(whither.CaptureError, match="there is no such object") as error:
        whither.spark.map(spark, "s3a://bucket/none")
    assert error.value.path == "s3a://bucket/none"


@pytest.fixture(scope="module")
def source(spark):
    whither.spark.register(spark)
    return lambda *paths: spark.read.format("whither").load(*paths)


def as_spark(paths):
    """The flows of each file by itself, with the types that Spark has."""
    from pyspark.sql.pandas.types import to_arrow_schema

    from whither._spark_source import FlowSource

    schema = to_arrow_schema(FlowSource({}).schema())
    rows = []
    for path in paths:
        batches = pa.RecordBatchReader.from_stream(whither.flows(path))
        for batch in batches:
            columns = [column.cast(field.type, safe=False) for column, field in zip(batch.columns, schema, strict=True)]
            rows += pa.table(columns, schema=schema).to_pylist()
    return rows


def in_order(rows):
    return sorted(json.dumps(row, default=str, sort_keys=True) for row in rows)


def from_spark(frame):
    return frame.toArrow().to_pylist() if hasattr(frame, "toArrow") else pytest.skip("pyspark is too old")


def test_the_data_source_has_the_flows(source):
    from pyspark.sql.pandas.types import to_arrow_schema

    from whither._spark_source import _record

    at = [str(ROOT / path) for path in ("samples/phone.pcapng", "samples/vlan.pcap")]
    frame = source(["samples/phone.pcapng", "file://" + at[1]])
    assert to_arrow_schema(frame.schema).remove_metadata() == _record()
    expected = as_spark(at)
    found = from_spark(frame)
    assert len(found) == len(expected) > 40
    assert in_order(found) == in_order(expected)
    assert frame.rdd.getNumPartitions() == 2
    owners = source("samples/owner")
    assert owners.where("owner is not null").count() > 0


def test_filters_leave_flows_out_before_spark(source):
    frame = source("samples/phone.pcapng")
    rows = from_spark(frame)
    of_app = [row for row in rows if row["app"] == "wechat"]
    assert 0 < len(of_app) < len(rows)
    assert in_order(from_spark(frame.where("app = 'wechat'"))) == in_order(of_app)
    assert frame.where("app IN ('wechat', 'tiktok')").count() == sum(row["app"] in ("wechat", "tiktok") for row in rows)
    for unknown in ("WeChat", "wecha", "nobody's"):
        assert frame.where(frame.app == unknown).count() == 0
    middle = sorted(row["first_seen"] for row in rows)[len(rows) // 2]
    late = frame.where(frame.first_seen >= middle)
    assert late.count() == sum(row["first_seen"] >= middle for row in rows) < len(rows)
    assert frame.where((frame.first_seen < middle) & (frame.app == "wechat")).count() == sum(
        row["first_seen"] < middle for row in of_app
    )


def test_the_reader_itself_leaves_them_out():
    """What is not there need not be filtered by Spark."""
    datasource = pytest.importorskip("pyspark.sql.datasource")
    from whither import _spark_source

    if not _spark_source.CAN_PUSH:
        pytest.skip("pyspark is older than 4.1")
    source = _spark_source.FilteringFlowSource({"path": "samples/phone.pcapng"})

    def read(*filters):
        reader = source.reader(source.schema())
        assert list(reader.pushFilters(list(filters))) == list(filters)
        [partition] = reader.partitions()
        return [row for batch in reader.read(partition) for row in batch.to_pylist()]

    everything = read()
    of_app = read(datasource.EqualTo(("app",), "wechat"))
    assert len(of_app) < len(everything)
    assert of_app == [row for row in everything if row["app"] == "wechat"]
    middle = sorted(row["first_seen"] for row in everything)[len(everything) // 2]
    late = read(datasource.GreaterThan(("first_seen",), middle), datasource.EqualTo(("app",), "wechat"))
    assert 0 < len(late) and late == [row for row in of_app if row["first_seen"] > middle]


def test_errors_of_the_data_source_have_the_path(source, spark, broken):
    with pytest.raises(Exception, match="none.pcap"):
        source("/none.pcap").count()
    assert source(str(broken)).count() > 0
    with pytest.raises(Exception, match="broken.pcap: offset"):
        spark.read.format("whither").option("errors", "raise").load(str(broken)).count()
