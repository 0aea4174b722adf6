"""The observer, fed with what real daemons said: it understands every packet, and what it says is so."""

from __future__ import annotations

import hashlib
from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fdsim.tests.captures import Segment, load, names, observe
from fdsim.tests.wire.scripts import GREETING_KINDS, D, F, S
from fdsim.wire import cram
from fdsim.wire.attributes import Attributes
from fdsim.wire.catalog import AccurateEntry, VerifyAttributes, VerifyDigest
from fdsim.wire.conversation import Link
from fdsim.wire.events import Event, Kind
from fdsim.wire.frames import Packet, Signal
from fdsim.wire.lstat import LStat
from fdsim.wire.messages.base import Message
from fdsim.wire.messages.greeting import Challenge, ChallengeResponse
from fdsim.wire.messages.orders import JobOrder, StorageOrder
from fdsim.wire.messages.replies import EndJob, JobMessage
from fdsim.wire.messages.storage import CloseOk
from fdsim.wire.records import RecordHeader, StreamHeader
from fdsim.wire.streams import FileType, Stream

TREE = b"/srv/fdsim-lab/tree/"
SCENARIOS = [
    "accurate",
    "accurate-compressed",
    "cancel",
    "estimate",
    "full-backup",
    "full-backup-compressed",
    "heartbeat",
    "incremental",
    "restore",
    "restore-compressed",
    "scripts",
    "settings",
    "status",
    "verify-catalog",
    "verify-volume",
    "wrong-password",
]
FULL_BACKUP = [
    *GREETING_KINDS,
    Kind.ORDER,  # JobId=
    Kind.REPLY,
    Kind.ORDER,  # level
    Kind.REPLY,
    Kind.ORDER,  # fileset
    *[Kind.FILESET_LINE] * 11,
    Kind.END_OF_LIST,
    Kind.REPLY,
    Kind.ORDER,  # storage
    Kind.REPLY,
    Kind.ORDER,  # backup
    Kind.REPLY,
    Kind.JOB_MESSAGE,  # Could not stat
    Kind.END_OF_JOB,
    Kind.TERMINATE,
]
RESTORE = [
    *GREETING_KINDS,
    Kind.ORDER,  # JobId=
    Kind.REPLY,
    Kind.ORDER,  # storage
    Kind.REPLY,
    Kind.ORDER,  # restore
    Kind.REPLY,
    Kind.REPLY,  # storage end
    Kind.ORDER,  # endrestore
    Kind.END_OF_JOB,
    Kind.TERMINATE,
]


def kinds(events: list[Event]) -> list[Kind]:
    """Without the ends of directions, whose order is that of two closing sockets."""
    return [event.kind for event in events if event.kind is not Kind.CLOSED]


def payload(event: Event) -> bytes:
    assert isinstance(event.frame, Packet)
    return event.frame.payload


def everything(name: str) -> list[Event]:
    return [event for link in Link for event in load(name).only(link)]


def test_all_scenarios_are_there() -> None:
    assert names() == SCENARIOS


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_packet_is_understood(name: str) -> None:
    events = everything(name)
    assert [event for event in events if event.deviations or event.kind in {Kind.UNKNOWN, Kind.SIGNAL}] == []
    closed = [event for event in events if event.kind is Kind.CLOSED]
    assert len(closed) == 2 * len(load(name).links)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_message_is_written_as_it_was_read(name: str) -> None:
    read = [event for event in everything(name) if event.message is not None]
    assert read
    for event in read:
        assert isinstance(
            event.message,
            Message | StreamHeader | RecordHeader | Attributes | AccurateEntry | VerifyAttributes | VerifyDigest,
        )
        assert event.message.encode() == payload(event)


@pytest.mark.parametrize("name", SCENARIOS)
def test_responses_to_challenges_are_right(name: str) -> None:
    capture = load(name)
    orders = [event.message for event in capture.only(Link.DIRECTOR)]
    session_keys = {message.job: message.key for message in orders if isinstance(message, JobOrder)}
    restore_keys = [message.key for message in orders if isinstance(message, StorageOrder) and message.key]
    for number, link in enumerate(capture.links):
        events = observe(link, [segment for segment in capture.segments if segment.connection == number])
        keys = [cram.secret_of(capture.about["fd_password"])]
        if link is Link.STORAGE:
            keys = [key.encode() for key in restore_keys or session_keys.values()]
        for challenge, response in pairwise(events):
            if isinstance(challenge.message, Challenge) and isinstance(response.message, ChallengeResponse):
                text, answer = challenge.message.text, response.message.answer
                assert any(cram.response(key, text) == answer for key in keys) is (name != "wrong-password")


