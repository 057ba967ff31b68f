"""Vectors of keys.md §2–§6: codes, passwords, claim codes, persons, login signatures."""

import hmac
from hashlib import sha256

from nacl import bindings
from vectors.making import accept, bytes_for, refuse
from vectors.reader import Vector

from souspli_keys import argon2, codes, framing, login, unlockers
from souspli_keys.address import Origin
from souspli_keys.claimcode import ClaimCode, ClaimKeys
from souspli_keys.codes import AccountNumber
from souspli_keys.public import Fingerprint

ORIGIN = Origin("souspli.localhost")
ACCOUNT = AccountNumber("1234567897")


def code_vectors() -> list[Vector]:
    """Return all of them."""
    return [
        *_claim_codes(),
        *_admission_codes(),
        *_numbers(),
        *_passwords(),
        *_claims(),
        *_persons(),
        *_birth_dates(),
        *_logins(),
    ]


def _luhn(symbols: str, alphabet: str) -> int:
    """Return the Luhn sum, each step spelt out: 0 for a code that holds."""
    base, total, factor = len(alphabet), 0, 1
    for symbol in reversed(symbols):
        product = alphabet.index(symbol) * factor
        total += product // base + product % base
        factor = 3 - factor
    return total % base


def completed(data: str, alphabet: str) -> str:
    """Return the symbols with the check symbol that they need."""
    (check,) = [symbol for symbol in alphabet if _luhn(data + symbol, alphabet) == 0]
    return data + check


def _claim_codes() -> list[Vector]:
    def right(name: str, what: str, typed: str, symbols: str) -> Vector:
        return accept(f"claim-code/{name}", what, typed.encode(), symbols=symbols)

    code = completed("7Z01QK5W8T3N9XB4HM2", codes.ALPHABET)
    written = "-".join(code[start : start + 5] for start in range(0, 20, 5))
    zeros, last = "0" * 20, completed("Z" * 19, codes.ALPHABET)
    with_s = completed("S" * 19, codes.ALPHABET)
    swapped = code[:5] + code[6] + code[5] + code[7:]
    refused = {
        "check-symbol": ("another check symbol", code[:19] + ("A" if code[19] != "A" else "B")),
        "first-symbol": ("one misread symbol", "8" + code[1:]),
        "swapped": ("two neighbours swapped", swapped),
        "19-symbols": ("a symbol too few", code[:19]),
        "21-symbols": ("a symbol too many", code + "0"),
        "empty": ("nothing", ""),
        "letter-u": ("U, which the alphabet does not have", "U" + code[1:]),
        "full-stop": ("a full stop", code[:5] + "." + code[5:]),
        "tabulator": ("a tabulator: only spaces are dropped", code[:5] + "\t" + code[5:]),
        "no-break-space": ("a no-break space", code[:5] + "\u00a0" + code[5:]),
        "en-dash": ("an en dash: only hyphens are dropped", code[:5] + "–" + code[5:]),
        "dotless-i": ("ı, whose capital is I", code.replace("1", "ı")),
        "long-s": ("ſ, whose capital is S", with_s.replace("S", "ſ")),
        "wide-digit": ("a wide digit", "０" + zeros[1:]),
        "line-feed": ("a line feed at the end", code + "\n"),
    }
    return [
        right("canonical", "20 symbols", code, code),
        right("written", "as it stands on the letter", written, code),
        right("small", "small letters", written.lower(), code),
        right("spaces", "spaces anywhere", f" {code[:3]}  {code[3:]} ", code),
        right("misread-o", "O read as 0", "O" * 20, zeros),
        right("misread-small-o", "o read as 0", "o" * 20, zeros),
        right("misread-i", "I read as 1", code.replace("1", "I"), code),
        right("misread-l", "L read as 1", code.replace("1", "L"), code),
        right("misread-small-l", "l read as 1", code.replace("1", "l"), code),
        right("zeros", "the code of zeros", zeros, zeros),
        right("largest", "a product of two digits contributes both", last, last),
        *(
            refuse(f"claim-code/{name}", f"refused: {what}", typed.encode())
            for name, (what, typed) in refused.items()
        ),
    ]


