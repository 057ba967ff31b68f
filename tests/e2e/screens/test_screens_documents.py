"""The list and the documents: read, downloaded, refused, and what a session's end does to them."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from e2e.screens.support import Claimant, Practice, Watched, expect_problem, sign_in
from playwright.sync_api import Page, expect

DRAWN = ".pdf-sheet[data-outcome^='drawn']"


def claim(watched: Watched, practice: Practice, *documents: tuple[str, Path]) -> str:
    """Somebody with these documents, at the list; their password."""
    invitee = practice.invite()
    for title, file in documents:
        practice.send(invitee, file, title=title)
    claimant = Claimant(watched, practice, invitee)
    password = claimant.claim()
    claimant.go_on()
    if len(documents) == 1:
        watched.page.locator("#back").click()
    watched.page.locator("#documents").wait_for()
    return password


def open_document(page: Page, title: str) -> None:
    page.get_by_role("button", name=title, exact=True).click()


def download(page: Page) -> tuple[str, bytes]:
    with page.expect_download() as coming:
        page.locator("#download-0").click()
    return coming.value.suggested_filename, Path(coming.value.path()).read_bytes()


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


def test_the_list_is_newest_first_marks_what_is_new_and_can_be_searched(
    watched: Watched, practice: Practice, report: Path
) -> None:
    """Titles are decrypted here; a search folds case and accents; reading takes the mark away."""
    claim(watched, practice, ("Échographie", report), ("Bilan sanguin", report))
    page = watched.page
    titles = page.locator(".document-link")
    expect(titles).to_have_text(["Bilan sanguin", "Échographie"])
    expect(page.locator(".document-unread")).to_have_count(2)
    expect(page.locator("#documents")).to_contain_text("Dr Camille Martin")
    page.locator("#search").fill("ECHO")
    expect(titles).to_have_text(["Échographie"])
    expect(page.locator("#busy")).to_have_text("1 trouvé.")
    page.locator("#clear-search").click()
    open_document(page, "Échographie")
    page.locator("#verified").wait_for()
    page.locator("#back").click()
    expect(page.locator(".document-unread")).to_have_count(1)
    watched.settle()


def test_a_document_is_drawn_by_a_worker_turned_enlarged_and_downloaded_as_it_was(
    watched: Watched, practice: Practice, tmp_path: Path
) -> None:
    """Three pages: next, previous, larger; the text can be selected; the bytes are the file's."""
    file = tmp_path / "Résultats n° 3.pdf"
    file.write_bytes(pdf_of("Page one", "Page two", "Page three"))
    claim(watched, practice, ("Trois pages", file))
    page = watched.page
    open_document(page, "Trois pages")
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
    page.locator(DRAWN).wait_for()
    wide = page.locator(".pdf-sheet canvas").bounding_box()
    assert narrow is not None
    assert wide is not None
    assert wide["width"] > narrow["width"]
    assert [worker.url for worker in page.workers if "/pdf.worker-" in worker.url]
    assert download(page) == ("Résultats n° 3.pdf", file.read_bytes())
    # "fake worker", policy violations, warnings: none of it.
    watched.settle()


def encrypted_pdf() -> bytes:
    return pdf_of(
        "x",
        after=f"<< /Filter /Standard /V 1 /R 2 /P -44 /O <{'61' * 32}> /U <{'62' * 32}> >>",
    ).replace(
        b"/Root 1 0 R", b"/Root 1 0 R /Encrypt 6 0 R /ID [<00112233445566778899aabbccddeeff> <00>]"
    )


def xfa_pdf() -> bytes:
    return pdf_of("Please wait", catalog="/AcroForm << /Fields [] /XFA (<xdp/>) >>")