@pytest.mark.parametrize("name", ["full-backup", "full-backup-compressed"])
def test_director_in_a_full_backup(name: str) -> None:
    events = load(name).only(Link.DIRECTOR)
    assert kinds(events) == FULL_BACKUP
    message, end = events[len(FULL_BACKUP) - 3].message, events[len(FULL_BACKUP) - 2].message
    assert isinstance(message, JobMessage)
    assert message.text == (
        'lab-fd JobId 1:      Could not stat "/srv/fdsim-lab/tree/missing": ERR=No such file or directory\n'
    )
    assert isinstance(end, EndJob)
    assert (end.status, end.files, end.read_bytes, end.job_bytes, end.errors) == (84, 29, 73046, 73193, 1)


@pytest.mark.parametrize("name", ["full-backup", "full-backup-compressed"])
def test_storage_daemon_in_a_full_backup(name: str) -> None:
    events = load(name).only(Link.STORAGE)
    opening = [Kind.SESSION_COMMAND, Kind.SESSION_REPLY] * 2
    closing = [
        Kind.END_OF_DATA,
        Kind.SESSION_REPLY,  # append data
        Kind.SESSION_COMMAND,  # append end session
        Kind.SESSION_REPLY,
        Kind.SESSION_COMMAND,  # append close session
        Kind.SESSION_REPLY,
        Kind.END_OF_LIST,
        Kind.TERMINATE,
    ]
    assert kinds(events)[:12] == [*GREETING_KINDS, *opening]
    assert kinds(events)[-8:] == closing
    content = {Kind.ATTRIBUTES, Kind.DIGEST, Kind.DATA}
    streams = [
        [kind for kind, _ in groupby(run)]
        for ended, run in groupby(kinds(events)[12:-8], lambda kind: kind is Kind.END_OF_STREAM)
        if not ended
    ]
    assert all(run[0] is Kind.STREAM_HEADER and len(run) == 2 and run[1] in content for run in streams)
    assert [event.message for event in events if isinstance(event.message, CloseOk)] == [CloseOk(84)]


def test_streams_of_each_object_of_the_tree() -> None:
    """The order of streams of real files (SD-ORD-1 to SD-ORD-10), the third number of headers and file types."""
    objects: dict[bytes, tuple[FileType, list[tuple[int, int]]]] = {}
    index_of: dict[int, bytes] = {}
    for event in load("full-backup").only(Link.STORAGE):
        if isinstance(event.message, Attributes):
            name = event.message.name.removeprefix(TREE)
            index_of[event.message.file_index] = name
            objects[name] = (FileType(event.message.type), [(Stream.UNIX_ATTRIBUTES, 0)])
        elif isinstance(event.message, StreamHeader) and event.message.stream != Stream.UNIX_ATTRIBUTES:
            objects[index_of[event.message.file_index]][1].append((event.message.stream, event.message.length))
    attributes, digest = (Stream.UNIX_ATTRIBUTES, 0), (Stream.MD5_DIGEST, 0)
    acl, default_acl, xattr = (Stream.ACL_LINUX_ACCESS, 0), (Stream.ACL_LINUX_DEFAULT, 0), (Stream.XATTR_LINUX, 0)
    assert sorted(index_of) == list(range(1, 30))
    assert objects[b"plain/small"] == (FileType.REG, [attributes, (Stream.FILE_DATA, 12), digest])
    assert objects[b"plain/large"] == (FileType.REG, [attributes, (Stream.FILE_DATA, 70000), digest])
    assert objects[b"plain/empty"] == (FileType.REGE, [attributes, digest])
    assert objects[b"plain/empty-private"] == (FileType.REG, [attributes, digest])
    assert objects[b"rights/acl"] == (FileType.REG, [attributes, (Stream.FILE_DATA, 3), acl, digest])
    assert objects[b"rights/xattr"] == (FileType.REG, [attributes, (Stream.FILE_DATA, 2), xattr, digest])
    assert objects[b"rights/"] == (FileType.DIREND, [attributes, default_acl])
    assert objects[b"links/soft"] == (FileType.LNK, [attributes])
    assert objects[b"special/fifo"] == (FileType.SPEC, [attributes])
    assert objects[b"special/block"] == (FileType.SPEC, [attributes])
    links = sorted((objects[name] for name in (b"links/first", b"links/second")), key=lambda item: item[0])
    assert links == [
        (FileType.LNKSAVED, [attributes, digest]),
        (FileType.REG, [attributes, (Stream.FILE_DATA, 7), digest]),
    ]
    assert b"special/socket" not in objects


