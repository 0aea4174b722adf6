"""The orders that prepare a job: which job, which level, which files (DIR-FD.md sections 4.1 to 4.3)."""

from __future__ import annotations

from fdsim.filed.session import Session
from fdsim.wire.errors import RemoteProtocolError
from fdsim.wire.fileset import FileSetReader, Line
from fdsim.wire.frames import Packet
from fdsim.wire.jobs import MessageType
from fdsim.wire.messages.orders import JobOrder, LevelOrder
from fdsim.wire.messages.replies import BadJob, IncludeOk, JobOk, LevelOk
from fdsim.wire.messages.shape import text_of
from fdsim.wire.options import LETTERS, parse_letters

PLATFORM = "x86_64-pc-linux-gnu,debian,bookworm/sid"
"""What the daemon says it runs on, which a Director shows and parses (DIR-JOB-3, DIR-JOB-5)."""

_LEVELS = {"full": "F", "base": "B"}

# What this version cannot do with a FileSet yet. Leaving out a rule would save what was to be left out, or lose what
# was to be kept, so these end the job ...
_REFUSED_LINES = frozenset(
    {
        Line.REGEX,
        Line.REGEX_DIRECTORY,
        Line.REGEX_FILE,
        Line.WILD,
        Line.WILD_DIRECTORY,
        Line.WILD_FILE,
        Line.WILD_BASE,
        Line.FILESYSTEM,
        Line.EXCLUDE_DIRECTORY_CONTAINING,
        Line.PLUGIN,
        Line.PLUGIN_OPTION,
        Line.BASE_JOB,
    }
)
_REFUSED_LETTERS = frozenset("eP")
# ... while without these a file is saved all the same, if less completely or more expensively; the Director is warned.
_WITHOUT_EFFECT = frozenset("AcikKmNprRsWXZ")


def set_job(session: Session, payload: bytes) -> bool:
    """``JobId=``: which job the session is about."""
    parsed = JobOrder.match(payload)
    if parsed is None or not parsed.message.job:
        session.report(MessageType.FATAL, f"Bad Job Command: {text_of(payload)}")
        session.director.send(BadJob())
        return False
    order, job = parsed.message, session.job
    job.job_id = order.job_id
    job.name = order.job
    job.sd_session_id = order.sd_id
    job.sd_session_time = order.sd_time
    job.take_key(order.key)
    session.director.send(JobOk(f"{session.settings.dialect.version_text} {PLATFORM}"))
    return True


def set_level(session: Session, payload: bytes) -> bool:
    """``level = ``: how much to save (DIR-LEVEL-3, DIR-LEVEL-4, DIR-LEVEL-14)."""
    parsed = LevelOrder.match(payload)
    # The real FD takes the first word and does not look at the rest (DIR-LEVEL-3).
    words = payload[len(LevelOrder.shape.prefix) :].split()
    word = text_of(words[0]) if parsed is None and words else parsed.message.level if parsed else ""
    level = _LEVELS.get(word.lower())
    if level is None:
        known = "differential" in word or "incremental" in word or word == "since_utime"
        what = f"Backup level {word} is not supported by this version." if known else f"Unknown backup level: {word}"
        session.report(MessageType.FATAL, f"job.c:2015 {what}\n")
        return False
    session.job.level = level
    session.director.send(LevelOk())
    return True


def read_fileset(session: Session, _: bytes) -> bool:
    """``fileset``: what to save, line by line, up to a signal (DIR-FSET-2, DIR-BNET-28)."""
    if session.job.fileset is not None:
        return False  # without a word (DIR-FSET-3)
    reader = FileSetReader()
    good = True
    while isinstance(frame := session.director.receive(), Packet):
        # Lines behind a bad one are read and dropped (DIR-FSET-18).
        good = good and _read_line(session, reader, frame.payload)
    session.job.fileset = reader.fileset()
    if good:
        session.director.send(IncludeOk())
    return good


def _read_line(session: Session, reader: FileSetReader, payload: bytes) -> bool:
    try:
        line, item = reader.add(payload)
    except RemoteProtocolError:
        session.report(MessageType.FATAL, f"Invalid FileSet command: {text_of(payload.rstrip())}\n")
        return False
    if line is Line.OPTIONS:
        return _check_letters(session, item)
    if line in _REFUSED_LINES:
        return _unsupported(session, f"lines of the kind {line.value}")
    if line is Line.FILE and item[:1] in {b"<", b"|"}:
        return _unsupported(session, "file names from a list or a program")
    return True


def _check_letters(session: Session, letters: bytes) -> bool:
    for option in parse_letters(letters.decode("latin-1")):
        if not option.known:
            session.report(MessageType.ERROR, f"job.c:1845 Unknown include/exclude option: {option.letter}\n")
        elif option.letter in _REFUSED_LETTERS:
            return _unsupported(session, f"the option {option.letter} ({LETTERS[option.letter].meaning})")
        elif option.letter in _WITHOUT_EFFECT:
            meaning = LETTERS[option.letter].meaning
            session.report(
                MessageType.WARNING,
                f"Option {option.letter} ({meaning}) has no effect in this version of the client.\n",
            )
    return True


def _unsupported(session: Session, what: str) -> bool:
    session.report(MessageType.FATAL, f"This version of the client does not support {what} in a FileSet.\n")
    return False