def _admission_codes() -> list[Vector]:
    code = completed("0123456789ABCDE", codes.ALPHABET)
    written = "-".join(code[start : start + 4] for start in range(0, 16, 4))
    return [
        accept("admission-code/written", "as it is printed", written.encode(), symbols=code, written=written),
        accept("admission-code/small", "small letters without hyphens", code.lower().encode(), symbols=code, written=written),
        refuse("admission-code/check-symbol", "another check symbol is refused", (code[:15] + ("A" if code[15] != "A" else "B")).encode()),
        refuse("admission-code/too-long", "a claim code is refused", b"0" * 20),
    ]  # fmt: skip


def _numbers() -> list[Vector]:
    digits = "0123456789"

    def right(name: str, what: str, typed: str, number: str) -> Vector:
        written = f"{number[:3]} {number[3:6]} {number[6:9]} {number[9]}"
        return accept(f"number/{name}", what, typed.encode(), number=number, written=written)

    number = completed("123456789", digits)
    refused = {
        "check-digit": ("another check digit", "1234567890"),
        "swapped": ("two neighbours swapped", number[:3] + number[4] + number[3] + number[5:]),
        "nine-digits": ("a digit too few", number[:9]),
        "eleven-digits": ("a digit too many", number + "0"),
        "letter": ("a letter", "O" + number[1:]),
        "arabic-digits": ("digits of another script", "١٢٣٤٥٦٧٨٩7"),
        "sign": ("a sign", "+" + number),
        "full-stop": ("a full stop", number[:3] + "." + number[3:]),
        "empty": ("nothing", ""),
        "line-feed": ("a line feed at the end", number + "\n"),
    }
    return [
        right("plain", "ten digits", number, number),
        right("written", "as it is printed", f"{number[:3]} {number[3:6]} {number[6:9]} {number[9]}", number),
        right("hyphens", "hyphens are dropped", f"{number[:3]}-{number[3:]}", number),
        right("zeros", "the number of zeros", "0000000000", "0000000000"),
        right("leading-zero", "a zero in front counts", completed("012345678", digits), completed("012345678", digits)),
        right("nines", "doubled nines contribute both digits", completed("9" * 9, digits), completed("9" * 9, digits)),
        *(
            refuse(f"number/{name}", f"refused: {what}", typed.encode())
            for name, (what, typed) in refused.items()
        ),
    ]  # fmt: skip


def _passwords() -> list[Vector]:
    def right(
        name: str, what: str, typed: str, normalised: str, account: AccountNumber = ACCOUNT
    ) -> Vector:
        item = b"".join(
            len(part).to_bytes(4, "big") + part
            for part in (b"souspli/v1/password-salt", ORIGIN.encode(), account.encode())
        )
        secret = bindings.crypto_pwhash_alg(
            32, normalised.encode(), sha256(item).digest()[:16], 3, 64 << 20, 2
        )
        unlocker = unlockers.Unlocker(secret)
        return accept(
            f"password/{name}",
            what,
            typed.encode(),
            origin=ORIGIN,
            account=account,
            normalised=normalised.encode(),
            secret=secret,
            login_public_key=unlocker.login_key.public_key,
            wrap_key=unlocker.wrap_key.secret_bytes(),
        )

    words = "abaisser brioche céleste départ éclipse fromage girafe hiver"
    return [
        right("eight-words", "eight French words", words, words),
        right(
            "decomposed",
            "accents typed apart are composed",
            words.replace("é", "e\u0301"),
            words,
        ),
        right("white-space", "spaces at the ends go, runs become one", f"  {words.replace(' ', '   ')}\t", words),
        right("no-break-spaces", "every white space is one", words.replace(" ", "\u00a0").replace("brioche", "brioche\u202f"), words),
        right("rare-spaces", "U+0085, U+1680, U+2028 and U+3000 are white space", "a\x85b\u1680c\u2028d\u3000e", "a b c d e"),
        right("zero-width-space", "U+200B and U+FEFF are no white space", "a\u200bb\ufeffc", "a\u200bb\ufeffc"),
        right("compatibility", "ligatures and wide letters become plain", "ﬁn Ａ１ ½", "fin A1 1⁄2"),
        right("capitals", "capitals are not folded", "Œuvre ÉTÉ", "Œuvre ÉTÉ"),
        right("emoji", "characters outside the basic plane", "🩺🔑 clé", "🩺🔑 clé"),
        right("other-account", "another account gives another secret", words, words, AccountNumber("0000000000")),
        refuse("password/empty", "an empty password is refused", b"", origin=ORIGIN, account=ACCOUNT),
        refuse("password/spaces", "a password of spaces is refused", " \u00a0\u3000".encode(), origin=ORIGIN, account=ACCOUNT),
    ]  # fmt: skip


