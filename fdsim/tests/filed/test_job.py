"""How a job's status changes, and what it reports in the end."""

import pytest

from fdsim.filed.job import Job
from fdsim.wire.jobs import JobStatus

CREATED, RUNNING, OK = JobStatus.CREATED, JobStatus.RUNNING, JobStatus.TERMINATED
ERROR, FATAL, CANCELED, INCOMPLETE = JobStatus.ERROR, JobStatus.FATAL, JobStatus.CANCELED, JobStatus.INCOMPLETE


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ([RUNNING, OK], OK),
        ([RUNNING, FATAL, OK], FATAL),
        ([FATAL, ERROR], FATAL),
        ([ERROR, FATAL], ERROR),
        ([CANCELED, FATAL, RUNNING], CANCELED),
        ([FATAL, INCOMPLETE], INCOMPLETE),
        ([JobStatus.DIFFERENCES, OK], JobStatus.DIFFERENCES),
        ([JobStatus.DIFFERENCES, FATAL], FATAL),
    ],
)
def test_a_status_gives_way_only_to_a_graver_one(changes: list[JobStatus], result: JobStatus) -> None:
    job = Job()
    for status in changes:
        job.set_status(status)
    assert job.status is result


@pytest.mark.parametrize(("keys", "several"), [(["ABCD", ""], False), (["ABCD", "EFGH"], True)])
def test_a_second_key_means_that_several_storages_may_follow(keys: list[str], several: bool) -> None:
    job = Job()
    for key in keys:
        job.take_key(key)
    assert job.several_storages is several
    assert job.key == max(keys)


def test_the_report_to_the_letter() -> None:
    job = Job(files=20, read_bytes=91650, job_bytes=91650, comm_bytes=94483, compressed_comm_bytes=93358, status=OK)
    # As a real FD reported it (9.6 wire, section 3).
    assert job.end().encode() == (
        b"2800 End Job TermCode=84 JobFiles=20 ReadBytes=91650 JobBytes=91650 Errors=0 VSS=0 Encrypt=0 "
        b"CommBytes=94483 CompressCommBytes=93358\n"
    )