def compressed_rubbish() -> bytes:
    return b"%PDF-1.7\n" + zlib.compress(b"rubbish" * 100)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: b"", "est vide"),
        (compressed_rubbish, "incomplet ou mal fait"),
        (encrypted_pdf, "a son propre mot de passe"),
        (xfa_pdf, "formulaire interactif"),
        (lambda: b"\x89PNG\r\n\x1a\n" + b"x" * 2000, "n’en est pas un"),
    ],
    ids=["empty", "broken", "password", "xfa", "picture"],
)
def test_a_pdf_that_can_not_be_shown_says_why_and_still_downloads_byte_for_byte(
    watched: Watched,
    practice: Practice,
    tmp_path: Path,
    make: Callable[[], bytes],
    words: str,
) -> None:
    """Empty, broken, password-protected, XFA, not a PDF: words on the screen, the file as sent."""
    file = tmp_path / "Résultats d’analyses.pdf"
    file.write_bytes(make())
    claim(watched, practice, ("À lire", file))
    page = watched.page
    open_document(page, "À lire")
    expect(page.locator("#pdf-fault-0")).to_contain_text(words)
    watched.check_accessible()
    assert download(page) == (file.name, file.read_bytes())
    watched.settle()


def test_several_files_are_listed_and_shown_one_by_one(
    watched: Watched, practice: Practice, report: Path, tmp_path: Path
) -> None:
    """A text beside a PDF: the text is downloaded, the PDF opens on demand."""
    note = tmp_path / "note.txt"
    note.write_text("À jeun.\n", encoding="utf-8")
    invitee = practice.invite()
    practice.send(invitee, report, note, title="Bilan et note")
    claimant = Claimant(watched, practice, invitee)
    claimant.claim()
    claimant.go_on()
    page = watched.page
    expect(page.locator(".file-name")).to_have_text([report.name, "note.txt"])
    assert page.locator(DRAWN).count() == 0
    page.locator("#read-0").click()
    page.locator(DRAWN).wait_for()
    with page.expect_download() as coming:
        page.locator("#download-1").click()
    assert Path(coming.value.path()).read_bytes() == note.read_bytes()
    watched.check_accessible()
    watched.check_narrow()
    watched.settle()


