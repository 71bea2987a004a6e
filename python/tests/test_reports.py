"""Reports, addresses, policies."""

import ipaddress
import json
import pickle
import warnings

import pytest

import whither


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


def test_arguments_that_make_no_sense_are_value_errors():
    phone = "samples/phone.pcapng"
    for arguments in ({"errors": "loud"}, {"threads": 0}, {"max_memory": 1}, {"device": "x"}):
        with pytest.raises(ValueError):
            whither.flows(phone, **arguments)
    with pytest.raises(ValueError, match="did you mean"):
        whither.flows(phone, app="wecha")
    with pytest.raises(ValueError):
        whither.map(phone, from_="nowhere at all")
