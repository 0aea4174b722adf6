"""Job statuses and message types, in the numbers of real daemons."""

from __future__ import annotations

import pytest

from fdsim.wire.jobs import JobStatus, MessageType, message_text


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        # bacula-fd 9.6.7 in 2800 End Job, 2026-11-24: a backup, a failed before script, a job that failed, one that was
        # stopped, and a session whose job never began; the others are those of DIR-END-5.
        (JobStatus.TERMINATED, 84, "OK"),
        (JobStatus.ERROR, 69, "error"),
        (JobStatus.FATAL, 102, "fatal error"),
        (JobStatus.INCOMPLETE, 73, "incomplete"),
        (JobStatus.CREATED, 67, "created, never started"),
        (JobStatus.CANCELED, 65, "canceled"),
        (JobStatus.WARNINGS, 87, "OK with warnings"),
        (JobStatus.DIFFERENCES, 68, "differences"),
        (JobStatus.BLOCKED, 66, "blocked"),
        (JobStatus.RUNNING, 82, "running"),
    ],
)
def test_statuses(status: JobStatus, code: int, words: str) -> None:
    assert status.code == code
    assert status.words == words
    assert JobStatus(chr(code)) is status


def test_good_statuses() -> None:
    assert {status for status in JobStatus if status.good} == {JobStatus.TERMINATED, JobStatus.WARNINGS}


def test_every_status_has_words() -> None:
    assert len({status.words for status in JobStatus}) == len(JobStatus)


def test_message_types() -> None:
    # DIR-MSG-6; of these bacula-fd 9.6.7 sent 3, 4, 6, 8 and 14.
    assert {kind.value: kind.word for kind in MessageType} == {
        1: "abort",
        2: "debug",
        3: "fatal",
        4: "error",
        5: "warning",
        6: "info",
        7: "saved",
        8: "notsaved",
        9: "skipped",
        10: "mount",
        11: "errorterm",
        12: "terminate",
        13: "restored",
        14: "security",
        15: "alert",
        16: "volmgmt",
    }


# The texts of Jmsg packets of bacula-fd 9.6.7, 2026-11-24.
@pytest.mark.parametrize(
    ("job_id", "kind", "text", "travels"),
    [
        (
            99,
            MessageType.FATAL,
            "Cannot contact Storage daemon\n",
            "lab-fd JobId 99: Fatal error: Cannot contact Storage daemon\n",
        ),
        (
            23,
            MessageType.ERROR,
            "Runscript: ClientRunBeforeJob returned non-zero status=3. ERR=Child exited with code 3\n",
            (
                "lab-fd JobId 23: Error: Runscript: ClientRunBeforeJob returned non-zero status=3. "
                "ERR=Child exited with code 3\n"
            ),
        ),
        (
            21,
            MessageType.INFO,
            "Space saved with Base jobs: 0 MB\n",
            "lab-fd JobId 21: Space saved with Base jobs: 0 MB\n",
        ),
        (
            26,
            MessageType.NOTSAVED,
            '     Could not stat "/srv/fdsim-lab/tree/nothing": ERR=No such file or directory\n',
            'lab-fd JobId 26:      Could not stat "/srv/fdsim-lab/tree/nothing": ERR=No such file or directory\n',
        ),
        (
            0,
            MessageType.SECURITY,
            "job.c:511 FD expecting Hello got bad command from 127.0.0.1. Len=0.\n",
            "lab-fd JobId 0: Security Alert: job.c:511 FD expecting Hello got bad command from 127.0.0.1. Len=0.\n",
        ),
    ],
)
def test_texts_of_job_messages(job_id: int, kind: MessageType, text: str, travels: str) -> None:
    assert message_text("lab-fd", job_id, kind, text) == travels


def test_text_of_a_warning() -> None:
    assert message_text("fd", 7, MessageType.WARNING, "x") == "fd JobId 7: Warning: x"  # DIR-MSG-3
