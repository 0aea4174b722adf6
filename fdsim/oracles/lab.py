"""A real Director and Storage daemon with File daemons of any make, on the loopback interface, from a clean state.

Every File daemon runs with the same configuration but for port and directory, and calls itself by the same name: what
the catalog and the job log say about ours can be compared word for word with what they say about the real one::

    fds = {"real": bacula.file_daemon, "ours": Command((sys.executable, "-m", "fdsim", "serve", "fd"))}
    with running_lab(directory, bacula, fds=fds, filesets=[FileSet("Tree", (tree,))]) as lab:
        real, ours = (lab.run_backup("Tree", client) for client in fds)
        assert lab.files(ours.jobid) == lab.files(real.jobid)

To stand between two of the daemons, start a relay to ``lab.fd_endpoints[client]`` or ``lab.storage.endpoint`` and give
its own endpoint to ``route_client`` or ``route_storage``.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from fdsim.oracles.catalog import Catalog, FileRecord, JobRecord
from fdsim.oracles.configuration import (
    RESTORE_JOB,
    checked_word,
    daemon_log,
    job_log,
    job_name,
)
from fdsim.oracles.daemons import (
    configure_director,
    console_file,
    database,
    director_daemon,
    file_daemon,
    storage_daemon,
)
from fdsim.oracles.errors import LabError, LabTimeout
from fdsim.oracles.installation import Command, Installation
from fdsim.oracles.ports import Endpoint, reserved_endpoints
from fdsim.oracles.process import Daemon, program_environment
from fdsim.oracles.settings import Client, DirectorSetup, FileSet, Options

CONSOLE_SECONDS = 30.0
JOB_SECONDS = 60.0

_QUEUED = re.compile(r"^Job queued\. JobId=(\d+)", re.MULTILINE)


class Lab:
    """A running Director, Storage daemon and console with File daemons; made by ``running_lab``.

    Where a method takes a client, None means the only one there is.
    """

    def __init__(
        self,
        installation: Installation,
        setup: DirectorSetup,
        *,
        director: Daemon,
        storage: Daemon,
        fds: Mapping[str, Daemon],
    ) -> None:
        self.installation = installation
        self.options = setup.options
        self.director = director
        self.storage = storage
        self.fds = fds
        """The File daemons that the lab started, by their clients' names."""
        self.fd_endpoints = {client.name: client.reached_at for client in setup.clients}
        """Where each client's File daemon listens, or is to listen."""
        self._setup = setup
        self._catalog = Catalog(database(setup.directory))

    @property
    def daemons(self) -> tuple[Daemon, ...]:
        """All daemons that the lab started."""
        return (self.director, self.storage, *self.fds.values())

    def console(self, commands: str, timeout: float = CONSOLE_SECONDS) -> str:
        """What bconsole prints when it is fed ``commands``, one a line; a question that they do not answer ends it.

        Raises:
            LabTimeout: it did not end within ``timeout`` seconds.
            LabError: it could not talk to the Director.
        """
        try:
            result = subprocess.run(
                [self.installation.console, "-c", console_file(self._setup.directory)],
                input=f"{commands}\n".encode("utf-8", "surrogateescape"),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=program_environment(),
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise LabTimeout(f"the Director did not finish {commands!r} within {timeout:g} s") from error
        output = result.stdout.decode("utf-8", "surrogateescape")
        if result.returncode:
            raise LabError(f"bconsole ended with status {result.returncode} on {commands!r}:\n{output}")
        return output

    def start_backup(self, fileset: str, client: str | None = None, level: str = "Full") -> int:
        """Queue the backup of a FileSet and return its job's number at once.

        Raises:
            LabError: the Director did not queue it.
        """
        return self._queue(f"run job={job_name(fileset, self._chosen(client))} level={level} yes")

    def run_backup(
        self, fileset: str, client: str | None = None, level: str = "Full", timeout: float = JOB_SECONDS
    ) -> JobRecord:
        """Back up a FileSet and wait for the end, which need not be a good one.

        Raises:
            LabError: as ``start_backup`` and ``wait``.
        """
        return self.wait(self.start_backup(fileset, client, level), timeout)

    def restore(
        self,
        jobid: int,
        where: Path,
        client: str | None = None,
        *,
        replace: str = "always",
        timeout: float = JOB_SECONDS,
    ) -> JobRecord:
        """Restore all files of a backup below ``where`` and wait for the end, which need not be a good one.

        Args:
            jobid: the backup.
            where: the directory that becomes the root of what is restored.
            client: who restores; the client that was backed up by default.
            replace: ``always``, ``never``, ``ifnewer`` or ``ifolder``.
            timeout: seconds until the end.

        Raises:
            LabError: the Director did not queue it, or as ``wait``.
        """
        origin = self.job(jobid).client
        restored = self._queue(
            f"restore jobid={jobid} client={origin} restoreclient={client or origin} restorejob={RESTORE_JOB}"
            f' where="{checked_word(where)}" replace={replace} all done yes'
        )
        return self.wait(restored, timeout)

    def wait(self, jobid: int, timeout: float = JOB_SECONDS) -> JobRecord:
        """The record of a job after its end.

        Raises:
            LabTimeout: it did not end within ``timeout`` seconds; the text has its messages so far.
        """
        try:
            self.console(f"wait jobid={jobid}", timeout)
        except LabTimeout as error:
            job = self.job(jobid)
            raise LabTimeout(f"job {jobid} has status {job.status} after {timeout:g} s:\n{job.log}") from error
        job = self.job(jobid)
        if not job.ended:
            raise LabError(f"the Director waits no longer for job {jobid}, which has status {job.status}:\n{job.log}")
        return job

    def status_client(self, client: str | None = None) -> str:
        """What the File daemon reports about itself, as bconsole shows it."""
        return self.console(f"status client={self._chosen(client)}")

    def job(self, jobid: int) -> JobRecord:
        """The catalog's record of a job, whether it has ended or not."""
        return self._catalog.job(jobid)

    def files(self, jobid: int) -> list[FileRecord]:
        """The catalog's records of a backup's files in the order of their FileIndex."""
        return self._catalog.files(jobid)

    def job_log(self) -> str:
        """The messages of all jobs."""
        return _text(job_log(self._setup.directory))

    def daemon_log(self) -> str:
        """The Director's messages that belong to no job."""
        return _text(daemon_log(self._setup.directory))

    def route_client(self, client: str, endpoint: Endpoint) -> None:
        """From the next job on, the Director reaches the client's File daemon at ``endpoint``."""
        self._reroute(client, lambda route: replace(route, reached_at=endpoint))

    def route_storage(self, endpoint: Endpoint) -> None:
        """From the next job on, the Director and the File daemons reach the Storage daemon at ``endpoint``."""
        self._reconfigure(replace(self._setup, storage_reached_at=endpoint))

    def route_client_storage(self, client: str, host: str) -> None:
        """From the next job on, this client's File daemon alone reaches the Storage daemon at another host.

        The port stays (Bacula has no directive for it), so a relay listens on another address of the loopback network.
        """
        self._reroute(client, lambda route: replace(route, storage_host=host))

    def _reroute(self, client: str, change: Callable[[Client], Client]) -> None:
        self._chosen(client)
        clients = tuple(change(route) if route.name == client else route for route in self._setup.clients)
        self._reconfigure(replace(self._setup, clients=clients))

    def _reconfigure(self, setup: DirectorSetup) -> None:
        self._setup = setup
        configure_director(setup)
        self.console("reload")

    def _queue(self, command: str) -> int:
        output = self.console(command)
        if queued := _QUEUED.search(output):
            return int(queued[1])
        raise LabError(f"the Director queued no job on {command!r}:\n{output}")

    def _chosen(self, client: str | None) -> str:
        if client in self.fd_endpoints:
            return client
        if client is None and len(self.fd_endpoints) == 1:
            return next(iter(self.fd_endpoints))
        raise LabError(f"{client or 'no client'} was named, and the clients are {', '.join(self.fd_endpoints)}")


@contextmanager
def running_lab(
    directory: Path,
    installation: Installation,
    *,
    filesets: Sequence[FileSet],
    fds: Mapping[str, Command | None] | None = None,
    options: Options | None = None,
) -> Iterator[Lab]:
    """A lab that runs while the ``with`` block does.

    Args:
        directory: where everything of the lab lies.
        installation: the release of Director, Storage daemon and console.
        filesets: what can be backed up, of every client.
        fds: the File daemons by their clients' names; one called ``real``, of the same release, by default. Nothing is
            started where the command is None: the test itself listens on the client's endpoint.
        options: what the configurations vary.

    Raises:
        LabError: the configuration cannot be written.
        DaemonError: a daemon did not start, ended by itself or did not end when told to.
        OSError: ``directory`` was used by another lab.
    """
    commands = {"real": installation.file_daemon} if fds is None else fds
    options = options or Options()
    home = directory.absolute()
    with reserved_endpoints(2 + len(commands)) as (director_at, storage_at, *fds_at):
        endpoints = dict(zip(commands, fds_at, strict=True))
        setup = DirectorSetup(
            directory=home / "director",
            listens=director_at,
            storage_reached_at=storage_at,
            clients=tuple(Client(name, endpoint) for name, endpoint in endpoints.items()),
            filesets=tuple(filesets),
            options=options,
            knows_tls_psk=installation.knows_tls_psk,
        )
        lab = Lab(
            installation,
            setup,
            director=director_daemon(installation, setup),
            storage=storage_daemon(installation, home / "storage", storage_at, options),
            fds={
                name: file_daemon(command, home / "clients" / name, endpoints[name], options)
                for name, command in commands.items()
                if command
            },
        )
        with ExitStack() as running:
            for daemon in lab.daemons:
                running.enter_context(daemon)
            for daemon in lab.daemons:
                running.callback(daemon.terminate)
            yield lab


def _text(file: Path) -> str:
    return file.read_text("utf-8", "surrogateescape") if file.exists() else ""
