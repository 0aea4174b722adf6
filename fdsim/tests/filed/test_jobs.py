"""Whole jobs with a scripted Director and Storage daemon: every byte to the latter, every word to the former."""

import errno
import hashlib
import os
import re
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from fdsim.filed.daemon import FileDaemon
from fdsim.tests.filed.peers import JOB, JOB_OK, let_in, log_in, storage
from fdsim.tests.hosts import failing
from fdsim.tests.scripted import EOD, HEARTBEAT, POLL, TERMINATE, Scripted
from fdsim.wire.base64 import encode_number
from fdsim.wire.lstat import LStat

Start = Callable[..., FileDaemon]


def lstat(path: Path, link_index: int = 0) -> bytes:
    st = path.lstat()
    numbers = (
        st.st_dev,
        st.st_ino,
        st.st_mode,
        st.st_nlink,
        st.st_uid,
        st.st_gid,
        st.st_rdev,
        st.st_size,
        st.st_blksize,
        st.st_blocks,
        *(int(st[index]) for index in (7, 8, 9)),
        link_index,
        0,
        2,
    )
    return " ".join(map(encode_number, numbers)).encode()


def open_session(peer: Scripted) -> None:
    let_in(peer)
    peer.hear(b"append open session\n")
    peer.say(b"3000 OK open ticket = 4\n")
    peer.hear(b"append data 4\n")
    peer.say(b"3000 OK data\n")


def close_session(peer: Scripted) -> None:
    peer.say(b"3000 OK append data\n")
    peer.hear(b"append end session 4\n")
    peer.say(b"3000 OK end\n")
    peer.hear(b"append close session 4\n")
    peer.say(b"3000 OK close Status = 84\n", EOD)
    peer.hear(TERMINATE)


class Backup:
    """A Director's part of a backup; what the FD said is kept."""

    def __init__(self, daemon: FileDaemon, *files: Path, options: bytes = b"M") -> None:
        self._daemon = daemon
        self._files = files
        self._options = options
        self.said: list[bytes] = []

    def run(self, script: Callable[[Scripted], None]) -> None:
        with storage(script) as port, Scripted.connect(self._daemon.port) as peer:
            log_in(peer)
            peer.say(JOB, b"level = full  mtime_only=0 \n")
            peer.hear(JOB_OK, b"2000 OK level\n")
            lines = [b"F " + os.fsencode(path) for path in self._files]
            peer.say(b"fileset vss=1\n", b"I\n", b"O " + self._options + b"\n", b"N\n", *lines, b"N\n", b"N\n", EOD)
            peer.hear(b"2000 OK include\n")
            peer.say(b"storage address=127.0.0.1 port=%d ssl=0\n" % port)
            frame = peer.receive()
            if frame == b"2000 OK storage\n":
                peer.say(b"backup FileIndex=0\n")
                peer.hear(b"2000 OK backup\n")
                frame = peer.receive()
            while frame is not None and frame != TERMINATE:
                assert isinstance(frame, bytes)
                self.said.append(frame)
                frame = peer.receive()

    @property
    def messages(self) -> list[tuple[int, str]]:
        """Type and text of each job message."""
        found = [
            re.fullmatch(rb"Jmsg JobId=7 type=(\d+) level=\d+ test-fd JobId 7: (.*)", s, re.DOTALL) for s in self.said
        ]
        return [(int(match[1]), os.fsdecode(match[2])) for match in found if match]

    @property
    def end(self) -> dict[str, int]:
        """The fields of End Job."""
        assert self.said[-1].startswith(b"2800 End Job ")
        return {name.decode(): int(value) for name, value in re.findall(rb"(\w+)=(\d+)", self.said[-1])}