def _claims() -> list[Vector]:
    def claim(name: str, what: str, invitation_id: bytes, organisation: bytes) -> Vector:
        symbols = completed("7Z01QK5W8T3N9XB4HM2", codes.ALPHABET)
        salt = argon2.salt_of("souspli/v1/claim-salt", ORIGIN, invitation_id, organisation)
        key = bindings.crypto_pwhash_alg(32, symbols.encode(), salt, 3, 64 << 20, 2)
        keys = ClaimKeys(
            ClaimCode(symbols),
            origin=ORIGIN,
            invitation_id=invitation_id.hex(),
            organisation=Fingerprint(organisation.hex()),
        )
        return accept(
            f"claim/{name}",
            what,
            code=symbols,
            origin=ORIGIN,
            invitation_id=invitation_id,
            organisation=organisation,
            salt=salt,
            key=key,
            claim_root=framing.derive(key, "souspli/v1/claim/identity"),
            fingerprint=keys.identity.public.fingerprint,
            login_public_key=keys.login_key.public_key,
            person_check_key=framing.derive(key, "souspli/v1/claim/person-check"),
        )

    invitation_id, organisation = bytes_for("invitation", 16), bytes_for("organisation")
    return [
        claim("first", "what a claim code gives", invitation_id, organisation),
        claim("other-organisation", "another organisation derives nothing of it", invitation_id, bytes_for("another organisation")),
        claim("other-invitation", "another invitation derives nothing of it", bytes_for("another invitation", 16), organisation),
    ]  # fmt: skip


def _persons() -> list[Vector]:
    key = bytes_for("person-check key")

    def checked(surname: str, birth_date: str) -> bytes:
        parts = (b"souspli/v1/person-check", surname.encode(), birth_date.replace("-", "").encode())
        framed = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac.digest(key, framed, "sha256")

    accepted = {
        "alencon": ("d'Alençon", "DALENCON", "1958-07-14"),
        "alencon-typographic": ("d’Alençon", "DALENCON", "1958-07-14"),
        "alencon-decomposed": ("d'Alenc\u0327on", "DALENCON", "1958-07-14"),
        "le-goff-oeuvrard": ("Le Goff-Œuvrard", "LEGOFFOEUVRARD", "1931-12-31"),
        "le-goff-oeuvrard-small": ("le goff œuvrard", "LEGOFFOEUVRARD", "1931-12-31"),
        "unknown-day-of-1900": ("Martin", "MARTIN", "1900-00-00"),
        "unknown-day": ("Martin", "MARTIN", "1947-03-00"),
        "leap-day": ("Martin", "MARTIN", "2000-02-29"),
        "ae": ("Læticia Æbischer", "LAETICIAAEBISCHER", "1980-01-01"),
        "sharp-s": ("Groß", "GROSS", "1980-01-01"),
        "capital-sharp-s": ("GROẞ", "GROSS", "1980-01-01"),
        "trema": ("Noël-Baÿ", "NOELBAY", "1980-01-01"),
        "ligature": ("Raﬃn", "RAFFIN", "1980-01-01"),
        "wide": ("Ｎｇｕｙｅｎ", "NGUYEN", "1980-01-01"),
        "vietnamese": ("Nguyễn", "NGUYEN", "1980-01-01"),
        "digits-dropped": ("Martin 2", "MARTIN", "1980-01-01"),
        "no-break-space": ("Le\u00a0Goff", "LEGOFF", "1980-01-01"),
        "dotless-i": ("Yıldız", "YILDIZ", "1980-01-01"),
        "stroke": ("Łukasz", "LUKASZ", "1980-01-01"),
        "nordic": ("Sørensen-Þórðar", "SORENSENTHORDAR", "1980-01-01"),
        "croatian": ("Đurić", "DURIC", "1980-01-01"),
        "maltese": ("Ħaż", "HAZ", "1980-01-01"),
    }
    refused = {"empty": "", "spaces": "   ", "hyphen": "-", "digits": "123", "cyrillic": "Иванов"}
    return [
        *(
            accept(
                f"person/{name}",
                f"a surname that is compared as {surname}",
                typed.encode(),
                key=key,
                birth_date=birth_date,
                surname=surname,
                person_check=checked(surname, birth_date),
            )
            for name, (typed, surname, birth_date) in accepted.items()
        ),
        *(
            refuse(
                f"person/{name}",
                f"a surname without a letter A–Z is refused: {name}",
                typed.encode(),
                key=key,
                birth_date="1980-01-01",
            )
            for name, typed in refused.items()
        ),
    ]


