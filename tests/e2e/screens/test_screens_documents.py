"""The list and the documents: read, downloaded, refused, and what a session's end does to them."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from e2e.screens.support import (
    Claimant,
    Invitee,
    Practice,
    Watched,
    expect_problem,
    sign_in,
    watched_page,
)
from playwright.sync_api import Browser, Page, Route, expect

DRAWN = ".pdf-sheet[data-outcome^='drawn']"


def pdf_of(*pages: str, catalog: str = "", after: str = "") -> bytes:
    """A small PDF of our own, one line of text on each page."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(pages):
        content = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET"
        objects += [
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * number} 0 R >>",
            f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        ]
    objects += [after] if after else []
    body, places = b"%PDF-1.7\n", []
    for number, value in enumerate(objects, start=1):
        places.append(len(body))
        body += f"{number} 0 obj\n{value}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    return body + (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
        f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    ).encode("latin-1")


def encrypted_pdf() -> bytes:
    return pdf_of(
        "x",
        after=f"<< /Filter /Standard /V 1 /R 2 /P -44 /O <{'61' * 32}> /U <{'62' * 32}> >>",
    ).replace(
        b"/Root 1 0 R", b"/Root 1 0 R /Encrypt 6 0 R /ID [<00112233445566778899aabbccddeeff> <00>]"
    )


def xfa_pdf() -> bytes:
    return pdf_of("Please wait", catalog="/AcroForm << /Fields [] /XFA [(template) (x)] >>")


# What can't be shown, by title, and what the page says about it.
FAULTS = {
    "PDF vide": (b"", "vide"),
    "PDF cassé": (b"%PDF-1.7\n" + zlib.compress(b"rubbish" * 100), "incomplet ou mal fait"),
    "PDF protégé": (encrypted_pdf(), "a son propre mot de passe"),
    "Formulaire": (xfa_pdf(), "formulaire interactif"),
    "Image": (b"\x89PNG\r\n\x1a\n" + b"x" * 2000, "n’en est pas un"),
}


@dataclass
class Account:
    """A patient who has claimed, with their documents by title."""

    invitee: Invitee
    number: str
    password: str = field(repr=False)
    sent: dict[str, list[Path]]
    stored: dict[str, Path]
    """Where the service keeps the sealed contents."""

    def open(self, watched: Watched, practice: Practice, title: str | None = None) -> Page:
        """Sign in on a fresh page, and open a document if one is named."""
        sign_in(watched, practice.page, account=self.number, password=self.password)
        if title is not None:
            open_document(watched.page, title)
        return watched.page