def test_the_records_of_each_kind_of_file(start: Start, tmp_path: Path) -> None:
    regular, empty, link, hard, fifo = (tmp_path / name for name in ("regular", "empty", "link", "hard", "fifo"))
    regular.write_bytes(b"hello")
    empty.touch(0o644)
    link.symlink_to("regular")
    hard.hardlink_to(regular)
    os.mkfifo(fifo)
    md5 = hashlib.md5(b"hello").digest()
    directory = tmp_path / "directory"
    directory.mkdir()

    def attributes(index: int, kind: int, path: Path, target: bytes = b"", link_index: int = 0) -> list[bytes | int]:
        name = bytes(path) + (b"/" if path.is_dir() else b"")
        record = b"%d %d %b\0%b\0%b\0\x000\0" % (index, kind, name, lstat(path, link_index), target)
        return [b"%d 1 0" % index, record, EOD]

    def script(peer: Scripted) -> None:
        open_session(peer)
        peer.hear(*attributes(1, 3, regular), b"1 2 5", b"hello", EOD, b"1 3 0", md5, EOD)
        peer.hear(*attributes(2, 2, empty), b"2 3 0", bytes.fromhex("d41d8cd98f00b204e9800998ecf8427e"), EOD)
        peer.hear(*attributes(3, 4, link, b"regular"))
        peer.hear(*attributes(4, 1, hard, bytes(regular), 1), b"4 3 0", md5, EOD)
        peer.hear(*attributes(5, 6, fifo))
        peer.hear(*attributes(6, 5, directory))
        peer.hear(EOD)
        close_session(peer)

    backup = Backup(start(), regular, empty, link, hard, fifo, directory)
    backup.run(script)
    assert backup.messages == []
    end = backup.end
    sent = end.pop("CommBytes")
    assert sent == end.pop("CompressCommBytes")
    assert sent > 300
    assert end == {
        "TermCode": 84,
        "JobFiles": 6,
        "ReadBytes": 5,
        "JobBytes": 5,
        "Errors": 0,
        "VSS": 0,
        "Encrypt": 0,
    }


@pytest.mark.parametrize(("size", "sizes"), [(65535, [65535]), (65536, [65536]), (65537, [65536, 1])])
def test_data_travel_in_packets_of_64_kib(start: Start, tmp_path: Path, size: int, sizes: list[int]) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * size)
    packets: list[bytes] = []

    def script(peer: Scripted) -> None:
        open_session(peer)
        for _ in range(3):
            peer.receive()
        peer.hear(b"1 2 %d" % size)
        while isinstance(packet := peer.receive(), bytes):
            packets.append(packet)
        peer.hear(EOD)
        close_session(peer)

    Backup(start(), file, options=b"").run(script)
    assert [len(packet) for packet in packets] == sizes


def read_to_the_end(peer: Scripted) -> list[bytes | int]:
    """All records: the last EOD is the second of two."""
    frames: list[bytes | int] = []
    while frames[-2:] != [EOD, EOD]:
        frame = peer.receive()
        assert frame is not None
        frames.append(frame)
    return frames


def whole_session(peer: Scripted) -> None:
    open_session(peer)
    read_to_the_end(peer)
    close_session(peer)


# Texts as 9.6.7 has them (its wire document, section 14).


def test_what_cannot_be_opened_keeps_its_attributes_and_the_job_goes_on(start: Start, tmp_path: Path) -> None:
    unreadable, after = tmp_path / "unreadable", tmp_path / "after"
    unreadable.write_text("x")
    after.write_text("y")
    frames: list[bytes | int] = []

    def script(peer: Scripted) -> None:
        open_session(peer)
        frames.extend(read_to_the_end(peer))
        close_session(peer)

    backup = Backup(start(host=failing("open", errno.EACCES, bytes(unreadable))), unreadable, after)
    backup.run(script)
    assert backup.messages == [(8, f'     Cannot open "{unreadable}": ERR=Permission denied.\n')]
    assert (backup.end["TermCode"], backup.end["Errors"], backup.end["JobFiles"]) == (84, 1, 2)
    assert [f for f in frames if isinstance(f, bytes) and re.fullmatch(rb"\d \d+ \d+", f)] == [
        b"1 1 0",
        b"2 1 0",
        b"2 2 1",
        b"2 3 0",
    ]


def test_what_vanishes_is_told(start: Start, tmp_path: Path) -> None:
    backup = Backup(start(), tmp_path / "gone")

    def script(peer: Scripted) -> None:
        open_session(peer)
        peer.hear(EOD)
        close_session(peer)

    backup.run(script)
    assert backup.messages == [(8, f'     Could not stat "{tmp_path}/gone": ERR=No such file or directory\n')]
    assert (backup.end["TermCode"], backup.end["Errors"], backup.end["JobFiles"]) == (84, 1, 0)


