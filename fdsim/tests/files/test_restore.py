"""What a restore leaves on disk, and what it says when something is in the way."""

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyfakefs.fake_filesystem import FakeFilesystem

from fdsim.files.host import REAL, Host
from fdsim.files.restore import Restorer
from fdsim.tests.hosts import counting, in_memory, replaced
from fdsim.wire.attributes import Attributes
from fdsim.wire.jobs import MessageType, Replace
from fdsim.wire.lstat import LStat
from fdsim.wire.streams import FileType

TIME = 1_600_000_000


class Restore:
    """A restorer whose messages are kept."""

    def __init__(
        self, where: Path | str, replace: Replace = Replace.ALWAYS, host: Host = REAL, **options: bool
    ) -> None:
        self.messages: list[tuple[MessageType, str]] = []
        self.restorer = Restorer(host, self._report, where=os.fsencode(where), replace=replace, **options)

    def _report(self, kind: MessageType, text: str) -> None:
        self.messages.append((kind, text))

    def object(self, name: str, file_type: int, mode: int, *, link: str = "", data: bytes = b"", **status: int) -> None:
        fields_of = {"mtime": TIME, "atime": TIME, "uid": os.getuid(), "gid": os.getgid(), "size": len(data), **status}
        lstat = LStat(mode=mode, **fields_of)
        self.restorer.begin(Attributes(1, file_type, os.fsencode(name), lstat.encode(), os.fsencode(link)), lstat)
        if data:
            self.restorer.write(data)

    def file(self, name: str, data: bytes = b"content", mode: int = 0o100644, **status: Any) -> None:
        self.object(name, FileType.REG, mode, data=data, **status)

    def directory(self, name: str, mode: int = 0o40755) -> None:
        self.object(name, FileType.DIREND, mode)

    def done(self) -> list[tuple[MessageType, str]]:
        self.restorer.finish()
        return self.messages


@pytest.fixture
def restore(tmp_path: Path) -> Restore:
    return Restore(tmp_path)


def test_a_file_gets_content_mode_and_time(restore: Restore, tmp_path: Path) -> None:
    restore.file("/d/f", b"hello", mode=0o104755)
    assert restore.done() == []
    found = (tmp_path / "d/f").stat()
    assert (tmp_path / "d/f").read_bytes() == b"hello"
    assert stat.S_IMODE(found.st_mode) == 0o4755
    assert found.st_mtime == TIME


def test_a_directory_behind_its_contents_keeps_its_time(restore: Restore, tmp_path: Path) -> None:
    restore.file("/d/f")
    restore.directory("/d/", mode=0o40700)
    assert restore.done() == []
    found = (tmp_path / "d").stat()
    assert (stat.S_IMODE(found.st_mode), found.st_mtime) == (0o700, TIME)


def test_missing_parents_are_made_and_the_nearest_takes_the_mode(restore: Restore, tmp_path: Path) -> None:
    restore.file("/a/b/c/f", mode=0o100640)
    assert restore.done() == []
    assert stat.S_IMODE((tmp_path / "a/b/c").stat().st_mode) == 0o740
    assert stat.S_IMODE((tmp_path / "a/b").stat().st_mode) == 0o777 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_links_of_both_kinds(restore: Restore, tmp_path: Path) -> None:
    restore.file("/f")
    restore.object("/hard", FileType.LNKSAVED, 0o100644, link="/f", size=7)
    restore.object("/soft", FileType.LNK, 0o120777, link="/absolute/target")
    assert restore.done() == []
    assert (tmp_path / "hard").stat().st_ino == (tmp_path / "f").stat().st_ino
    assert os.readlink(tmp_path / "soft") == "/absolute/target"
    assert (tmp_path / "soft").lstat().st_mtime == TIME


def test_prefixed_links_point_into_the_target(tmp_path: Path) -> None:
    restore = Restore(tmp_path, prefix_links=True)
    restore.object("/soft", FileType.LNK, 0o120777, link="/absolute")
    restore.object("/near", FileType.LNK, 0o120777, link="relative")
    assert os.readlink(tmp_path / "soft") == f"{tmp_path}/absolute"
    assert os.readlink(tmp_path / "near") == "relative"


def test_a_fifo_is_made_and_a_socket_is_not(restore: Restore, tmp_path: Path) -> None:
    restore.object("/fifo", FileType.SPEC, 0o10600)
    restore.object("/socket", FileType.SPEC, 0o140600)
    assert restore.done() == []
    assert stat.S_ISFIFO((tmp_path / "fifo").stat().st_mode)
    assert not (tmp_path / "socket").exists()


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make devices and give files away")
def test_devices_and_owners(restore: Restore, tmp_path: Path) -> None:
    restore.object("/null", FileType.SPEC, 0o20666, rdev=os.makedev(1, 3))
    restore.file("/owned", uid=1234, gid=5678, mode=0o106755)
    assert restore.done() == []
    assert (tmp_path / "null").stat().st_rdev == os.makedev(1, 3)
    found = (tmp_path / "owned").stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (1234, 5678, 0o6755)


