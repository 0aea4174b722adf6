"""CRAM-MD5 in both directions, with the words of real daemons and with wrong ones."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from fdsim.net import authentication
from fdsim.net.authentication import as_client, as_server
from fdsim.net.connection import Connection
from fdsim.net.errors import AuthenticationError, PeerClosed, PeerTimeout
from fdsim.tests.scripted import EOD, TERMINATE, Scripted
from fdsim.wire import cram
from fdsim.wire.roles import Role

OK = b"1000 OK auth\n"
FAILED = b"1999 Authorization failed.\n"
PATIENCE = 20.0

# Backup "Basic" between bacula-dir, bacula-fd and bacula-sd 9.6.7, 2026-11-24.
PASSWORD = cram.secret_of("fdpw")
FD_TO_DIR = b"auth cram-md5 <2145065624.1795553363@lab-fd> ssl=0\n"
DIR_ANSWERS = b"DyFRX1+MLQ/q70/I97Jq8C\0"
DIR_TO_FD = b"auth cram-md5 <379433762.1795553363@lab-dir> ssl=0\n"
FD_ANSWERS = b"hwFj28/nIA+yR1/l9z/K3B\0"
SESSION_KEY = b"ELMD-AOIC-DOCA-ILNI-IMKL-CCFF-KPIL-ELAO"
SD_TO_FD = b"auth cram-md5 <1742642265.1795553363@lab-sd> ssl=0\n"
FD_ANSWERS_SD = b"a/9lF0+Qe5/DNB/n2G/u+B\0"
FD_TO_SD = b"auth cram-md5 <36018312.1795553363@lab-fd> ssl=0\n"
SD_ANSWERS = b"o++hD75oonk+h0/9jCk4gC\0"

Ends = tuple[Connection, Scripted]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair()
    connection = Connection(ours, me=Role.FILE_DAEMON, peer=Role.DIRECTOR, timeout=PATIENCE)
    with connection, Scripted(theirs) as peer:
        yield connection, peer


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets our challenges have the number of a real one, and all the time of that backup."""

    def choose(number: int) -> None:
        monkeypatch.setattr(secrets, "randbelow", lambda limit: number if limit == 1 << 32 else pytest.fail("32 bits"))
        monkeypatch.setattr(time, "time", lambda: 1795553363.9)

    return choose