def test_a_directory_that_cannot_be_opened_is_not_saved(start: Start, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    backup = Backup(start(host=failing("scandir", errno.EACCES, bytes(closed))), tmp_path)
    backup.run(whole_session)
    assert backup.messages == [(8, f'     Could not open directory "{closed}": ERR=Permission denied\n')]
    assert backup.end["JobFiles"] == 1


def test_a_read_error_ends_the_data_counts_twice_and_the_job_goes_on(start: Start, tmp_path: Path) -> None:
    (tmp_path / "bad").write_text("x")

    backup = Backup(start(host=failing("read", errno.EIO)), tmp_path)
    backup.run(whole_session)
    assert backup.messages == [(4, f"Error: Read error on file {tmp_path}/bad. ERR=Input/output error\n")]
    assert (backup.end["TermCode"], backup.end["Errors"], backup.end["JobFiles"]) == (84, 2, 2)


def test_a_socket_is_skipped_with_a_message(start: Start, tmp_path: Path) -> None:

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        backup = Backup(start(), tmp_path)
        backup.run(whole_session)
    assert backup.messages == [(9, f"     Socket file skipped: {tmp_path}/s\n")]
    assert (backup.end["Errors"], backup.end["JobFiles"]) == (0, 1)


def test_a_message_reaches_the_director_while_the_storage_daemon_stalls(start: Start, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(os.urandom(3 << 20))
    daemon = start()

    def stall(peer: Scripted) -> None:
        open_session(peer)
        # Nothing is read until the Director has heard of the missing file.
        told.wait()
        read_to_the_end(peer)
        close_session(peer)

    told = threading.Event()
    with storage(stall) as port, Scripted.connect(daemon.port) as peer:
        log_in(peer)
        peer.say(JOB)
        peer.hear(JOB_OK)
        peer.say(b"fileset\n", b"I\n", b"F " + bytes(tmp_path / "gone"), b"F " + bytes(tmp_path), EOD)
        peer.hear(b"2000 OK include\n")
        peer.say(b"storage address=127.0.0.1 port=%d ssl=0\n" % port)
        peer.hear(b"2000 OK storage\n")
        peer.say(b"backup FileIndex=0\n")
        peer.hear(b"2000 OK backup\n")
        message = peer.receive()
        told.set()
        assert isinstance(message, bytes)
        assert b"Could not stat" in message
        assert b"TermCode=84" in b"".join(frame for frame in peer.receive_all() if isinstance(frame, bytes))


def test_heartbeats_and_polls_of_the_storage_daemon_do_no_harm(start: Start, tmp_path: Path) -> None:
    def script(peer: Scripted) -> None:
        let_in(peer)
        peer.hear(b"append open session\n")
        peer.say(HEARTBEAT, b"3000 OK open ticket = 4\n")
        peer.hear(b"append data 4\n")
        peer.say(HEARTBEAT, POLL)
        peer.hear(b"2000 OK\n")
        peer.say(b"3000 OK data\n", HEARTBEAT)
        read_to_the_end(peer)
        close_session(peer)

    backup = Backup(start(), tmp_path)
    backup.run(script)
    assert backup.messages == []
    assert backup.end["TermCode"] == 84


def refuse_key(peer: Scripted) -> None:
    peer.receive()
    peer.say(b"auth cram-md5 <1.2@test-sd> ssl=0\n")
    peer.receive()
    peer.say(b"1999 Authorization failed.\n")


def garbage(peer: Scripted) -> None:
    peer.receive()
    peer.sock.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")


def hang_up(peer: Scripted) -> None:
    peer.receive()


@pytest.mark.parametrize(
    ("script", "word"),
    [(refuse_key, "Authorization key rejected"), (garbage, "packet of"), (hang_up, "closed the connection")],
)
def test_a_storage_daemon_that_does_not_let_us_in(
    start: Start, tmp_path: Path, script: Callable[[Scripted], None], word: str
) -> None:
    backup = Backup(start(), tmp_path)
    backup.run(script)
    assert [kind for kind, _ in backup.messages] == [3]
    assert word in backup.messages[0][1]
    assert b"2902 Bad storage\n" in backup.said
    assert backup.end["TermCode"] == 102


def test_nobody_at_the_storage_daemons_port(start: Start) -> None:
    with Scripted.connect(start().port) as peer:
        log_in(peer)
        peer.say(JOB)
        peer.hear(JOB_OK)
        peer.say(b"storage address=127.0.0.1 port=1 ssl=0\n")
        message, reply, *_ = peer.receive_all()
    assert isinstance(message, bytes)
    assert message.endswith(
        b"Fatal error: Failed to connect to Storage daemon: 127.0.0.1:1 ([Errno 111] Connection refused)\n"
    )
    assert reply == b"2902 Bad storage\n"


def full_disk(peer: Scripted) -> None:
    open_session(peer)
    peer.receive()
    peer.say(b"3999 Failed append\n", b"3903 Error append data: No space left on device\n", TERMINATE)
    while peer.receive() not in {TERMINATE, None}:
        pass


def cut_off(peer: Scripted) -> None:
    open_session(peer)
    peer.receive()
    peer.close()


def bad_reply(peer: Scripted) -> None:
    open_session(peer)
    read_to_the_end(peer)
    peer.say(b"3000 OK append data")


def bad_status(peer: Scripted) -> None:
    open_session(peer)
    read_to_the_end(peer)
    peer.say(b"3000 OK append data\n", b"3000 OK end\n", b"3000 OK close Status = 102\n", EOD)
    while peer.receive() not in {TERMINATE, None}:
        pass


@pytest.mark.parametrize(
    ("script", "word"),
    [
        (full_disk, "No space left on device"),
        (cut_off, "Network send error to SD."),
        (bad_reply, "Wanted 3000 OK append data, got len=19 msg=3000 OK append data"),
        (bad_status, "Bad status 102 f returned from Storage Daemon."),
    ],
)
def test_a_storage_daemon_that_fails(
    start: Start, tmp_path: Path, script: Callable[[Scripted], None], word: str
) -> None:
    (tmp_path / "big").write_bytes(os.urandom(1 << 20))
    backup = Backup(start(), tmp_path)
    backup.run(script)
    assert word in " ".join(text for kind, text in backup.messages if kind == 3)
    assert backup.end["TermCode"] == 102


def test_a_storage_daemon_that_goes_silent_is_given_up(start: Start, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(os.urandom(16 << 20))

    def silent(peer: Scripted) -> None:
        open_session(peer)
        director_knows.wait(10)

    director_knows = threading.Event()
    daemon = start(timeout=1.0)
    with storage(silent) as port, Scripted.connect(daemon.port) as peer:
        log_in(peer)
        peer.say(JOB, b"fileset\n", b"I\n", b"F " + bytes(tmp_path), EOD)
        peer.hear(JOB_OK, b"2000 OK include\n")
        peer.say(b"storage address=127.0.0.1 port=%d ssl=0\n" % port, b"backup\n")
        frames = peer.receive_all()
        director_knows.set()
    assert b"waited in vain for it to read" in b"".join(frame for frame in frames if isinstance(frame, bytes))
    assert frames[-1] == TERMINATE


def test_stopping_does_not_wait_for_a_silent_storage_daemon(start: Start, tmp_path: Path) -> None:
    stopped = threading.Event()

    def silent(peer: Scripted) -> None:
        let_in(peer)
        peer.hear(b"append open session\n")
        asked.set()
        stopped.wait(20)

    asked = threading.Event()
    daemon = start(timeout=60.0)
    with storage(silent) as port, Scripted.connect(daemon.port) as peer:
        log_in(peer)
        peer.say(JOB, b"fileset\n", b"I\n", b"F " + bytes(tmp_path), EOD)
        peer.hear(JOB_OK, b"2000 OK include\n")
        peer.say(b"storage address=127.0.0.1 port=%d ssl=0\n" % port, b"backup\n")
        peer.hear(b"2000 OK storage\n", b"2000 OK backup\n")
        assert asked.wait(10)
        assert daemon.stop(4.0)
        frames = peer.receive_all()
        stopped.set()
    assert b"2800 End Job TermCode=102 " in b"".join(frame for frame in frames if isinstance(frame, bytes))
    assert frames[-1] == TERMINATE


@pytest.mark.parametrize(("configured", "sizes"), [(0, [65536, 4464]), (32768, [32768, 32768, 4464])])
def test_the_network_buffer_decides_on_the_size_of_packets(
    start: Start, tmp_path: Path, configured: int, sizes: list[int]
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 70000)
    frames: list[bytes | int] = []

    def script(peer: Scripted) -> None:
        open_session(peer)
        frames.extend(read_to_the_end(peer))
        close_session(peer)

    backup = Backup(start(maximum_network_buffer_size=configured), file, options=b"")
    backup.run(script)
    assert backup.end["JobBytes"] == 70000
    assert [len(frame) for frame in frames[4:-2] if isinstance(frame, bytes)] == sizes


def restore(daemon: FileDaemon, script: Callable[[Scripted], None], where: Path, order: bytes = b"") -> list[bytes]:
    """A Director's part of a restore; gives what the FD said after the first reply."""
    said = []
    with storage(script) as port, Scripted.connect(daemon.port) as peer:
        log_in(peer)
        peer.say(JOB)
        peer.hear(JOB_OK)
        peer.say(b"storage address=127.0.0.1 port=%d ssl=0 Authorization=ABCD-EFGH\n" % port)
        peer.hear(b"2000 OK storage\n")
        peer.say(order or b"restore files=1 replace=a prelinks=0 where=" + bytes(where) + b"\n")
        peer.hear(b"2000 OK restore\n")
        while (frame := peer.receive()) not in {TERMINATE, None}:
            assert isinstance(frame, bytes)
            said.append(frame)
            if frame == b"2000 OK storage end\n":
                peer.say(b"endrestore")
    return said


def reading(*frames: bytes | int) -> Callable[[Scripted], None]:
    """A Storage daemon's part of a restore."""

    def script(peer: Scripted) -> None:
        let_in(peer)
        peer.hear(b"read open session = DummyVolume 5 1790000000 0 0 0 0\n")
        peer.say(b"3000 OK open ticket = 2\n")
        peer.hear(b"read data 2\n")
        peer.say(b"3000 OK data\n", *frames)
        frame = peer.receive()
        if frame == b"read close session 2\n":
            peer.say(b"3000 OK close Status = 82\n", EOD)
            peer.hear(TERMINATE)

    return script


def record(stream: int, data: bytes, length: int | None = None) -> list[bytes | int]:
    return [b"rechdr 5 1790000000 1 %d %d" % (stream, len(data) if length is None else length), data]


def saved(name: bytes, size: int, mode: int = 0o100644, kind: int = 3) -> bytes:
    status = LStat(mode=mode, uid=os.getuid(), gid=os.getgid(), size=size, mtime=1_600_000_000, data_stream=2)
    return b"1 %d %b\0%b\0\0\x000\0" % (kind, name, status.encode().encode())


def test_a_restore_word_for_word(start: Start, tmp_path: Path) -> None:
    frames = [
        *record(1, saved(b"/dir/f", 5)),
        *record(2, b"hel"),
        HEARTBEAT,
        *record(2, b"lo"),
        *record(3, b"m" * 16),
        EOD,
    ]
    said = restore(start(), reading(*frames), tmp_path)
    assert (tmp_path / "dir/f").read_bytes() == b"hello"
    assert (tmp_path / "dir/f").stat().st_mtime == 1_600_000_000
    # Type 13: the restored file in the form of ls; this configuration asks for all messages.
    listed, end_of_storage, report = said
    assert b" type=13 " in listed
    assert end_of_storage == b"2000 OK storage end\n"
    assert report.startswith(b"2800 End Job TermCode=84 JobFiles=1 ReadBytes=5 JobBytes=5 Errors=0 ")


def test_an_error_makes_a_restore_fail(start: Start, tmp_path: Path) -> None:
    frames = [*record(1, saved(b"/f", 9)), *record(2, b"short"), EOD]
    said = restore(start(), reading(*frames), tmp_path)
    assert b"File size of restored file " in b"".join(said)
    assert said[-1].startswith(b"2800 End Job TermCode=69 JobFiles=1 ReadBytes=5 JobBytes=5 Errors=1 ")


def test_a_full_disk_fails_the_restore_and_names_the_file(start: Start, tmp_path: Path) -> None:
    frames = [*record(1, saved(b"/f", 5)), *record(2, b"hello"), EOD]
    said = restore(start(host=failing("write", errno.ENOSPC)), reading(*frames), tmp_path)
    assert f"on {tmp_path}/f: ERR=No space left on device\n".encode() in b"".join(said)
    assert said[-1].startswith(b"2800 End Job TermCode=69 ")


@pytest.mark.parametrize(
    ("frames", "word"),
    [
        ([b"nonsense", b"x"], "malformed record header"),
        (record(1, b"1 3 x\0", 99), "Actual data size 6 not same as header 99"),
        ([*record(1, saved(b"/f", 5))[:1], EOD], "signal EOD"),
        ([TERMINATE], "signal TERMINATE"),
    ],
)
def test_a_broken_record_is_fatal(start: Start, tmp_path: Path, frames: list[bytes | int], word: str) -> None:
    said = restore(start(), reading(*frames), tmp_path)
    assert word in os.fsdecode(b"".join(said))
    assert said[-1].startswith(b"2800 End Job TermCode=102 ")


def test_attributes_that_cannot_be_read_are_an_error_and_the_rest_comes_back(start: Start, tmp_path: Path) -> None:
    frames = [
        *record(1, b"1 3 /bad\0A A\0\0\0"),
        *record(2, b"lost"),
        *record(1, saved(b"/good", 2)),
        *record(2, b"ok"),
        EOD,
    ]
    said = restore(start(), reading(*frames), tmp_path)
    assert b"object not restored" in b"".join(said)
    assert [path.name for path in tmp_path.iterdir()] == ["good"]
    assert said[-1].startswith(b"2800 End Job TermCode=69 ")


def test_a_stream_that_is_not_supported_is_a_warning_and_the_file_is_skipped(start: Start, tmp_path: Path) -> None:
    status = LStat(mode=0o100644, size=5, data_stream=4)
    attributes = b"1 3 /f\0%b\0\0\x000\0" % status.encode().encode()
    said = restore(start(), reading(*record(1, attributes), *record(4, b"x"), EOD), tmp_path)
    assert b"stream not supported on this Client." in b"".join(said)
    assert not (tmp_path / "f").exists()


def test_data_behind_a_digest_belong_to_nothing(start: Start, tmp_path: Path) -> None:
    frames = [*record(1, saved(b"/f", 2)), *record(2, b"ok"), *record(3, b"m" * 16), *record(2, b"lost"), EOD]
    restore(start(), reading(*frames), tmp_path)
    assert (tmp_path / "f").read_bytes() == b"ok"


def test_an_unknown_stream_is_a_warning(start: Start, tmp_path: Path) -> None:
    frames = [*record(1, saved(b"/f", 2)), *record(2, b"ok"), *record(999, b"?"), EOD]
    said = restore(start(), reading(*frames), tmp_path)
    assert b"Warning: Unknown stream=999 ignored. This shouldn't happen!\n" in b"".join(said)
    assert (tmp_path / "f").read_bytes() == b"ok"


def test_a_single_storage_ends_the_session_without_endrestore(start: Start, tmp_path: Path) -> None:
    daemon = start()
    with storage(reading(EOD)) as port, Scripted.connect(daemon.port) as peer:
        log_in(peer)
        peer.say(JOB)
        peer.hear(JOB_OK)
        peer.say(b"storage address=127.0.0.1 port=%d ssl=0\n" % port)
        peer.hear(b"2000 OK storage\n")
        peer.say(b"restore files=0 replace=a prelinks=0 where=" + bytes(tmp_path) + b"\n")
        peer.hear(b"2000 OK restore\n")
        report, last = peer.receive_all()
    assert isinstance(report, bytes)
    assert report.startswith(b"2800 End Job TermCode=84 ")
    assert last == TERMINATE