@pytest.mark.parametrize(
    ("replace", "existing", "kept", "word"),
    [
        (Replace.ALWAYS, TIME, False, ""),
        (Replace.IF_NEWER, TIME - 1, False, ""),
        (Replace.IF_NEWER, TIME, True, "Not newer"),
        (Replace.IF_NEWER, TIME + 1, True, "Not newer"),
        (Replace.IF_OLDER, TIME + 1, False, ""),
        (Replace.IF_OLDER, TIME, True, "Not older"),
        (Replace.IF_OLDER, TIME - 1, True, "Not older"),
        (Replace.NEVER, TIME - 1, True, "Already exists"),
    ],
)
def test_what_happens_to_a_file_that_exists(
    tmp_path: Path, replace: Replace, existing: int, kept: bool, word: str
) -> None:
    old = tmp_path / "f"
    old.write_text("old")
    os.utime(old, (existing, existing))
    restore = Restore(tmp_path, replace)
    restore.file("/f", b"new")
    messages = restore.done()
    assert old.read_text() == ("old" if kept else "new")
    assert messages == ([(MessageType.SKIPPED, f"File skipped. {word}: {old}\n")] if kept else [])


def test_a_directory_made_by_this_restore_gets_its_attributes_even_with_never(tmp_path: Path) -> None:
    restore = Restore(tmp_path, Replace.NEVER)
    restore.file("/d/f")
    restore.directory("/d/", mode=0o40711)
    assert restore.done() == []
    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o711


def test_a_link_in_the_way_is_replaced_and_its_target_is_left_alone(restore: Restore, tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "f").symlink_to("victim")
    restore.file("/f", b"new")
    assert restore.done() == []
    assert not (tmp_path / "f").is_symlink()
    assert (tmp_path / "victim").read_text() == "precious"


# The texts below were seen in the job logs of 9.6.7 for the same obstacles (2026-11-24).


