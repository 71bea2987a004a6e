"""Reports, addresses, policies."""

import ipaddress
import json
import pickle
import re
import warnings

import pytest
from conftest import CROWD

import whither

LEAST_MEMORY = 64 << 20


def test_the_report_is_that_of_the_command():
    report = whither.map(["samples/phone.pcapng"], from_="Taipei")
    whole = report.to_dict()
    assert whole == json.loads(report.to_json())
    assert whole["generator"]["name"] == "whither" and whole["vantage"]["label"]
    assert whole["apps"][0]["id"] == "wechat"
    assert report.svg().startswith("<svg") and "apps=" in repr(report)


def test_a_notebook_shows_the_page_in_a_frame():
    report = whither.map("samples/phone.pcapng")
    shown = report._repr_html_()
    head, source = shown.split('srcdoc="')
    assert head.startswith("<iframe ") and "sandbox" in head
    # Nothing of the page ends the attribute.
    page, end = source.split('"')
    assert end == "></iframe>"
    assert page.replace("&quot;", '"').replace("&amp;", "&") == report.html()


def test_addresses_and_names():
    place = whither.lookup(ipaddress.ip_address("203.205.239.154"))
    assert place["kind"] == "address" and place == whither.lookup("203.205.239.154")
    assert whither.lookup("long.weixin.qq.com")["app"] == "wechat"
    with pytest.raises(ValueError, match="no address"):
        whither.lookup("203.205.239")


def test_policies():
    outcome = whither.check("samples/claim.toml", ["samples/claim-taipei.pcap", "samples/claim-delhi.pcap"])
    assert outcome.ok is bool(outcome) and json.loads(outcome.to_json()) == outcome.to_dict()
    with pytest.raises(whither.CaptureError) as error:
        whither.check("samples/README.md", "samples/phone.pcapng")
    assert error.value.path == "samples/README.md" and "line" in str(error.value)


def test_what_is_no_capture_is_an_error_with_its_path():
    for path in ("samples/none.pcap", "samples/README.md"):
        for ask in (whither.flows, whither.map):
            with pytest.raises(whither.CaptureError) as error:
                ask(path)
            assert isinstance(error.value, OSError)
            assert (error.value.path, error.value.offset) == (path, None)
            same = pickle.loads(pickle.dumps(error.value))
            assert (str(same), same.path) == (str(error.value), path)


def test_a_capture_that_broke_off_is_told(broken):
    def read(errors):
        yield lambda: whither.map(broken, errors=errors)
        yield lambda: list(whither.flows(broken, errors=errors))

    for ask in read("raise"):
        with pytest.raises(whither.CaptureError) as error:
            ask()
        assert error.value.path == str(broken) and error.value.offset > 24 and error.value.frame > 1
    for ask in read("warn"):
        with pytest.warns(whither.CaptureWarning, match="broken.pcap: offset"):
            assert ask()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for ask in read("ignore"):
            assert ask()


def test_a_stream_tells_it_too(broken):
    pa = pytest.importorskip("pyarrow")
    with pytest.warns(whither.CaptureWarning, match="broken.pcap: offset"):
        assert pa.table(whither.flows(broken)).num_rows > 0
    with pytest.raises((OSError, pa.ArrowException), match="broken.pcap: offset"):
        pa.table(whither.flows(broken, errors="raise"))


def with_warnings(read):
    """What reading gives, and what warnings say meanwhile."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        given = read()
    assert all(warning.category is whither.CaptureWarning for warning in warned)
    return given, [str(warning.message) for warning in warned]


def left_out(said):
    """How many flows were left out for lack of memory, by these words."""
    found = (re.match(r"(\d+) flows \(\d+ frames\) were left out for lack of memory", what) for what in said)
    return sum(int(one[1]) for one in found if one)


def test_what_does_not_fit_into_memory_is_told(crowded):
    def read(**settings):
        return with_warnings(lambda: sum(1 for _ in whither.flows(crowded, **settings)))

    given, said = read()
    assert (given, left_out(said)) == (CROWD, 0)
    for errors in ("warn", "raise"):
        given, said = read(max_memory=LEAST_MEMORY, errors=errors)
        assert 1_000 < given < CROWD and left_out(said) == CROWD - given
    assert read(max_memory=LEAST_MEMORY, errors="ignore") == (given, [])


def test_a_stream_tells_what_does_not_fit_into_memory(crowded):
    pa = pytest.importorskip("pyarrow")
    given, said = with_warnings(lambda: pa.table(whither.flows(crowded, max_memory=LEAST_MEMORY)).num_rows)
    assert 1_000 < given < CROWD and left_out(said) == CROWD - given


def test_arguments_that_make_no_sense_are_value_errors():
    phone = "samples/phone.pcapng"
    for arguments in ({"errors": "loud"}, {"threads": 0}, {"max_memory": 1}, {"device": "x"}):
        with pytest.raises(ValueError):
            whither.flows(phone, **arguments)
    with pytest.raises(ValueError, match="did you mean"):
        whither.flows(phone, app="wecha")
    with pytest.raises(ValueError):
        whither.map(phone, from_="nowhere at all")