def test_a_byte_changed_in_the_store_is_noticed_and_nothing_is_shown(
    watched: Watched, practice: Practice, report: Path
) -> None:
    """The document is refused in words, there is nothing to download, and it counts as unread."""
    claim(watched, practice, ("Bilan sanguin", report))
    # What was opened on the way came from the store too: only a later reading sees the change.
    store = practice.world.data / "documents"
    newest = max((p for p in store.rglob("*") if p.is_file()), key=lambda p: p.stat().st_mtime_ns)
    sealed = bytearray(newest.read_bytes())
    sealed[len(sealed) // 2] ^= 1
    newest.write_bytes(sealed)
    page = watched.page
    open_document(page, "Bilan sanguin")
    expect_problem(page, "Ce document a été modifié ou abîmé. Il n’a pas été ouvert.")
    expect(page.locator("h1")).to_have_text("Ce document n’a pas été ouvert")
    assert page.locator("[id^='download-']").count() == 0
    watched.check_accessible()
    watched.look("6-document-tampered")
    watched.settle()


def test_contents_cut_short_in_the_store_are_noticed(
    watched: Watched, practice: Practice, report: Path
) -> None:
    """Half a file: refused in words."""
    claim(watched, practice, ("Bilan sanguin", report))
    store = practice.world.data / "documents"
    newest = max((p for p in store.rglob("*") if p.is_file()), key=lambda p: p.stat().st_mtime_ns)
    newest.write_bytes(newest.read_bytes()[: newest.stat().st_size // 2])
    open_document(watched.page, "Bilan sanguin")
    expect_problem(watched.page, "n’a pas été ouvert")
    watched.settle(r"Failed to load resource|ERR_")


def test_the_sender_sees_opened_only_after_the_document_was(
    watched: Watched, practice: Practice, report: Path
) -> None:
    """Listing tells nobody anything; opening sends the signed receipt."""
    invitee = practice.invite()
    practice.send(invitee, report, title="Avant")
    practice.send(invitee, report, title="Après")
    claimant = Claimant(watched, practice, invitee)
    claimant.claim()
    claimant.go_on()
    page = watched.page
    page.locator("#documents").wait_for()

    def states() -> dict[str, str]:
        documents = practice.world.sent()["documents"]
        return {d["title"]: d["recipients"][0]["state"] for d in documents[:2]}

    assert "opened" not in states().values()
    with page.expect_response(lambda r: r.url.endswith("/receipt")) as answer:
        open_document(page, "Avant")
    assert answer.value.ok
    assert states()["Avant"] == "opened"
    assert states()["Après"] != "opened"
    watched.settle()


def test_a_session_that_ended_is_told_and_one_is_back_where_one_was(
    watched: Watched, practice: Practice, report: Path
) -> None:
    """The password again, nothing else; then the document that was asked for."""
    password = claim(watched, practice, ("Bilan sanguin", report))
    page = watched.page
    page.context.clear_cookies()
    open_document(page, "Bilan sanguin")
    expect(page.locator("#reason")).to_contain_text("rien n’est perdu")
    assert page.locator("#account").input_value() != ""
    page.locator("#password").fill(password)
    page.locator("#continue").click()
    page.locator("#verified").wait_for()
    expect(page.locator("h1")).to_have_text("Bilan sanguin")
    watched.settle(r"401")


def test_a_reload_asks_for_the_password_and_says_why(
    watched: Watched, practice: Practice, report: Path
) -> None:
    """Keys were in memory only; after signing in by e-mail the documents are there."""
    invitee = practice.invite()
    practice.send(invitee, report, title="Bilan sanguin")
    claimant = Claimant(watched, practice, invitee)
    password = claimant.claim()
    watched.page.reload()
    expect(watched.page.locator("#reason")).to_contain_text("rechargée")
    watched.page.locator("#account").fill(invitee.address.upper())
    watched.page.locator("#password").fill(f"  {password.replace(' ', '   ')} ")
    watched.page.locator("#continue").click()
    expect(watched.page.locator(".document-link")).to_have_text(["Bilan sanguin"])
    watched.settle()


def test_a_wrong_password_and_an_unknown_account_get_the_same_words(
    watched: Watched, practice: Practice
) -> None:
    """Nobody learns from the page who has an account."""
    told = []
    for account in (practice.invite().address, "000 000 000 0"):
        watched.page.goto(practice.page)
        watched.page.locator("#have-account").click()
        watched.page.locator("#account").fill(account)
        watched.page.locator("#password").fill("pas le bon")
        watched.page.locator("#continue").click()
        expect_problem(watched.page, "ne vont pas ensemble")
        told.append(watched.page.locator("#problem").inner_text())
        expect(watched.page.locator("#account")).to_have_value(account)
    assert told[0] == told[1]
    watched.settle(r"401")


def test_signing_out_ends_the_session_at_the_service_and_back_shows_nothing(
    watched: Watched, practice: Practice, report: Path
) -> None:
    """After «Se déconnecter» the browser's Back leads to the password, not to documents."""
    password = claim(watched, practice, ("Bilan sanguin", report))
    page = watched.page
    with page.expect_response(lambda r: r.url.endswith("/sign-out")) as answer:
        page.locator("#sign-out").click()
    assert answer.value.ok
    expect(page.locator("#reason")).to_contain_text("La session est fermée")
    page.go_back()
    expect(page.locator("#account")).to_be_visible()
    assert page.get_by_text("Bilan sanguin").count() == 0
    assert password not in page.content()
    watched.settle()


def test_back_and_forward_move_between_list_and_document(
    watched: Watched, practice: Practice, report: Path
) -> None:
    """The browser's own buttons work, and the address stays the same."""
    claim(watched, practice, ("Bilan sanguin", report))
    page = watched.page
    address = page.url
    open_document(page, "Bilan sanguin")
    page.locator("#verified").wait_for()
    page.go_back()
    page.locator("#documents").wait_for()
    page.go_forward()
    page.locator("#verified").wait_for()
    assert page.url == address
    watched.settle()


def test_sign_in_on_another_machine_shows_the_same_documents(
    watched: Watched, practice: Practice, report: Path
) -> None:
    """By account number, in a browser that has never been here."""
    invitee = practice.invite()
    practice.send(invitee, report, title="Bilan sanguin")
    claimant = Claimant(watched, practice, invitee)
    password = claimant.claim()
    account = watched.page.locator("#account-number").inner_text()
    watched.page.context.clear_cookies()
    sign_in(watched, practice.page, account=account, password=password)
    expect(watched.page.locator(".document-link")).to_have_text(["Bilan sanguin"])
    watched.settle()