@contextlib.contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """Authenticate in a thread, which must succeed."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except (AuthenticationError, PeerClosed, PeerTimeout) as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join(PATIENCE)
    assert not thread.is_alive()
    assert failures == []


def test_as_a_real_file_daemon_to_a_real_director(ends: Ends, moment: Callable[[int], None]) -> None:
    moment(2145065624)
    connection, director = ends
    with meanwhile(lambda: as_server(connection, PASSWORD, "lab-fd")):
        director.hear(FD_TO_DIR)
        director.say(DIR_ANSWERS)
        director.hear(OK)
        director.say(DIR_TO_FD)
        director.hear(FD_ANSWERS)
        director.say(OK)


def test_as_a_real_director_to_a_real_file_daemon(ends: Ends, moment: Callable[[int], None]) -> None:
    moment(379433762)
    connection, fd = ends
    with meanwhile(lambda: as_client(connection, PASSWORD, "lab-dir")):
        fd.say(FD_TO_DIR)
        fd.hear(DIR_ANSWERS)
        fd.say(OK)
        fd.hear(DIR_TO_FD)
        fd.say(FD_ANSWERS)
        fd.hear(OK)


def test_as_a_real_file_daemon_to_a_real_storage_daemon(ends: Ends, moment: Callable[[int], None]) -> None:
    moment(36018312)
    connection, sd = ends
    with meanwhile(lambda: as_client(connection, SESSION_KEY, "lab-fd")):
        sd.say(SD_TO_FD)
        sd.hear(FD_ANSWERS_SD)
        sd.say(OK)
        sd.hear(FD_TO_SD)
        sd.say(SD_ANSWERS)
        sd.hear(OK)


def test_as_a_real_storage_daemon_to_a_real_file_daemon(ends: Ends, moment: Callable[[int], None]) -> None:
    moment(1742642265)
    connection, fd = ends
    with meanwhile(lambda: as_server(connection, SESSION_KEY, "lab-sd")):
        fd.hear(SD_TO_FD)
        fd.say(FD_ANSWERS_SD)
        fd.hear(OK)
        fd.say(FD_TO_SD)
        fd.hear(SD_ANSWERS)
        fd.say(OK)


def test_both_ends_are_ours() -> None:
    ours, theirs = socket.socketpair()
    with (
        Connection(ours, me=Role.FILE_DAEMON, peer=Role.DIRECTOR, timeout=PATIENCE) as fd,
        Connection(theirs, me=Role.DIRECTOR, peer=Role.FILE_DAEMON, timeout=PATIENCE) as director,
        meanwhile(lambda: as_server(fd, PASSWORD, "a name")),
    ):
        as_client(director, PASSWORD, "another name")


def test_every_challenge_is_another_one(ends: Ends) -> None:
    connection, peer = ends
    seen = set()
    for _ in range(5):
        peer.say(b"wrong\0")
        with pytest.raises(AuthenticationError):
            as_server(connection, PASSWORD, "lab-fd")
        seen.add(peer.next())
        peer.hear(FAILED)
    assert len(seen) == 5


def test_blanks_of_our_name_are_bashed(ends: Ends, moment: Callable[[int], None]) -> None:
    moment(1)
    connection, peer = ends
    peer.say(TERMINATE)
    with pytest.raises(AuthenticationError):
        as_server(connection, PASSWORD, "my own fd")
    peer.hear(b"auth cram-md5 <1.1795553363@my\x01own\x01fd> ssl=0\n")


# To our challenge


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0",
        FD_ANSWERS,
        DIR_ANSWERS[:-2],
        DIR_ANSWERS.lower(),
        b"x" + DIR_ANSWERS,
        b"\xff\xfe\0",
        b" " + DIR_ANSWERS,
        b"JobId=0 Job=x SDid=0 SDtime=0 Authorization=dummy\n",
        OK,
    ],
)
def test_wrong_answer_to_our_challenge(ends: Ends, moment: Callable[[int], None], answer: bytes) -> None:
    moment(2145065624)
    connection, peer = ends
    peer.say(answer)
    with pytest.raises(
        AuthenticationError, match=r"^Director at a socket pair does not know the password that is configured here"
    ):
        as_server(connection, PASSWORD, "lab-fd")
    peer.hear(FD_TO_DIR, FAILED)


@pytest.mark.parametrize("end", [b"", b"\0", b"\n", b"\0more"])
def test_right_answer_with_another_end(ends: Ends, moment: Callable[[int], None], end: bytes) -> None:
    moment(2145065624)
    connection, peer = ends
    peer.say(DIR_ANSWERS[:-1] + end, DIR_TO_FD, OK)
    as_server(connection, PASSWORD, "lab-fd")
    peer.hear(FD_TO_DIR, OK, FD_ANSWERS)


def test_answer_in_standard_base64(ends: Ends, moment: Callable[[int], None]) -> None:
    moment(2145065624)
    connection, peer = ends
    standard = cram.response(PASSWORD, "<2145065624.1795553363@lab-fd>", compatible=True).encode() + b"\0"
    assert standard != DIR_ANSWERS
    peer.say(standard, DIR_TO_FD, OK)
    as_server(connection, PASSWORD, "lab-fd")
    peer.hear(FD_TO_DIR, OK, FD_ANSWERS)


def test_wrong_key_on_our_side(ends: Ends, moment: Callable[[int], None]) -> None:
    moment(2145065624)
    connection, peer = ends
    peer.say(DIR_ANSWERS)
    with pytest.raises(AuthenticationError, match="does not know the password"):
        as_server(connection, cram.secret_of("other"), "lab-fd")
    peer.hear(FD_TO_DIR, FAILED)


def test_called_side_that_cannot_answer_our_challenge(ends: Ends) -> None:
    connection, peer = ends
    peer.say(FD_TO_DIR, OK, b"wrong\0")
    with pytest.raises(AuthenticationError, match="does not know the password"):
        as_client(connection, PASSWORD, "lab-dir")
    peer.hear(DIR_ANSWERS)
    assert peer.next() != OK
    peer.hear(FAILED)


# To its challenge


def test_challenge_in_the_compatible_form(ends: Ends) -> None:
    # A real bacula-fd 9.6.7 answered this challenge so (probe, 2026-11-24).
    connection, peer = ends
    peer.say(b"auth cram-md5c <1.2@x> ssl=0\n", OK, TERMINATE)
    with pytest.raises(AuthenticationError, match="sent the signal TERMINATE where the response"):
        as_client(connection, PASSWORD, "lab-dir")
    peer.hear(b"nOt43cY2AhjbIu58QRlwnw\0")


@pytest.mark.parametrize(
    ("challenge", "answer"),
    [
        # Likewise probed.
        (b"auth cram-md5 <1.2@x> ssl=0\n", b"n+t438Y2Ah/bI+58QRlwnD\0"),
        (b"auth cram-md5 <1.2@x>\n", b"n+t438Y2Ah/bI+58QRlwnD\0"),
        (b"auth cram-md5 <1.2@x>", b"n+t438Y2Ah/bI+58QRlwnD\0"),
        (b"auth cram-md5 <1.2@x> ssl=", b"n+t438Y2Ah/bI+58QRlwnD\0"),
        (b"auth cram-md5 <1.2@x> ssl=1\n", b"n+t438Y2Ah/bI+58QRlwnD\0"),
        (b"auth cram-md5 1.2@x ssl=0\n", b"5Q4fl9+0o9+A1E+z11+LjA\0"),
    ],
)
def test_challenges_that_a_real_file_daemon_answered(ends: Ends, challenge: bytes, answer: bytes) -> None:
    connection, peer = ends
    peer.say(challenge, OK, EOD)
    with pytest.raises(AuthenticationError, match="sent the signal EOD where the response to our challenge was due"):
        as_client(connection, PASSWORD, "lab-dir")
    peer.hear(answer)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\0",
        b"garbage challenge\n",
        b"hello.c:109 Connection from unknown Director lab-dir at 127.0.0.1 rejected.\n",
        b"Auth cram-md5 <1.2@x> ssl=0\n",
        b"\xff" * 40,
    ],
)
def test_something_else_than_a_challenge(ends: Ends, payload: bytes) -> None:
    connection, peer = ends
    peer.say(payload)
    with pytest.raises(AuthenticationError, match=r"^Director at a socket pair refused our Hello: it sent b") as caught:
        as_client(connection, PASSWORD, "lab-dir")
    assert repr(payload) in str(caught.value)
    peer.hear(FAILED)  # DIR-AUTH-12


@pytest.mark.parametrize(
    "verdict", [FAILED, b"", b"1000 OK auth", b"1000 OK auth\n\0", b"1000 OK  auth\n", b"2999 Authentication failed.\n"]
)
def test_any_other_verdict_is_a_refusal(ends: Ends, verdict: bytes) -> None:
    # DIR-AUTH-11; a real bacula-fd 9.6.7 did not take the third either (probe, 2026-11-24).
    connection, peer = ends
    peer.say(FD_TO_DIR, verdict)
    with pytest.raises(
        AuthenticationError, match=r"^Director at a socket pair rejected our password: it said b"
    ) as caught:
        as_client(connection, PASSWORD, "lab-dir")
    assert repr(verdict) in str(caught.value)
    peer.hear(DIR_ANSWERS)


@pytest.mark.parametrize("form", [b"auth cram-md5 <1.2@x> ssl=2\n", b"auth cram-md5c <1.2@x> ssl=2\n"])
def test_tls_that_is_required(ends: Ends, form: bytes) -> None:
    connection, peer = ends
    peer.say(form, OK)
    with pytest.raises(AuthenticationError, match="requires TLS, which this version does not speak"):
        as_client(connection, PASSWORD, "lab-dir")


def test_tls_that_the_caller_requires(ends: Ends, moment: Callable[[int], None]) -> None:
    moment(2145065624)
    connection, peer = ends
    peer.say(DIR_ANSWERS, b"auth cram-md5 <1.2@x> ssl=2\n", OK)
    with pytest.raises(AuthenticationError, match="requires TLS"):
        as_server(connection, PASSWORD, "lab-fd")


# Silence and signals, at each step

SERVER_STEPS = [(), (DIR_ANSWERS,), (DIR_ANSWERS, DIR_TO_FD)]
CLIENT_STEPS = [(), (FD_TO_DIR,), (FD_TO_DIR, OK)]
STEPS = [(as_server, step) for step in SERVER_STEPS] + [(as_client, step) for step in CLIENT_STEPS]
EVERY_STEP = pytest.mark.parametrize(("authenticate", "said"), STEPS)
Authenticate = Callable[[Connection, bytes, str], None]


@EVERY_STEP
def test_peer_that_closes(
    ends: Ends, moment: Callable[[int], None], authenticate: Authenticate, said: tuple[bytes, ...]
) -> None:
    moment(2145065624)
    connection, peer = ends
    peer.say(*said)
    peer.sock.shutdown(socket.SHUT_WR)
    with pytest.raises(PeerClosed):
        authenticate(connection, PASSWORD, "lab-fd")


@EVERY_STEP
def test_silent_peer(
    ends: Ends, moment: Callable[[int], None], authenticate: Authenticate, said: tuple[bytes, ...]
) -> None:
    moment(2145065624)
    connection, peer = ends
    connection.timeout = 0.05
    peer.say(*said)
    with pytest.raises(PeerTimeout, match=r"the time-out is 0.05 s$"):
        authenticate(connection, PASSWORD, "lab-fd")


@EVERY_STEP
def test_signal_instead(
    ends: Ends, moment: Callable[[int], None], authenticate: Authenticate, said: tuple[bytes, ...]
) -> None:
    moment(2145065624)
    connection, peer = ends
    peer.say(*said, TERMINATE)
    with pytest.raises(
        AuthenticationError, match=r"^Director at a socket pair sent the signal TERMINATE where .* was due$"
    ):
        authenticate(connection, PASSWORD, "lab-fd")


def test_no_wait_is_longer_than_that_of_real_daemons(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    assert authentication.RESPONSE_TIMEOUT == 180  # DIR-AUTH-14
    monkeypatch.setattr(authentication, "RESPONSE_TIMEOUT", 0.05)
    with pytest.raises(PeerTimeout, match=r"the time-out is 0.05 s$"):
        as_client(ends[0], PASSWORD, "lab-dir")