def test_data_and_digests_of_a_backup() -> None:
    """A data packet has 65536 bytes, the last of a file what is left; the digest is that of the file."""
    data: dict[int, list[bytes]] = {}
    digests: dict[int, bytes] = {}
    header = StreamHeader(0, 0, 0)
    hard_links = set()
    for event in load("full-backup").only(Link.STORAGE):
        if isinstance(event.message, StreamHeader):
            header = event.message
        elif isinstance(event.message, Attributes) and event.message.type == FileType.LNKSAVED:
            hard_links.add(header.file_index)
        elif event.kind is Kind.DATA and header.stream == Stream.FILE_DATA:
            data.setdefault(header.file_index, []).append(payload(event))
        elif event.kind is Kind.DIGEST:
            digests[header.file_index] = payload(event)
    assert [65536, 4464] in [[len(piece) for piece in pieces] for pieces in data.values()]
    assert len(digests) == 18
    for index, digest in digests.items():
        if index not in hard_links:
            assert digest == hashlib.md5(b"".join(data.get(index, []))).digest()


def test_times_before_1970_and_after_2106() -> None:
    times = {
        event.message.name.removeprefix(TREE): event.message.status.mtime
        for event in load("full-backup").only(Link.STORAGE)
        if isinstance(event.message, Attributes)
    }
    assert times[b"plain/before-1970"] == -1000
    assert times[b"plain/after-2106"] == 5_000_000_000
    assert times[b"plain/small"] == 1_000_000_000


@pytest.mark.parametrize("name", ["restore", "restore-compressed"])
def test_restore(name: str) -> None:
    capture = load(name)
    assert kinds(capture.only(Link.DIRECTOR)) == RESTORE
    events = [event for event in capture.only(Link.STORAGE) if event.kind is not Kind.CLOSED]
    assert kinds(events[:12]) == [*GREETING_KINDS, *[Kind.SESSION_COMMAND, Kind.SESSION_REPLY] * 2]
    end = events[-6:]
    assert kinds([event for event in end if event.sender is S]) == [
        Kind.END_OF_DATA,
        Kind.SESSION_REPLY,
        Kind.END_OF_LIST,
    ]
    # The second TERMINATE comes at the end of the session with the Director.
    assert kinds([event for event in end if event.sender is F]) == [
        Kind.SESSION_COMMAND,
        Kind.TERMINATE,
        Kind.TERMINATE,
    ]
    records = kinds(events[12:-6])
    assert set(records[::2]) == {Kind.RECORD_HEADER}
    assert set(records[1::2]) == {Kind.ATTRIBUTES, Kind.DATA, Kind.DIGEST}


def test_restore_brings_what_the_backup_saved() -> None:
    """Attributes lose nothing, and every data packet comes back as one record (SD-HDR-6)."""
    saved, restored = (
        [payload(event) for event in load(name).only(Link.STORAGE) if event.kind in {Kind.ATTRIBUTES, Kind.DATA}]
        for name in ("full-backup", "restore")
    )
    assert restored == saved


def test_incremental_backup_compares_clocks_ten_times() -> None:
    events = [event for event in load("incremental").only(Link.DIRECTOR) if event.kind is Kind.CLOCK]
    assert [event.sender for event in events] == [F, D] * 10
    assert {event.frame for event in events[::2]} == {Signal.BTIME}


@pytest.mark.parametrize("name", ["accurate", "accurate-compressed"])
def test_accurate_backup_tells_of_deleted_files(name: str) -> None:
    capture = load(name)
    entries = [event.message for event in capture.only(Link.DIRECTOR) if isinstance(event.message, AccurateEntry)]
    assert len(entries) == 29
    assert all(entry.status.mtime for entry in entries)
    assert {len(entry.digest) for entry in entries} == {0, 22}
    deleted = [
        event.message
        for event in capture.only(Link.STORAGE)
        if isinstance(event.message, Attributes) and event.message.type == FileType.DELETED
    ]
    assert [record.name for record in deleted] == [TREE + b"links/dangling"]
    status = deleted[0].status
    assert status == LStat(mtime=1_000_000_000, ctime=status.ctime, data_stream=2)


