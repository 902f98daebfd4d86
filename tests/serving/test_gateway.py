"""What the server does with requests before and after the application sees them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wiki.web.server import wsgi_bridge

from .conftest import Served


def answer_to(served: Served, data: bytes) -> bytes:
    """All that comes back on a connection that the server closes."""
    connection = served.raw(data)
    received = b""
    while part := connection.recv(65536):
        received += part
    connection.close()
    return received


def test_slow_senders_of_heads_and_bodies_keep_no_thread(served: Served) -> None:
    head = b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
    slow = [served.raw(head) for _ in range(20)] + [served.raw(head + b"\r\nab") for _ in range(20)]
    assert served.ask("/pid").status == 200
    for connection in slow[20:]:
        connection.sendall(b"\0" * 998)
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
    for connection in slow:
        connection.close()


def test_slow_readers_keep_no_thread(served: Served) -> None:
    slow = [served.raw(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(8)]
    for connection in slow:
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
    assert served.ask("/pid").status == 200
    for connection in slow:
        connection.close()


def test_a_streamed_answer_arrives_whole_and_is_closed(served: Served) -> None:
    body = served.ask("/stream").read()
    assert body == b"".join(bytes([number]) * 100_000 for number in range(64))
    assert (served.folder / "closed").exists()


def test_a_head_that_takes_too_long_is_refused_with_a_sentence(
    serve: Callable[..., Served],
) -> None:
    served = serve(HEAD_SECONDS="0.05")
    assert b"408" in answer_to(served, b"GET / HTTP/1.1\r\nX-A: ")
    assert answer_to(served, b"") == b""


def test_a_body_that_takes_too_long_is_refused_with_a_sentence(
    serve: Callable[..., Served],
) -> None:
    served = serve(BODY_SECONDS="0.05")
    request = b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"
    assert b"408" in answer_to(served, request)


def test_endless_headers_are_refused(served: Served) -> None:
    connection = served.raw(b"GET / HTTP/1.1\r\nHost: x\r\n")
    try:
        for _ in range(1000):
            connection.sendall(b"X-More: " + b"y" * 8000 + b"\r\n")
    except OSError:
        pass
    else:
        pytest.fail("eight megabytes of headers were taken")
    finally:
        connection.close()
    assert served.ask("/pid").status == 200


@pytest.mark.parametrize("size", [0, 1, 100_000, 1_900_000])
def test_a_body_reaches_the_application_whole_with_its_length(served: Served, size: int) -> None:
    data = bytes(i % 251 for i in range(size))
    expected = f"{size} {size} {sum(data)}".encode()
    assert served.ask("/length", "POST", body=data).read() == expected
    pieces = (data[i : i + 7001] for i in range(0, size, 7001))
    chunked = served.ask("/length", "POST", body=pieces, encode_chunked=True)
    assert chunked.read() == expected


def test_a_body_that_is_too_large_is_refused_with_a_sentence(served: Served) -> None:
    announced = b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"
    connection = served.raw(announced)
    assert connection.recv(100).startswith(b"HTTP/1.1 413")
    connection.close()
    pieces = (b"x" * 100_000 for _ in range(30))
    assert served.ask("/length", "POST", body=pieces, encode_chunked=True).status == 413


def test_a_header_spelt_with_an_underscore_does_not_pass_for_another(served: Served) -> None:
    body = served.ask("/", headers={"X_Forwarded_For": "10.0.0.1", "X-Kept": "yes"}).read()
    assert b"HTTP_X_KEPT=yes" in body
    assert b"FORWARDED" not in body
    assert b"REMOTE_ADDR=127.0.0.1" in body


def test_the_address_reaches_the_application_as_bytes(served: Served) -> None:
    body = served.ask("/caf%C3%A9/%FF?q=%41").read()
    assert "PATH_INFO=/café/".encode().decode("latin-1").encode() in body
    assert b"QUERY_STRING=q=%41" in body


def test_cookies_in_several_headers_are_one(served: Served) -> None:
    request = (
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: a=1\r\nCookie: b=2\r\nConnection: close\r\n\r\n"
    )
    assert b"HTTP_COOKIE=a=1; b=2" in answer_to(served, request)


def test_a_request_that_smuggles_two_lengths_is_refused(served: Served) -> None:
    request = (
        b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    assert answer_to(served, request).startswith(b"HTTP/1.1 400")


def test_an_error_of_the_application_is_an_answer_and_the_connection_survives(
    served: Served,
) -> None:
    assert served.ask("/fail").status == 500
    assert served.ask("/pid").status == 200


@pytest.mark.parametrize(
    "hosts",
    [b"", b"Host: x\r\nHost: x\r\n", b"Host: x\r\nhost: evil.example\r\n"]
    + [b"Host: %s\r\n" % host for host in (b"", b"a b", b"x/y", b"ben@x", b"x:80:80", b"[::1")],
)
def test_a_request_without_exactly_one_valid_host_is_refused(served: Served, hosts: bytes) -> None:
    answer = answer_to(served, b"GET /pid HTTP/1.1\r\n" + hosts + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b".")


@pytest.mark.parametrize("host", [b"x", b"x:8000", b"[::1]:8000", b"127.0.0.1", b"wiki.example:"])
def test_a_valid_host_is_accepted(served: Served, host: bytes) -> None:
    last = b"GET /pid HTTP/1.1\r\nConnection: close\r\nHost: " + host + b"\r\n\r\n"
    assert answer_to(served, last).startswith(b"HTTP/1.1 200")


def test_a_client_of_http_1_0_need_not_name_a_host(served: Served) -> None:
    assert answer_to(served, b"GET /pid HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200")


def head_of(size: int) -> bytes:
    """A request whose head has this many bytes."""
    begin, end = b"GET /pid HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-A: ", b"\r\n\r\n"
    return begin + b"y" * (size - len(begin) - len(end)) + end


@pytest.mark.parametrize(("over", "status"), [(0, b"200"), (1, b"431"), (9000, b"431")])
def test_a_head_has_exactly_64_kib_at_most(served: Served, over: int, status: bytes) -> None:
    assert answer_to(served, head_of(64 * 1024 + over)).startswith(b"HTTP/1.1 " + status)


def test_a_body_that_comes_with_its_head_does_not_count_as_head(served: Served) -> None:
    length = (
        b"POST /length HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 99000\r\n\r\n"
    )
    assert answer_to(served, length + b"x" * 99000).startswith(b"HTTP/1.1 200")


def test_nothing_behind_a_refused_head_is_answered(served: Served) -> None:
    good = b"GET /pid HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = answer_to(served, b"GET /pid HTTP/1.1\r\n\r\n" + good)
    assert answer.count(b"HTTP/1.1") == 1


def test_several_requests_share_a_connection(served: Served) -> None:
    request = b"GET /pid HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /pid HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    received = answer_to(served, request * 3 + last)
    assert received.count(b"HTTP/1.1 200 OK") == 4


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (b"/-/invite/a-secret-link", "/-/invite/…"),
        (b"/-/reset/a-secret-link", "/-/reset/…"),
        (b"/-/s/a-secret-link/plans/-/files/a.png", "/-/s/…"),
        (b"/%2D/me/cl%61im/a-secret-link", "/-/me/claim/…"),
        (b"//-/s//a-secret-link", "//-/s//…"),
        (b"/-/s/%0Aa-secret-link", "/-/s/…"),
        (b"/eng/a%0Ab", "/eng/a%0Ab"),
        (b"/eng/-/invite/a-page", "/eng/-/invite/a-page"),
    ],
)
def test_the_access_log_keeps_no_link_by_which_one_comes_in(
    caplog: pytest.LogCaptureFixture, path: bytes, written: str
) -> None:
    caplog.set_level("INFO", logger="wiki.access")
    wsgi_bridge._log({"raw_path": path, "method": "GET", "client": ("192.0.2.1", 1)}, 200, 0.1)
    assert f"192.0.2.1 GET {written} 200 " in caplog.text


def test_too_many_headers_are_refused(served: Served) -> None:
    many = b"".join(b"X-%d: y\r\n" % number for number in range(101))
    body = b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n" + many + b"\r\nabc"
    answer = answer_to(served, body)
    assert answer.startswith(b"HTTP/1.1 431")
    assert answer.endswith(b"The request has too many headers.")
    assert served.ask("/pid").status == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked", b"501"),
        (b"HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity", b"501"),
        (b"HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked", b"400"),
        (b"HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked", b"400"),
    ],
)
def test_a_body_whose_end_is_not_certain_is_refused(
    served: Served, head: bytes, status: bytes
) -> None:
    request = b"POST /length " + head + b"\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    assert answer_to(served, request).startswith(b"HTTP/1.1 " + status)


def test_a_body_is_not_lost_on_a_request_for_another_protocol(served: Served) -> None:
    head = b" /length HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
    refused = answer_to(served, b"POST" + head + b"Content-Length: 3\r\n\r\nabc")
    assert refused.startswith(b"HTTP/1.1 400")
    assert answer_to(served, b"GET" + head + b"\r\n").startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("trailers", "status"),
    [(b"X-Late: 1\r\n", b"200"), (b"X-Late: %s\r\n" % (b"y" * 300_000), b"431")],
)
def test_what_follows_a_body_is_no_header_and_has_an_end(
    served: Served, trailers: bytes, status: bytes
) -> None:
    answer = answer_to(
        served,
        b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n0\r\n" + trailers + b"\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"HTTP_X_LATE" not in answer
