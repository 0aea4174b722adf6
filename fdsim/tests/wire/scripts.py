"""Conversations as scripts, word for word after the protocol documents, and what the observer makes of them."""

from __future__ import annotations

from collections.abc import Iterable

from fdsim.wire.conversation import Conversation, Link
from fdsim.wire.events import Event, Kind
from fdsim.wire.roles import Role

D, F, S = Role.DIRECTOR, Role.FILE_DAEMON, Role.STORAGE_DAEMON
Script = list[tuple[Role, bytes | int]]
"""Who says what: the payload of a packet, or the number of a signal."""

EOD, POLL, TERMINATE, HEARTBEAT, BTIME = -1, -5, -4, -6, -9

DIRECTOR_GREETING: Script = [
    (D, b"Hello Director lab-dir calling 103\n"),
    (F, b"auth cram-md5 <1.2@lab-fd> ssl=0\n"),
    (D, b"4xmiY7/AeQYy//+j6Q/7eA\0"),
    (F, b"1000 OK auth\n"),
    (D, b"auth cram-md5 <3.4@lab-dir> ssl=0\n"),
    (F, b"y6+7b6+4k7VX7G4Ef++ufD\0"),
    (D, b"1000 OK auth\n"),
    (F, b"2000 OK Hello 214\n"),
]
JOB: Script = [
    (D, b"JobId=7 Job=Nightly.2026-11-23_00.32.55_02 SDid=1 SDtime=1795392655 Authorization=ABCD-EFGH\n"),
    (F, b"2000 OK Job 9.6.7 (10Dec20) x86_64-pc-linux-gnu,debian,bookworm/sid"),
]
CONSOLE: Script = [
    (D, b"JobId=0 Job=-Console-.2026-11-23_00.32.55_02 SDid=0 SDtime=0 Authorization=dummy\n"),
    (F, b"2000 OK Job 9.6.7 (10Dec20) x86_64-pc-linux-gnu,debian,bookworm/sid"),
]
FILESET: Script = [
    (D, b"fileset vss=1\n"),
    (D, b"I\n"),
    (D, b"O MAX\n"),
    (D, b"WF *.o\n"),
    (D, b"N\n"),
    (D, b"F /srv/tree"),
    (D, b"N\n"),
    (D, b"N\n"),
    (D, EOD),
    (F, b"2000 OK include\n"),
]
STORAGE_GREETING: Script = [
    (F, b"Hello Bacula SD: Start Job Nightly.2026-11-23_00.32.55_02 214\n"),
    (S, b"auth cram-md5 <1.2@lab-sd> ssl=0\n"),
    (F, b"4xmiY7/AeQYy//+j6Q/7eA\0"),
    (S, b"1000 OK auth\n"),
    (F, b"auth cram-md5 <3.4@lab-fd> ssl=0\n"),
    (S, b"y6+7b6+4k7VX7G4Ef++ufD\0"),
    (F, b"1000 OK auth\n"),
    (S, b"3000 OK Hello 306\n"),
]
APPEND: Script = [
    (F, b"append open session\n"),
    (S, b"3000 OK open ticket = 1\n"),
    (F, b"append data 1\n"),
    (S, b"3000 OK data\n"),
]
READ: Script = [
    (F, b"read open session = DummyVolume 2 1795392655 0 0 0 0\n"),
    (S, b"3000 OK open ticket = 2\n"),
    (F, b"read data 2\n"),
    (S, b"3000 OK data\n"),
]
END_JOB = (
    b"2800 End Job TermCode=84 JobFiles=20 ReadBytes=91650 JobBytes=91650 Errors=1 VSS=0 Encrypt=0 CommBytes=94483 "
    b"CompressCommBytes=93358\n"
)
LSTAT = b"P4A F0AJ IGk C A A A Dw BAA I BrBf96 BrBf96 BrBf96 A A C"
GREETING_KINDS = [
    Kind.HELLO,
    Kind.CHALLENGE,
    Kind.RESPONSE,
    Kind.VERDICT,
    Kind.CHALLENGE,
    Kind.RESPONSE,
    Kind.VERDICT,
    Kind.WELCOME,
]


def encoded(content: bytes | int) -> bytes:
    if isinstance(content, int):
        return content.to_bytes(4, "big", signed=True)
    return len(content).to_bytes(4, "big") + content


def link_of(script: Script) -> Link:
    return Link.STORAGE if any(sender is S for sender, _ in script) else Link.DIRECTOR


def observe(*scripts: Script) -> list[Event]:
    script = [line for part in scripts for line in part]
    conversation = Conversation(link_of(script))
    return [event for sender, content in script for event in conversation.feed(sender, encoded(content))]


def kinds(events: Iterable[Event]) -> list[Kind]:
    return [event.kind for event in events]


def after(greeting_script: Script, *scripts: Script) -> list[Event]:
    """What follows the greeting, which is as it should be."""
    return observe(greeting_script, *scripts)[len(greeting_script) :]


def clean(events: list[Event]) -> list[Event]:
    assert [event for event in events if event.deviations or event.kind is Kind.UNKNOWN] == []
    return events


BACKUP: Script = [
    *DIRECTOR_GREETING,
    *JOB,
    (D, b"level = full  mtime_only=0 \n"),
    (F, b"2000 OK level\n"),
    *FILESET,
    (D, b"backup FileIndex=0\n"),
    (F, b"2000 OK backup\n"),
    (F, HEARTBEAT),
    (F, b"2800 End Job TermCode=84 JobFiles=20 ReadBytes=1 JobBytes=1 Errors=0\n"),
    (F, TERMINATE),
]
SESSION: Script = [
    *STORAGE_GREETING,
    *APPEND,
    (F, b"1 1 9"),
    (F, EOD),
    (F, b"1 2 9"),
    (S, POLL),
    (F, b"2000 OK\n"),
    (F, b"data"),
    (F, EOD),
    (F, EOD),
]
