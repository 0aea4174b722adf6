"""Who is let in, and what those hear who are not."""

import time
from collections.abc import Callable

import pytest

from fdsim.filed.daemon import FileDaemon
from fdsim.tests.filed.peers import PASSWORD, log_in
from fdsim.tests.scripted import TERMINATE, Scripted
from fdsim.wire import cram

Start = Callable[..., FileDaemon]


def test_a_director_with_the_password_is_let_in(start: Start) -> None:
    with Scripted.connect(start().port) as peer:
        log_in(peer)


def test_a_wrong_password_is_told_in_two_steps(start: Start) -> None:
    with Scripted.connect(start().port) as peer:
        peer.say(b"Hello Director test-dir calling 103\n")
        peer.receive()
        peer.say(b"wrongwrongwrongwrongwr\0")
        assert peer.receive_all() == [b"1999 Authorization failed.\n", b"2999 Authentication failed.\n", TERMINATE]


def test_guessing_passwords_takes_time(start: Start) -> None:
    with Scripted.connect(start(pause=0.2).port) as peer:
        peer.say(b"Hello Director test-dir calling 103\n")
        peer.receive()
        peer.say(b"wrongwrongwrongwrongwr\0")
        peer.hear(b"1999 Authorization failed.\n")
        started = time.monotonic()
        peer.hear(b"2999 Authentication failed.\n")
        assert time.monotonic() - started >= 0.2
        peer.hear(TERMINATE)
        assert time.monotonic() - started >= 0.4


def test_an_unknown_director_gets_no_challenge(start: Start) -> None:
    with Scripted.connect(start().port) as peer:
        peer.say(b"Hello Director stranger calling 103\n")
        expected = b"hello.c:109 Connection from unknown Director stranger at 127.0.0.1 rejected.\n"
        assert peer.receive_all() == [expected, TERMINATE]


def test_a_hello_that_is_none_is_quoted(start: Start) -> None:
    with Scripted.connect(start().port) as peer:
        peer.say(b"Hello Director without its number\n")
        expected = b"hello.c:91 Bad Hello command from Director at 127.0.0.1: Hello Director without its number\n"
        assert peer.receive_all() == [expected, TERMINATE]


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00\x00\x00\x05Hello",
        b"\x00\x00\x01\xf5" + b"Hello " + b"x" * 495,
        b"\x00\x00\x00\x00",
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x20Hello FD: Bacula Storage calling",
    ],
)
def test_garbage_is_closed_without_a_word(start: Start, first: bytes) -> None:
    with Scripted.connect(start().port) as peer:
        peer.sock.sendall(first)
        assert peer.receive_all() == []


def test_a_ping_is_answered(start: Start) -> None:
    with Scripted.connect(start().port) as peer:
        peer.say(b"Ping")
        assert peer.receive_all() == [b"2000 Ping OK\n"]


def test_a_silent_peer_is_given_up(start: Start) -> None:
    with Scripted.connect(start(timeout=0.2).port) as peer:
        assert peer.receive_all() == []


def test_a_peer_that_is_silent_after_the_challenge_is_given_up(start: Start) -> None:
    with Scripted.connect(start(timeout=0.2).port) as peer:
        peer.say(b"Hello Director test-dir calling 103\n")
        frames = peer.receive_all()
        assert len(frames) == 1
        assert isinstance(frames[0], bytes)
        assert frames[0].startswith(b"auth cram-md5 <")


def test_a_director_that_cannot_prove_itself_to_us_is_not_served(start: Start) -> None:
    with Scripted.connect(start().port) as peer:
        peer.say(b"Hello Director test-dir calling 103\n")
        peer.answer_challenge(cram.secret_of(PASSWORD))
        peer.hear(b"1000 OK auth\n")
        peer.say(b"auth cram-md5 <1.2@test-dir> ssl=0\n")
        peer.receive()
        peer.say(b"1999 Authorization failed.\n")
        assert peer.receive_all() == [b"2999 Authentication failed.\n", TERMINATE]


def test_a_director_that_requires_tls_is_told(start: Start) -> None:
    with Scripted.connect(start().port) as peer:
        key = cram.secret_of(PASSWORD)
        peer.say(b"Hello Director test-dir calling 103\n")
        peer.answer_challenge(key)
        peer.hear(b"1000 OK auth\n")
        peer.say(b"auth cram-md5 <1.2@test-dir> ssl=2\n")
        peer.receive()
        peer.say(b"1000 OK auth\n")
        assert peer.receive_all() == [b"2999 Authentication failed.\n", TERMINATE]


def test_one_bad_peer_does_not_keep_others_out(start: Start) -> None:
    daemon = start()
    with Scripted.connect(daemon.port) as silent, Scripted.connect(daemon.port) as director:
        log_in(director)
        silent.say(b"Ping")
        silent.hear(b"2000 Ping OK\n")