def test_verify_of_the_catalog() -> None:
    events = load("verify-catalog").only(Link.DIRECTOR)
    records = [event.message for event in events if isinstance(event.message, VerifyAttributes)]
    assert len(records) == 2 * 29
    assert {record.options for record in records} == {"VVpins5"}
    digests = [event.message for event in events if isinstance(event.message, VerifyDigest)]
    assert len(digests) == 2 * 17  # a hard link has none (DIR-VER-8)
    assert {digest.label for digest in digests} == {"MD5"}


def test_verify_of_a_volume() -> None:
    capture = load("verify-volume")
    events = capture.only(Link.DIRECTOR)
    assert {event.message.options for event in events if isinstance(event.message, VerifyAttributes)} == {"pinsug5"}
    assert len([event for event in events if event.kind is Kind.VERIFY_DIGEST]) == 18
    assert Kind.END_OF_DATA in kinds(capture.only(Link.STORAGE))


def test_estimate() -> None:
    events = load("estimate").only(Link.DIRECTOR)
    listing = [payload(event) for event in events if event.kind is Kind.LISTING]
    assert len(listing) == 29
    assert kinds(events)[-3:] == [Kind.REPLY, Kind.END_OF_LIST, Kind.TERMINATE]
    assert payload([event for event in events if event.kind is Kind.REPLY][-1]) == (
        b"2000 OK estimate files=29 bytes=73,061\n"
    )


def test_status() -> None:
    events = load("status").only(Link.DIRECTOR)
    assert [payload(event) for event in events if payload_is_order(event)] == [
        b"status",
        b".status header api=0 api_opts=",
        b".status running api=0 api_opts=",
        b".status terminated api=0 api_opts=",
    ]
    assert len([event for event in events if event.kind is Kind.END_OF_LIST]) == 4


def payload_is_order(event: Event) -> bool:
    return event.kind is Kind.ORDER and not isinstance(event.message, JobOrder)


def test_cancel() -> None:
    events = load("cancel").only(Link.DIRECTOR)
    ends = [event.message for event in events if isinstance(event.message, EndJob)]
    assert [end.status for end in ends] == [65]
    assert Kind.END_OF_DATA not in kinds(load("cancel").only(Link.STORAGE))


def test_heartbeat_in_a_slow_backup() -> None:
    beats = [event for event in load("heartbeat").only(Link.DIRECTOR) if event.kind is Kind.HEARTBEAT]
    assert beats
    assert {event.sender for event in beats} == {F}


def test_wrong_password() -> None:
    assert kinds(load("wrong-password").only(Link.DIRECTOR)) == [
        Kind.HELLO,
        Kind.CHALLENGE,
        Kind.RESPONSE,
        Kind.VERDICT,
        Kind.VERDICT,
        Kind.TERMINATE,
    ]


def compressed(name: str) -> set[tuple[str, str]]:
    """Who sends whom packets with line compression."""
    return {
        (event.sender.value, event.receiver.value)
        for event in everything(name)
        if isinstance(event.frame, Packet) and event.frame.compressed
    }


def test_line_compression() -> None:
    assert compressed("full-backup-compressed") == {("F", "S"), ("F", "D")}
    assert compressed("restore-compressed") == {("S", "F"), ("F", "D")}
    assert ("D", "F") in compressed("accurate-compressed")
    assert compressed("full-backup") == set()
    # A Storage daemon compresses towards every File daemon of 9.6 whatever its configuration says (SD-COMP-2).
    assert compressed("restore") == {("S", "F")}


@settings(max_examples=20, deadline=None)
@given(data=st.data(), name=st.sampled_from(["restore", "full-backup-compressed", "incremental"]))
def test_pieces_do_not_matter(data: st.DataObject, name: str) -> None:
    capture = load(name)
    for number, link in enumerate(capture.links):
        segments = [segment for segment in capture.segments if segment.connection == number]
        size = data.draw(st.integers(1, 3000))
        pieces = [
            Segment(number, segment.sender, segment.data[start : start + size])
            for segment in segments
            for start in range(0, max(1, len(segment.data)), size)
        ]
        assert observe(link, pieces) == observe(link, segments)


def test_no_capture_tells_where_it_was_made() -> None:
    for name in SCENARIOS:
        for link in Link:
            for sender in (D, F, S):
                sent = load(name).sent(link, sender)
                assert not any(place in sent for place in (b"/root", b"/home/", b"/tmp/", b"/work"))
