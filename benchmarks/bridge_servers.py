"""SMTP servers in processes of their own: ``python -m benchmarks.bridge_servers KIND FOLDER``.

`bridge` accepts durably, its service being away; `reading` is aiosmtpd that reads and
forgets. Each prints its port and waits for the end of its standard input.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from aiosmtpd.controller import Controller

from souspli_cli import account as profiles
from souspli_cli import keyfile, profile
from souspli_cli.addressbook import OwnInvitation, Patient, Traits
from souspli_cli.bridge.accepting.reading import mail_reader
from souspli_cli.bridge.running import Bridge
from souspli_cli.bridge.settings import Folder, Settings, Tls
from souspli_cli.bridge.smtp import accounts
from souspli_cli.bridge.verbs.run import SWITCH_SECONDS
from souspli_cli.connection import sending_member
from souspli_cli.founding import Particulars, found
from souspli_exchange.invitation import draw_invitation
from souspli_keys.address import normalise_address
from souspli_keys.statements import Role

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session

PATIENT = "jeanne@exemple.fr"
SYSTEM = "sil"
SETTINGS = Settings(listen="127.0.0.1:0", tls=Tls.NONE)


def make_profile(folder: Path) -> str:
    """Found a laboratory that no service knows, with one patient; give its account's password."""
    device = keyfile.Device.new()
    made = profile.create(
        folder,
        service="http://127.0.0.1:9",  # nobody is there
        origin=profile.DEFAULT_ORIGIN,
        device_key=keyfile.encode(device, None),
    )
    particulars = Particulars(
        name="Laboratoire", phone="0123456789", postal_address=("1 rue", "75011 PARIS"),
        member_name="Pont", address=normalise_address("pont@labo.example"),
        role=Role.PRACTITIONER, rpps=None,
    )  # fmt: skip
    origin = profile.checked_origin(made.settings.origin)
    founding = found(particulars, device, origin=origin, now=int(time.time()))
    profiles.keep_founding(made, device, founding, code="-")
    ready = made.with_account(founding.account.account_number)
    traits = Traits(
        birth_name="Durand", used_name=None, given_names="Jeanne", birth_date="1961-03-02", sex="F"
    )
    account, now = profiles.load(ready, device), int(time.time())
    drawn = draw_invitation(
        sending_member(account), surnames=["Durand"], birth_date=traits.birth_date, now=now
    )
    invitation = OwnInvitation(
        invitation_id=drawn.invitation_id,
        record=drawn.record.to_json(),
        record_hash=drawn.record.payload_hash,
        not_before=now,
        not_after=drawn.not_after,
        confirmed=True,  # by nobody: the service is not there
    )
    entry = Patient(address=PATIENT, traits=traits, invitations=(invitation,))
    account.book.change_patient(PATIENT, lambda _: entry)
    return accounts.add(Folder.of(ready).accounts, SYSTEM, (), now=1)


async def _bridge(folder: Path) -> None:
    found_profile = profile.find(folder)
    device = keyfile.decode(profile.read_device_key(found_profile), None)
    account = profiles.load(found_profile, device)
    sys.setswitchinterval(SWITCH_SECONDS)
    running = Bridge(
        account, Folder.of(found_profile), SETTINGS, reader=mail_reader(SETTINGS), clock=time.time
    )
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    ended.add_done_callback(lambda _: running.stop())
    await running.run(ready=_say)


def _reading() -> None:
    class Forgets:
        async def handle_DATA(self, _: SMTP, __: Session, ___: Envelope) -> str:  # noqa: N802
            return "250 2.0.0 read"

    class AnyPort(Controller):
        def _trigger_server(self) -> None:
            if isinstance(self.server, asyncio.Server):
                self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd has no types here

    server = AnyPort(Forgets(), hostname="127.0.0.1", port=0, data_size_limit=1 << 27)
    server.start()
    _say(server.port)
    sys.stdin.read()
    server.stop()


def _say(port: int) -> None:
    print(port, flush=True)  # noqa: T201  (read by who started us)


if __name__ == "__main__":
    if sys.argv[1] == "bridge":
        asyncio.run(_bridge(Path(sys.argv[2])))
    else:
        _reading()