def test_a_directory_in_the_way_of_a_file(restore: Restore, tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    restore.file("/f")
    expected = f"File {tmp_path}/f already exists and could not be replaced. ERR=Is a directory.\n"
    assert restore.done() == [(MessageType.ERROR, expected)]


def test_a_file_in_the_way_of_a_directory(restore: Restore, tmp_path: Path) -> None:
    (tmp_path / "d").write_text("x")
    restore.file("/d/f")
    restore.directory("/d/")
    assert restore.done() == [
        (MessageType.ERROR, f"mkpath.c:198 {tmp_path}/d exists but is not a directory.\n"),
        (MessageType.ERROR, f"mkpath.c:144 {tmp_path}/d exists but is not a directory.\n"),
    ]


def test_a_hard_link_without_its_first_name(restore: Restore, tmp_path: Path) -> None:
    restore.object("/hard", FileType.LNKSAVED, 0o100644, link="/f")
    expected = f"create_file.c:333 Could not hard link {tmp_path}/hard -> {tmp_path}/f: ERR=No such file or directory\n"
    assert restore.done() == [(MessageType.ERROR, expected)]


def test_a_wrong_size_is_told(restore: Restore, tmp_path: Path) -> None:
    restore.file("/f", b"four", size=5)
    expected = f"attribs.c:614 File size of restored file {tmp_path}/f not correct. Original 5, restored 4.\n"
    assert restore.done() == [(MessageType.ERROR, expected)]


@pytest.mark.parametrize("name", ["/../out", "/a/../../out", "/..", "../out"])
def test_a_name_that_could_lead_out_is_refused(tmp_path: Path, name: str) -> None:
    target = tmp_path / "target"
    target.mkdir()
    restore = Restore(target)
    restore.file(name)
    [(kind, text)] = restore.done()
    assert kind is MessageType.ERROR
    assert text.startswith(f"Refused to restore {name}: ")
    assert os.listdir(tmp_path) == ["target"]


@pytest.mark.parametrize("link", ["/../outside", "outside", "/f"])
def test_a_hard_link_to_what_is_no_other_name_in_the_target_is_refused(tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    outside.write_text("precious")
    outside.chmod(0o600)
    target = tmp_path / "target"
    target.mkdir()
    restore = Restore(target)
    restore.file("/f", b"kept")
    restore.object("/f" if link == "/f" else "/hard", FileType.LNKSAVED, 0o100666, link=link)
    [(kind, text)] = restore.done()
    assert kind is MessageType.ERROR
    assert text.startswith(f"Refused to link {target}/")
    assert (outside.stat().st_nlink, stat.S_IMODE(outside.stat().st_mode)) == (1, 0o600)
    assert (target / "f").read_bytes() == b"kept"


def test_nothing_is_set_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("precious")
    outside.chmod(0o600)
    before = outside.stat()
    target = tmp_path / "target"
    restore = Restore(target)
    # A symbolic link whose record claims the mode of a file, and a hard link to it.
    restore.object("/soft", FileType.LNK, 0o100666, link=str(outside))
    restore.object("/hard", FileType.LNKSAVED, 0o100666, link="/soft")
    restore.done()
    after = outside.stat()
    assert (after.st_mode, after.st_mtime, after.st_uid) == (before.st_mode, before.st_mtime, before.st_uid)


def test_a_file_without_its_data_is_told(restore: Restore, tmp_path: Path) -> None:
    restore.file("/f", b"", size=5)
    expected = f"No data for {tmp_path}/f of 5 bytes: it was restored empty.\n"
    assert restore.done() == [(MessageType.WARNING, expected)]


@given(
    file_type=st.integers(0, 30),
    name=st.sampled_from([b"/a", b"/d/", b"/d/x", b"a", b"", b"/", b"/../v", b"//a//b", b"/d/../../v"]),
    link=st.sampled_from([b"", b"/a", b"a", b"/../v", b"../v", b"/d/x"]),
    numbers=st.lists(st.one_of(st.integers(-(1 << 70), 1 << 70), st.integers(0, 0o177777)), min_size=16, max_size=16),
)
def test_whatever_a_record_says_nothing_outside_the_target_is_touched(
    tmp_path_factory: pytest.TempPathFactory, file_type: int, name: bytes, link: bytes, numbers: list[int]
) -> None:
    top = tmp_path_factory.mktemp("any")
    victim = top / "v"
    victim.write_text("precious")
    victim.chmod(0o600)
    os.utime(victim, (TIME, TIME))
    status = LStat(*numbers)
    restore = Restore(top / "target", list_restored=True)
    restore.restorer.begin(Attributes(1, file_type, name, status.encode(), link), status)
    restore.restorer.write(b"data")
    restore.done()
    after = victim.stat()
    assert (after.st_mode & 0o7777, after.st_mtime, after.st_nlink) == (0o600, TIME, 1)
    assert {path.name for path in top.iterdir()} <= {"v", "target"}


def test_dots_within_a_name_are_harmless(restore: Restore, tmp_path: Path) -> None:
    restore.file("/a..b/..c")
    assert restore.done() == []
    assert (tmp_path / "a..b/..c").exists()


@pytest.mark.parametrize(
    ("file_type", "text"),
    [
        (99, "Unknown file type 99; not restored: /f\n"),
        (FileType.NOACCESS, "Original file /f not saved: type=7\n"),
    ],
)
def test_a_type_that_cannot_be_restored_is_told(restore: Restore, file_type: int, text: str) -> None:
    restore.object("/f", file_type, 0)
    assert restore.done() == [(MessageType.ERROR, text)]


def test_each_object_can_be_listed(tmp_path: Path) -> None:
    restore = Restore(tmp_path, list_restored=True)
    restore.object("/soft", FileType.LNK, 0o120777, link="target", nlink=1, ctime=TIME)
    [(kind, text)] = restore.done()
    assert kind is MessageType.RESTORED
    assert text.startswith("lrwxrwxrwx   1 ")
    assert text.endswith(f"  {tmp_path}/soft -> target\n")


def test_a_full_disk_is_told_with_the_file_and_the_rest_goes_on() -> None:
    disk = FakeFilesystem(path_separator="/", total_size=1000)
    restore = Restore("/target", host=in_memory(disk))
    restore.file("/small", b"x" * 100)
    restore.file("/big", b"x" * 5000)
    assert not restore.restorer.extracting
    restore.file("/after", b"x" * 100)
    messages = restore.done()
    assert [kind for kind, _ in messages] == [MessageType.ERROR]
    # As 9.6.7 says it (2026-11-24).
    assert messages[0][1] == (
        "restore.c:1390 Write error at byte=0 block=1 write_len=5000 lerror=0 on /target/big: "
        "ERR=No space left on device\n"
    )
    assert disk.get_object("/target/after").contents == "x" * 100


def test_a_part_of_a_block_that_found_room_is_counted_in_the_message(tmp_path: Path) -> None:
    room = [10]

    def write(file: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = os.write(file, bytes(data)[: room[0]])
        room[0] -= count
        return count

    restore = Restore(tmp_path, host=replaced("write", write))
    restore.file("/f", b"x" * 16)
    [(_, text)] = restore.done()
    assert text == (
        f"restore.c:1386 Wrong write size error at byte=10 block=1 wanted=16 wrote=10 on {tmp_path}/f: "
        "ERR=No space left on device\n"
    )


def test_a_small_file_costs_six_calls(tmp_path: Path) -> None:
    calls: list[str] = []

    restore = Restore(tmp_path, host=counting(calls))
    restore.file("/f")
    assert restore.done() == []
    assert calls == ["open", "write", "fchown", "fchmod", "utime", "close"]


def test_nothing_stays_open_when_a_restore_is_abandoned(restore: Restore) -> None:
    before = os.listdir("/proc/self/fd")
    restore.file("/f")
    restore.restorer.abandon()
    assert len(os.listdir("/proc/self/fd")) == len(before)