def _birth_dates() -> list[Vector]:
    accepted = ["1958-07-14", "1900-00-00", "1947-03-00", "2000-02-29", "1960-00-31", "0001-01-01"]
    refused = {
        "29-february": "1900-02-29",
        "month-13": "1958-13-01",
        "day-32": "1958-01-32",
        "31-april": "1958-04-31",
        "year-0": "0000-01-01",
        "french-order": "14-07-1958",
        "slashes": "1958/07/14",
        "compact": "19580714",
        "short": "1958-7-14",
        "time": "1958-07-14T00:00",
        "line-feed": "1958-07-14\n",
        "arabic-digits": "١٩٥٨-٠٧-١٤",
        "empty": "",
    }
    return [
        *(
            accept(
                f"birth-date/{date}", "a birth date", date.encode(), compact=date.replace("-", "")
            )
            for date in accepted
        ),
        *(
            refuse(f"birth-date/{name}", f"no birth date: {name}", text.encode())
            for name, text in refused.items()
        ),
    ]


def _logins() -> list[Vector]:
    seed, nonce = bytes_for("login seed"), bytes_for("login nonce")
    public_key, secret_key = bindings.crypto_sign_seed_keypair(seed)
    invitation_id = bytes_for("invitation", 16).hex()

    def challenge(
        purpose: str = "sign-in",
        origin: str = ORIGIN,
        subject: str = ACCOUNT,
        key: bytes = public_key,
        nonce: bytes = nonce,
    ) -> login.LoginChallenge:
        return login.LoginChallenge(
            purpose=login.LoginPurpose(purpose),
            origin=Origin(origin),
            subject=subject,
            login_public_key=key,
            nonce=nonce,
        )

    def signed(challenge: login.LoginChallenge) -> bytes:
        return bindings.crypto_sign(challenge.signed_bytes(), secret_key)[:64]

    def headers(shown: login.LoginChallenge, signature: bytes) -> dict[str, str | int | bytes]:
        return {
            "purpose": shown.purpose.value,
            "origin": shown.origin,
            "subject": shown.subject,
            "login_public_key": shown.login_public_key,
            "nonce": shown.nonce,
            "signature": signature,
        }

    right = challenge()
    signature = signed(right)
    # S and S + L verify alike unless the reader insists on the smaller.
    order = 2**252 + 27742317777372353535851937790883648493
    second = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(
        32, "little"
    )
    neutral = b"\x01" + bytes(31)
    close = challenge(purpose="close", subject=bytes_for("closing").hex())
    refused = {
        "other-purpose": ("for another purpose", challenge(purpose="claim"), signature),
        "close-by-sign-in": ("for signing in, taken for closing", challenge(purpose="close"), signature),
        "other-origin": ("for another service", challenge(origin="souspli.example"), signature),
        "other-account": ("for another account", challenge(subject="0000000000"), signature),
        "other-nonce": ("over another nonce", challenge(nonce=bytes(32)), signature),
        "other-key": ("by another key", challenge(key=bindings.crypto_sign_seed_keypair(bytes(32))[0]), signature),
        "short-nonce": ("over a nonce of 31 bytes", challenge(nonce=nonce[:31]), signed(challenge(nonce=nonce[:31]))),
        "altered": ("that was altered", right, bytes([signature[0] ^ 1]) + signature[1:]),
        "short": ("that is cut off", right, signature[:63]),
        "second-spelling": ("in a second spelling", right, second),
        "low-order-key": ("by a key of low order, under which one signature fits all", challenge(key=neutral), neutral + bytes(32)),
    }  # fmt: skip
    return [
        accept("login/sign-in", "a signature for signing in", seed=seed, signed=right.signed_bytes(), **headers(right, signature)),
        accept(
            "login/claim",
            "a signature for a claim",
            seed=seed,
            signed=challenge(purpose="claim", subject=invitation_id).signed_bytes(),
            **headers(
                challenge(purpose="claim", subject=invitation_id),
                signed(challenge(purpose="claim", subject=invitation_id)),
            ),
        ),
        accept("login/close", "a signature for closing the account", seed=seed, signed=close.signed_bytes(), **headers(close, signed(close))),
        *(
            refuse(f"login/{name}", f"a login signature {what} is refused", **headers(shown, by))
            for name, (what, shown, by) in refused.items()
        ),
    ]  # fmt: skip
