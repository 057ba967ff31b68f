"""One run: a document sent to two patients, told, collected, opened, receipted, swept.

Something happens on the way (a `Sabotage`), programs that were killed are started
again, clients try again as they do, the clock moves on by a day; then every property
is looked at.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from crash import properties, reader
from crash.engines import Ground, all_rows, put_back
from crash.journal import Journal
from crash.node import Node, settle
from crash.programs import UNKNOWN
from crash.properties import Broken, Facts, Property
from crash.saboteur import Sabotage
from crash.small_disk import SmallDisk
from crash.template import PENDING, CommandLine, claim_identity, service_environment
from product.world import PATIENCE_SECONDS
from simulation.rows import NO_QUOTA

from souspli_cli.mailcatcher import MailCatcher
from souspli_exchange.errors import ExchangeError
from souspli_mailbox.records.deposits import NewDeposit, open_deposit
from souspli_mailbox.records.jobs import JobName
from souspli_mailbox.sweep import orphans_prefix
from souspli_storage.blobs import Part

if TYPE_CHECKING:
    from pathlib import Path

    from crash.bugs import Bug
    from crash.engines import AllRows, Engines
    from crash.points import Point
    from crash.proxy import Proxy
    from crash.template import Template

    from souspli_keys.identity import Identity

HOUR: Final = 3_600
# Past the day after which uploads are swept, a killed worker's lease and the first
# retries of a job.
LATER_SECONDS: Final = 26 * HOUR
# A reader notices after a minute that the line is silent, and only then begins again.
READER_SECONDS: Final = 3 * PATIENCE_SECONDS
# Uploads of the same length as any other: what is inside nobody looks at.
STRAY_LENGTH: Final = 65_768
STRAY: Final = secrets.token_bytes(STRAY_LENGTH)


@dataclass
class Outcome:
    """How a run ended."""

    broken: list[Broken] = field(default_factory=list)
    struck: bool = False
    lives: int = 0
    """How often the service was started."""
    mails: int = 0
    failed: str = ""
    """Why it could not even be looked at."""

    @property
    def held(self) -> bool:
        """Whether every property held."""
        return not self.broken and not self.failed


@dataclass
class Run:
    """A service of its own for one run. A context."""

    template: Template
    engines: Engines
    folder: Path
    segments: int = 1
    """Of the document that is sent."""
    sealed: bool = True
    """Whether it waits in the outbox already."""
    line: Proxy | None = None
    """Between the clients and the service."""
    mail_line: Proxy | None = None
    """Between the service and its relay."""
    database_line: Proxy | None = None
    store_line: Proxy | None = None
    """Between the service and these."""
    direct: bool = True
    """Whether clients go to an S3 store themselves."""
    versioned: bool = False
    """Whether an S3 store keeps versions."""
    small: bool = False
    """Whether its data folder lies on a disk that can be filled."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.quiet = Sabotage(self.folder)
        self.mails = MailCatcher(self.folder / "mails")
        self.mails.start()
        self.disk = SmallDisk(self.folder / "data") if self.small else None
        self.ground = Ground(
            self.engines,
            self.template.servers,
            self.folder / "data",
            direct=self.direct,
            versioned=self.versioned,
            database_line=self.database_line,
            store_line=self.store_line,
        )
        self.ground.begin(self.template.data)
        mail_port = self.mails.port
        if self.mail_line is not None:
            self.mail_line.upstream, mail_port = mail_port, self.mail_line.port
        self.environment = (
            service_environment(self.folder, mail_port=mail_port) | self.ground.settings
        )
        self.node = Node(self.folder, self.folder / "data", self.environment)
        self.url = self.node.url
        if self.line is not None:
            self.line.upstream = self.node.port
            self.url = f"http://127.0.0.1:{self.line.port}"
        self.database = self.ground.open_database()
        self.blobs = self.ground.open_blobs()
        self.facts = Facts(self.database, self.blobs)
        self.journal = Journal(self.quiet.journal)
        self.receipts: list[str] = []
        self.readers: list[Identity] = [
            self.template.patient.vault.identity,
            self.template.claim_identity,
        ]
        self.broken: list[Broken] = []
        self.letter = self.template.letter
        self.before: AllRows | None = None
        """The rows as they were before anything was deleted, where they will be put back."""
        self.orphaned: set[object] = set()
        """Leases of who was killed: nobody is at these jobs."""
        self.strays: list[str] = []
        """Object keys of what other crashes left."""
        self.practice = CommandLine(self.folder, self.folder / "profile")
        self.sample = self.template.samples[self.segments]
        self.template.copy_profile(
            self.practice.profile, url=self.url, kept=self.sample if self.sealed else None
        )

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        self.node.end()
        self.database.close()
        self.ground.close()
        self.mails.stop()
        if self.disk is not None:
            self.disk.close()

    # --- what is done ---------------------------------------------------------------

    def stray(self) -> None:
        """Leave what crashes leave: an upload that nobody goes on with, and two orphans."""
        (deposit,) = self.facts.rows("members")[:1]
        # Orphans are looked for in one of 256 places each hour.
        place = orphans_prefix(int(self.quiet.now()) + LATER_SECONDS)
        uploads = [secrets.token_hex(16), place + secrets.token_hex(15)]
        self.database.write_now(
            open_deposit,
            deposit=NewDeposit(
                organisation=deposit.organisation,
                document_id=secrets.token_hex(16),
                member=deposit.fingerprint,
                object_key=uploads[0],
                sealed_length=STRAY_LENGTH,
                segments=1,
            ),
            quota=NO_QUOTA,
            now=int(time.time()),
        )
        digest = hashlib.sha256(STRAY).digest()
        orphan = place + secrets.token_hex(15)
        self.strays = [*uploads, orphan]
        for key in self.strays:
            self.blobs.begin(key)
            self.blobs.put_part(key, 0, STRAY, digest)
        self.blobs.complete(orphan, [Part(0, STRAY_LENGTH, digest)])

    def send(self, *, tries: int = 8) -> None:
        """`souspli send --resume` until it says that all is sent."""
        for _ in range(tries):
            ended = self.practice.run("send", "--resume", "--json", sabotage=self.quiet)
            if ended.code == 0:
                return
            assert ended.code in {75, UNKNOWN}, f"{ended.code}: {ended.err or ended.out}"
        raise AssertionError("it never was sent")

    def died(self) -> None:
        """Look at what was acknowledged before the service was killed."""
        self.broken += properties.acknowledged(self.facts, self.journal.entries())
        self.broken += properties.receipts_kept(self.facts, self.receipts)
        self.leases_are_orphaned()

    def leases_are_orphaned(self) -> None:
        """Note that nobody is at the jobs that are under a lease now."""
        self.orphaned |= {row.lease for row in self.facts.rows("jobs") if row.lease}

    def let_time_pass(self, seconds: int) -> None:
        """Move the service's clock, while it runs."""
        self.quiet.move_clock(seconds)

    def notify_jobs(self) -> int:
        """How many recipients' jobs are there still."""
        return sum(row.job == JobName.NOTIFY for row in self.facts.rows("jobs"))

    def settled(self) -> bool:
        """Whether nothing is left to be done: nobody to tell, nothing to delete."""
        return not self.notify_jobs() and not self.unswept()

    def unswept(self) -> list[Broken]:
        """What the sweep has left."""
        known = {str(row.object_key) for row in self.facts.rows("deposits")}
        return properties.swept(self.facts, self.ground.leftovers(known))

    def resting(self) -> bool:
        """Whether every job waits for a later moment: nobody is at one, none is due."""
        now = self.quiet.now()
        return all(
            (row.lease in self.orphaned and row.lease_until > now)
            or (row.run_at > now and not (row.lease_until and row.lease_until > now))
            for row in self.facts.rows("jobs")
            if row.state == "waiting"
        )

    def settle(self) -> None:
        """Let days pass, a little at a time, until nothing is left or nothing helps."""
        # Later than anything that the clock has said so far.
        self.let_time_pass(LATER_SECONDS - min(self.quiet.clock_is_off, 0))
        for _ in range(5):
            # Not while somebody is at a job: its lease would end, and the clock's jump
            # would be a second fault beside the one that is looked at.
            settle(lambda: self.settled() or self.resting(), seconds=PATIENCE_SECONDS)
            if self.settled():
                return
            self.let_time_pass(self.until_orphans_hour())

    def until_orphans_hour(self) -> int:
        """Seconds until something is looked for that may be left: hours, at most eleven days."""
        orphans = self.facts.object_keys() - {row.object_key for row in self.facts.rows("deposits")}
        hour = int(self.quiet.now()) // HOUR
        waits = [(int(one[:2], 16) - hour) % 256 for one in orphans]
        return HOUR * max(2, *waits, 0)

    def replace_letter(self, sabotage: Sabotage | None = None, *, tries: int = 8) -> None:
        """The pending patient has lost the letter: `souspli invite --again` until it is done.

        `sabotage`: of the first try.
        """
        self.letter = self.folder / "second letter.pdf"
        words = ("invite", PENDING, "--again", "--letter", self.letter, "--force", "--json")
        for _ in range(tries):
            ended = self.practice.run(*words, sabotage=sabotage or self.quiet)
            if ended.code == 0:
                break
            assert sabotage or ended.code in {75, UNKNOWN}, (
                f"{ended.code}: {ended.err or ended.out}"
            )
            sabotage = None
        else:
            raise AssertionError("it never was replaced")
        # What waited was sealed anew: nobody needs the lost one.
        self.readers[1] = asyncio.run(claim_identity(self.url, self.letter))

    def read(self) -> None:
        """The patient with an account opens everything and signs for it."""
        asyncio.run(asyncio.wait_for(reader.read(self), READER_SECONDS))

    def claim(self) -> None:
        """The pending patient claims with the letter, and reads."""
        reader.claim(self)

    def go_through(self, sabotage: Sabotage) -> None:
        """All of the story; where it can't be finished, that is a broken promise too."""
        try:
            self.send()
            settle(lambda: not self.notify_jobs() or sabotage.struck.exists(), seconds=5)
            if sabotage.point is not None and sabotage.point.step.replaces:
                self.replace_letter()
            self.settle()
            self.read()
            if sabotage.point is not None and sabotage.point.claims:
                self.claim()
        except (AssertionError, ExchangeError, TimeoutError) as failure:
            self.broken.append(Broken(Property.FINISHED, repr(failure)))

    # --- what is true -----------------------------------------------------------------

    def look(self, *, document_ids: list[str] | None = None) -> list[Broken]:
        """Every property, at the end."""
        ids = [self.sample.sealed.document_id] if document_ids is None else document_ids
        facts = self.facts
        journal = self.journal.entries()
        self.broken += properties.acknowledged(facts, journal)
        self.broken += properties.receipts_kept(facts, self.receipts)
        self.broken += properties.contents(
            facts,
            self.sample.content,
            organisation=self.template.patient.vault.pinned[0].fingerprint,
            readers=self.readers,
        )
        self.broken += properties.once(facts, document_ids=ids, recipients=2)
        self.broken += properties.notified(facts, self.mails.mails())
        self.broken += self.unswept()
        self.broken += properties.sealed_once(journal)
        return self.found

    @property
    def found(self) -> list[Broken]:
        """One fact is told once, however often it was looked at."""
        return list(dict.fromkeys(self.broken))

    def put_back(self) -> None:
        """Have the rows of before any deletion again, and look whether that comes back."""
        if self.before is None:
            return
        put_back(self.database, self.before)
        # Back then, nothing was old enough to be swept: whatever goes, tombstones say so.
        self.let_time_pass(-self.quiet.clock_is_off)
        self.node.start(self.quiet)
        self.node.stop()
        self.broken += properties.gone(
            self.facts,
            object_keys=self.strays,
            letters=[] if self.letter == self.template.letter else [PENDING],
        )


def tell(
    template: Template,
    engines: Engines,
    folder: Path,
    *,
    point: Point | None = None,
    bug: Bug | None = None,
) -> Outcome:
    """Run the whole story once, with this happening on the way."""
    segments = 1 if point is None else point.step.segments
    direct = point is None or point.step.direct is not False
    with Run(template, engines, folder, segments=segments, direct=direct) as run:
        sabotage = Sabotage(folder, point=point, bug=bug)
        run.stray()
        if point is not None and point.step.puts_back:
            run.before = all_rows(run.database)
        run.node.start(sabotage)
        with run.node.kept(sabotage, run.died):
            run.go_through(sabotage)
            if point is not None and point.act.kills:
                run.node.outlive(sabotage, lives=1, ended=True)
            settle(run.settled, seconds=1)
        run.node.stop()
        run.look()
        lives = run.node.lives
        run.put_back()
        return Outcome(
            broken=run.found,
            struck=sabotage.struck.exists(),
            lives=lives,
            mails=len(run.mails.mails()),
        )
