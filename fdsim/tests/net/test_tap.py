"""Taps: what they hear is in their files, exactly."""

from __future__ import annotations

import itertools
import socket
import threading
from pathlib import Path

from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.utils import rdpcap

from fdsim.net.connection import Connection
from fdsim.net.tap import PcapFile, Recorder, Tee, TranscriptFile
from fdsim.wire.conversation import Link
from fdsim.wire.frames import Signal
from fdsim.wire.roles import Role

D, F, S = Role.DIRECTOR, Role.FILE_DAEMON, Role.STORAGE_DAEMON
HELLO = b"Hello Director lab-dir calling 103\n"
FRAME = len(HELLO).to_bytes(4, "big") + HELLO


class Ears:
    """A recorder that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[Role, bytes | None]] = []

    def __call__(self, sender: Role, data: bytes) -> None:
        self.heard.append((sender, data))

    def end(self, sender: Role) -> None:
        self.heard.append((sender, None))


def test_transcript(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with TranscriptFile(path, header=["two connections"], clock=None) as file:
        first, second = file.tap(Link.DIRECTOR), file.tap(Link.STORAGE)
        first(D, FRAME[:5])
        second(S, (-6).to_bytes(4, "big", signed=True))
        first(D, FRAME[5:])
        first.end(D)
    assert path.read_text("ascii") == (
        "# two connections\n"
        " 2      1 S>F  signal             HEARTBEAT    !! stands where a Hello was due\n"
        r" 1      1 D>F  hello                     35  Hello Director lab-dir calling 103\n"
        "  -- Director lab-dir, version 103\n"
        " 1      2 D>F  closed\n"
    )


def test_transcript_with_times(tmp_path: Path) -> None:
    clock = itertools.count(100.0, 0.25).__next__
    with TranscriptFile(tmp_path / "a.txt", clock=clock, limit=5) as file:
        file.tap(Link.DIRECTOR)(D, FRAME)
    assert (tmp_path / "a.txt").read_text("ascii").startswith("  0.250000  1      1 D>F  hello")


def test_nothing_is_written_after_the_file_is_closed(tmp_path: Path) -> None:
    transcript, capture = TranscriptFile(tmp_path / "a.txt"), PcapFile(tmp_path / "a.pcap")
    taps: list[Recorder] = [transcript.tap(Link.DIRECTOR), capture.tap(Link.DIRECTOR)]
    transcript.close()
    transcript.close()
    capture.close()
    capture.close()
    before = (tmp_path / "a.pcap").read_bytes()
    for tap in taps:
        tap(D, FRAME)
        tap.end(D)
    assert (tmp_path / "a.txt").read_bytes() == b""
    assert (tmp_path / "a.pcap").read_bytes() == before


def test_capture_is_a_tcp_connection(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    with PcapFile(path, clock=itertools.count(1000.0, 0.5).__next__) as file:
        tap = file.tap(Link.DIRECTOR)
        tap(D, b"hello")
        tap(F, b"yes")
        tap.end(D)
        tap.end(F)
    packets = rdpcap(str(path))
    assert [
        (packet[IP].src, str(packet[TCP].flags), packet[TCP].seq, packet[TCP].ack, bytes(packet[TCP].payload))
        for packet in packets
    ] == [
        ("192.0.2.1", "S", 0, 0, b""),
        ("192.0.2.2", "SA", 0, 1, b""),
        ("192.0.2.1", "A", 1, 1, b""),
        ("192.0.2.1", "PA", 1, 1, b"hello"),
        ("192.0.2.2", "A", 1, 6, b""),
        ("192.0.2.2", "PA", 1, 6, b"yes"),
        ("192.0.2.1", "A", 6, 4, b""),
        ("192.0.2.1", "FA", 6, 4, b""),
        ("192.0.2.2", "A", 4, 7, b""),
        ("192.0.2.2", "FA", 4, 7, b""),
        ("192.0.2.1", "A", 7, 5, b""),
    ]
    assert [float(packet.time) for packet in packets[:3]] == [1000.0, 1000.5, 1001.0]
    assert (packets[0][TCP].sport, packets[0][TCP].dport) == (49152, 9102)
    assert packets[0][Ether].src != packets[0][Ether].dst
    for packet in packets:
        sums = packet[IP].chksum, packet[TCP].chksum
        del packet[IP].chksum, packet[TCP].chksum
        built = Ether(bytes(packet))
        assert (built[IP].chksum, built[TCP].chksum) == sums


def test_capture_keeps_connections_apart_and_cuts_large_pieces(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    data = bytes(range(256)) * 400
    with PcapFile(path) as file:
        first, second = file.tap(Link.STORAGE), file.tap(Link.STORAGE)
        first(F, data)
        second(F, b"other")
    sent: dict[int, bytes] = {}
    for packet in rdpcap(str(path)):
        if packet[IP].src == "192.0.2.2":
            sent[packet[TCP].sport] = sent.get(packet[TCP].sport, b"") + bytes(packet[TCP].payload)
    assert sent == {49152: data, 49153: b"other"}


def test_capture_wraps_sequence_numbers(tmp_path: Path) -> None:
    with PcapFile(tmp_path / "a.pcap") as file:
        tap = file.tap(Link.DIRECTOR)
        tap._next[D] = 0xFFFFFFFE
        tap(D, b"hello")
        tap(D, b"x")
    assert rdpcap(str(tmp_path / "a.pcap"))[5][TCP].seq == 3


def test_tee() -> None:
    one, two = Ears(), Ears()
    tee = Tee(one, two)
    tee(D, b"x")
    tee.end(D)
    assert one.heard == two.heard == [(D, b"x"), (D, None)]


def test_taps_of_both_ends_of_a_connection_hear_the_same(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with (
        TranscriptFile(tmp_path / "director.txt", clock=None) as at_director,
        TranscriptFile(tmp_path / "fd.txt", clock=None) as at_fd,
        Connection(ours, me=D, peer=F, timeout=10, tap=at_director.tap(Link.DIRECTOR)) as director,
        Connection(theirs, me=F, peer=D, timeout=10, tap=at_fd.tap(Link.DIRECTOR)) as fd,
    ):
        director.send(HELLO)
        fd.receive()
        fd.send(b"auth cram-md5 <1.2@lab-fd> ssl=0\n")
        fd.send_signal(Signal.HEARTBEAT)
        director.receive()
        director.receive()
    text = (tmp_path / "director.txt").read_text("ascii")
    assert text == (tmp_path / "fd.txt").read_text("ascii")
    assert text.count("\n") == 3


def test_several_threads(tmp_path: Path) -> None:
    """Every frame of every connection is a whole line, and none is lost."""
    heartbeat = (-6).to_bytes(4, "big", signed=True)
    with TranscriptFile(tmp_path / "a.txt", clock=None) as transcript, PcapFile(tmp_path / "a.pcap") as capture:
        taps = [Tee(transcript.tap(Link.STORAGE), capture.tap(Link.STORAGE)) for _ in range(2)]
        calls = [(tap, sender) for tap in taps for sender in (F, S)]

        def speak(tap: Tee, sender: Role) -> None:
            for _ in range(50):
                tap(sender, heartbeat)

        threads = [threading.Thread(target=speak, args=call) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = (tmp_path / "a.txt").read_text("ascii").splitlines()
    assert len(lines) == 200
    for connection in (" 1", " 2"):
        numbers = [int(line[2:9]) for line in lines if line.startswith(connection)]
        assert numbers == list(range(1, 101))
    payload = sum(len(packet[TCP].payload) for packet in rdpcap(str(tmp_path / "a.pcap")))
    assert payload == 200 * len(heartbeat)