def stored_files(practice: Practice) -> set[Path]:
    return {path for path in (practice.world.data / "documents").rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def account(
    chromium: Browser, practice: Practice, tmp_path_factory: pytest.TempPathFactory
) -> Account:
    """One patient with a document for each story below."""
    folder = tmp_path_factory.mktemp("sent")
    report = practice.world.make_report()
    three = folder / "Résultats n° 3.pdf"
    three.write_bytes(pdf_of("Page one", "Page two", "Page three"))
    note = folder / "note.txt"
    note.write_text("À jeun.\n", encoding="utf-8")
    sent = {
        "Trois pages": [three],
        "Bilan et note": [report, note],
        "Échographie": [report],
        "À changer": [report],
        "À couper": [report],
        "Avec accusé": [report],
        "Bilan sanguin": [report],
    }
    for number, (title, (content, _)) in enumerate(FAULTS.items()):
        file = folder / f"fichier-{number}.pdf"
        file.write_bytes(content)
        sent[title] = [file]
    invitee = practice.invite()
    stored = {}
    for title, files in sent.items():
        before = stored_files(practice)
        # The list is by whole seconds: of two in one second either may come first.
        time.sleep(1 - time.time() % 1)
        practice.send(invitee, *files, title=title)
        (stored[title],) = stored_files(practice) - before
    with watched_page(chromium, practice.page) as watched:
        password = Claimant(watched, practice, invitee).claim()
        number_shown = watched.page.locator("#account-number").inner_text()
        watched.page.locator("#continue:not([aria-disabled='true'])").wait_for()
        watched.settle()
    return Account(invitee, number_shown, password, sent, stored)


def open_document(page: Page, title: str) -> None:
    page.get_by_role("button", name=title, exact=True).click()


def download(page: Page, place: int = 0) -> tuple[str, bytes]:
    with page.expect_download() as coming:
        page.locator(f"#download-{place}").click()
    return coming.value.suggested_filename, Path(coming.value.path()).read_bytes()


def test_the_list_is_newest_first_marks_what_is_new_and_can_be_searched(
    watched: Watched, practice: Practice, account: Account
) -> None:
    """Titles are decrypted here; a search folds case and accents; reading takes the mark away."""
    page = account.open(watched, practice)
    titles = page.locator(".document-link")
    expect(titles).to_have_text(list(reversed(account.sent)))
    unread = page.locator(".document-unread")
    expect(unread).to_have_count(len(account.sent))
    expect(page.locator("#documents")).to_contain_text("Dr Camille Martin")
    page.locator("#search").fill("ECHO")
    expect(titles).to_have_text(["Échographie"])
    expect(page.locator("#busy")).to_have_text("1 trouvé.")
    page.locator("#clear-search").click()
    open_document(page, "Échographie")
    page.locator("#verified").wait_for()
    # Browsers write the tab's name into their history: never what the document is called.
    assert page.title() == "Document – Souspli"
    page.locator("#back").click()
    expect(unread).to_have_count(len(account.sent) - 1)
    watched.settle()


def test_a_document_is_drawn_by_a_worker_turned_enlarged_and_downloaded_as_it_was(
    watched: Watched, practice: Practice, account: Account
) -> None:
    """Three pages: next, previous, larger; the text can be selected; the bytes are the file's."""
    page = account.open(watched, practice, "Trois pages")
    page.locator(DRAWN).wait_for()
    expect(page.locator(".textLayer")).to_contain_text("Page one")
    page.locator("#next-page-0").click()
    expect(page.locator("#page-of-0")).to_have_text("Page 2 sur 3")
    expect(page.locator(".textLayer")).to_contain_text("Page two")
    page.locator("#next-page-0").click()
    expect(page.locator("#next-page-0")).to_have_attribute("aria-disabled", "true")
    page.locator("#previous-page-0").click()
    expect(page.locator(".textLayer")).to_contain_text("Page two")
    page.locator(DRAWN).wait_for()
    narrow = page.locator(".pdf-sheet canvas").bounding_box()
    page.locator("#larger-0").click()
    expect(page.locator("#zoom-0")).to_contain_text("125")
    page.locator(DRAWN).wait_for()
    wide = page.locator(".pdf-sheet canvas").bounding_box()
    assert narrow is not None
    assert wide is not None
    assert wide["width"] > narrow["width"]
    assert [worker.url for worker in page.workers if "/pdf.worker-" in worker.url]
    (file,) = account.sent["Trois pages"]
    assert download(page) == (file.name, file.read_bytes())
    watched.check_accessible()
    watched.check_narrow()
    # "fake worker", policy violations, warnings: none of it.
    watched.settle()


def test_a_pdf_that_can_not_be_shown_says_why_and_still_downloads_byte_for_byte(
    watched: Watched, practice: Practice, account: Account
) -> None:
    """Broken, password-protected, XFA, not a PDF: words on the screen, the file as sent."""
    page = account.open(watched, practice)
    for title, (content, words) in FAULTS.items():
        open_document(page, title)
        expect(page.locator("#pdf-fault-0")).to_contain_text(words)
        watched.check_accessible()
        (file,) = account.sent[title]
        assert download(page) == (file.name, content)
        page.locator("#back").click()
    watched.settle()


def test_several_files_are_listed_and_shown_one_by_one(
    watched: Watched, practice: Practice, account: Account
) -> None:
    """A text beside a PDF: the text is downloaded, the PDF opens on demand."""
    page = account.open(watched, practice, "Bilan et note")
    report, note = account.sent["Bilan et note"]
    expect(page.locator(".file-name")).to_have_text([report.name, note.name])
    assert page.locator(DRAWN).count() == 0
    page.locator("#read-0").click()
    page.locator(DRAWN).wait_for()
    assert download(page, 1) == (note.name, note.read_bytes())
    watched.check_accessible()
    watched.check_narrow()
    watched.settle()


def test_a_byte_changed_in_the_store_is_noticed_and_nothing_is_shown(
    watched: Watched, practice: Practice, account: Account
) -> None:
    """The document is refused in words, there is nothing to download, no receipt is sent."""
    page = account.open(watched, practice)
    stored = account.stored["À changer"]
    sealed = bytearray(stored.read_bytes())
    sealed[len(sealed) // 2] ^= 1
    stored.write_bytes(sealed)
    open_document(page, "À changer")
    expect_problem(page, "Ce document a été modifié ou abîmé. Il n’a pas été ouvert.")
    expect(page.locator("h1")).to_have_text("Ce document n’a pas été ouvert")
    assert page.locator("[id^='download-']").count() == 0
    assert not [r for r in watched.requests if r.url.endswith("/receipt")]
    watched.check_accessible()
    watched.look("6-document-tampered")
    watched.settle()


def test_contents_cut_short_on_their_way_are_noticed(
    watched: Watched, practice: Practice, account: Account
) -> None:
    """Somebody in between lets half of each answer through: refused, and told how to go on."""
    page = account.open(watched, practice)

    def cut(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.body()[: len(answer.body()) // 2])

    page.route("**/contents", cut)
    open_document(page, "Bilan sanguin")
    expect_problem(page, "n’est pas arrivé en entier")
    assert page.locator("[id^='download-']").count() == 0
    page.unroute("**/contents")
    page.locator("#retry").click()
    page.locator("#verified").wait_for()
    watched.settle(r"Failed to load resource|ERR_")


def test_contents_cut_short_in_the_store_are_told_and_nothing_is_shown(
    watched: Watched, practice: Practice, account: Account
) -> None:
    """The service notices before the page does."""
    page = account.open(watched, practice)
    stored = account.stored["À couper"]
    stored.write_bytes(stored.read_bytes()[: stored.stat().st_size // 2])
    open_document(page, "À couper")
    expect(page.locator("h1")).to_have_text("Ce document n’a pas été ouvert")
    expect(page.locator("#problem")).to_be_visible()
    assert page.locator("[id^='download-']").count() == 0
    watched.settle(r"Failed to load resource|ERR_")


def test_the_sender_sees_opened_only_after_the_document_was(
    watched: Watched, practice: Practice, account: Account
) -> None:
    """Listing tells nobody anything; opening sends the signed receipt."""

    def state() -> str:
        documents = practice.world.sent()["documents"]
        (mine,) = [document for document in documents if document["title"] == "Avec accusé"]
        found: str = mine["recipients"][0]["state"]
        return found

    page = account.open(watched, practice)
    assert state() != "opened"
    with page.expect_response(lambda answer: answer.url.endswith("/receipt")) as answer:
        open_document(page, "Avec accusé")
    assert answer.value.ok
    assert state() == "opened"
    watched.settle()


def test_a_session_that_ended_is_told_and_one_is_back_where_one_was(
    watched: Watched, practice: Practice, account: Account
) -> None:
    """The password again, nothing else; then the document that was asked for."""
    page = account.open(watched, practice)
    page.context.clear_cookies()
    open_document(page, "Bilan sanguin")
    expect(page.locator("#reason")).to_contain_text("rien n’est perdu")
    assert page.locator("#account").input_value() == account.number.replace(" ", "")
    page.locator("#password").fill(account.password)
    page.locator("#continue").click()
    page.locator("#verified").wait_for()
    expect(page.locator("h1")).to_have_text("Bilan sanguin")
    watched.settle(r"401")


def test_a_reload_asks_for_the_password_and_says_why(
    watched: Watched, practice: Practice, account: Account
) -> None:
    """Keys were in memory only; by e-mail in capitals, and with clumsy spaces in the password,
    one gets in again."""
    page = account.open(watched, practice)
    page.reload()
    expect(page.locator("#reason")).to_contain_text("rechargée")
    page.locator("#account").fill(account.invitee.address.upper())
    page.locator("#password").fill(f"  {account.password.replace(' ', '   ')} ")
    page.locator("#continue").click()
    expect(page.locator(".document-link")).to_have_count(len(account.sent))
    watched.settle()


def test_a_wrong_password_and_an_unknown_account_get_the_same_words(
    watched: Watched, practice: Practice, account: Account
) -> None:
    """Nobody learns from the page who has an account."""
    page = watched.page
    page.goto(practice.page)
    page.locator("#have-account").click()
    told = []
    for name in (account.invitee.address, "nobody@courriel.example", "000 000 000 0"):
        page.locator("#account").fill(name)
        page.locator("#password").fill("pas le bon")
        with page.expect_response(lambda answer: answer.url.endswith("/sign-in")):
            page.locator("#continue").click()
        expect_problem(page, "ne vont pas ensemble")
        told.append(page.locator("#problem").inner_text())
        expect(page.locator("#account")).to_have_value(name)
    assert len(set(told)) == 1
    watched.settle(r"401")


def test_signing_out_ends_the_session_at_the_service_and_back_shows_nothing(
    watched: Watched, practice: Practice, account: Account
) -> None:
    """After «Se déconnecter» the browser's Back leads to the password, not to documents."""
    page = account.open(watched, practice, "Bilan sanguin")
    page.locator("#verified").wait_for()
    with page.expect_response(lambda answer: answer.url.endswith("/sign-out")) as answer:
        page.locator("#sign-out").click()
    assert answer.value.ok
    expect(page.locator("#reason")).to_contain_text("La session est fermée")
    page.go_back()
    expect(page.locator("#account")).to_be_visible()
    assert page.get_by_text("Bilan sanguin").count() == 0
    assert account.password not in page.content()
    watched.settle()


def test_back_and_forward_move_between_list_and_document(
    watched: Watched, practice: Practice, account: Account
) -> None:
    """The browser's own buttons work, and the address stays the same."""
    page = account.open(watched, practice)
    address = page.url
    open_document(page, "Bilan sanguin")
    page.locator("#verified").wait_for()
    page.go_back()
    page.locator("#documents").wait_for()
    page.go_forward()
    page.locator("#verified").wait_for()
    assert page.url == address
    watched.settle()
