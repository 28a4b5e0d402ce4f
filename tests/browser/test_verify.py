"""The browser checks the log by itself: on /verify, and with the file that was kept, from disk and without a network."""

from __future__ import annotations

import json
import re
import sqlite3
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, Page, Route

from app.log.checkpoint.queries import read_key
from app.settings import ROOT
from tests.log.forging import OTHER_KEY, changed, entries_in, note_of, publish, replace_bundle
from tests.running import Site

OpenPage = Callable[..., Page]
KEPT = ROOT / "static" / "verify" / "verify.html"
WITHOUT_WEBCRYPTO = "Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined });"
UNTRUE = "不证明登记本身属实"


def fetched(site: Site, path: str) -> str:
    with urllib.request.urlopen(site.url + path) as answer:
        return str(answer.read().decode())


@pytest.fixture(scope="session")
def gift(site: Site) -> tuple[str, int]:
    """A receipt code and the number of its entry."""
    with sqlite3.connect(site.data_dir / "sunledger.sqlite3") as books:
        found = books.execute("SELECT receipt_code, entry_number FROM donation WHERE kind = 'money' LIMIT 1")
        code, number = found.fetchone()
    return code, number


@pytest.fixture(scope="session")
def leaves(site: Site, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Every leaf of the site."""
    fetched(site, "/log/checkpoint")
    with sqlite3.connect(site.data_dir / "sunledger.sqlite3") as books:
        return [row[0] for row in books.execute("SELECT body FROM leaf ORDER BY position")]


@pytest.fixture(scope="session")
def key(site: Site) -> Ed25519PrivateKey:
    """The log's own key: what a dishonest fund has in its hands."""
    return read_key(site.data_dir / "log.key")


@pytest.fixture(scope="session")
def origin(site: Site) -> str:
    return fetched(site, "/log/public-key").partition("+")[0]


def verify(page: Page, text: str) -> str:
    """Put something into the field and press the button; returns what came of it."""
    page.evaluate("delete document.getElementById('verify-result').dataset.outcome")
    page.fill("#verify-text", text)
    page.locator("#verify-form button[type=submit]").click()
    return outcome(page)


def outcome(page: Page) -> str:
    page.wait_for_selector("#verify-result[data-outcome]")
    return str(page.get_attribute("#verify-result", "data-outcome"))


def open_verify(open_page: OpenPage, *, webcrypto: bool = True, width: str = "desktop") -> Page:
    page = open_page(width)
    if not webcrypto:
        page.add_init_script(WITHOUT_WEBCRYPTO)
    page.goto("/verify")
    page.wait_for_selector("#verify[data-ready]")
    return page


# ------------------------------------------------------------------------------------------------------- honest


@pytest.mark.parametrize("webcrypto", [True, False], ids=["WebCrypto", "without WebCrypto"])
def test_receipt_code_is_verified(
    webcrypto: bool, open_page: OpenPage, gift: tuple[str, int], find_barriers: Callable[[Page], list[str]]
) -> None:
    code, number = gift
    page = open_verify(open_page, webcrypto=webcrypto, width="phone")
    assert verify(page, f" {code.lower()} ") == "verified"
    said = page.inner_text("#verify-result")
    assert "这条记录自登记以来未被改动" in said
    assert "没有证明：登记本身是否属实" in said
    assert f"第 {number} 号" in said
    assert re.search(r"收 [0-9,]+\.[0-9]{2} 元", said)
    assert "第一次看到这本账" in said
    assert ("用了页面附带的" in said) == (not webcrypto)
    assert verify(page, str(number)) == "verified"
    assert "与本浏览器上次看到的账本一致" in page.inner_text("#verify-result")
    assert find_barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_page_of_an_entry_leads_to_its_verification(open_page: OpenPage, gift: tuple[str, int]) -> None:
    page = open_page()
    page.goto(f"/entries/{gift[1]}")
    page.click("text=自己验证")
    assert outcome(page) == "verified"
    assert f"第 {gift[1]} 号" in page.inner_text("#verify-result")


@pytest.mark.parametrize("form", ["json", "tlog-proof"])
def test_proof_that_was_kept_is_verified_when_chosen(
    form: str, open_page: OpenPage, site: Site, leaves: list[bytes], tmp_path: Path
) -> None:
    kept = tmp_path / f"proof.{form}"
    kept.write_text(fetched(site, f"/verify/entries/3.{form}"), encoding="utf-8")
    page = open_verify(open_page)
    page.set_input_files("#verify-file", kept)
    assert outcome(page) == "verified"
    assert "第 3 号" in page.inner_text("#verify-result")


DROP = """(form, [name, content]) => {
    const carried = new DataTransfer();
    if (name) carried.items.add(new File([content], name));
    else carried.setData("text/plain", content);
    const happen = (type) => form.dispatchEvent(
        new DragEvent(type, { dataTransfer: carried, bubbles: true, cancelable: true }));
    return { over: !happen("dragover"), dropped: !happen("drop") };
}"""


@pytest.mark.parametrize("form", ["json", "tlog-proof"])
def test_proof_that_was_kept_is_verified_when_dropped(
    form: str, open_page: OpenPage, site: Site, leaves: list[bytes]
) -> None:
    page = open_verify(open_page)
    proof = fetched(site, f"/verify/entries/3.{form}")
    taken = page.locator("#verify-form").evaluate(DROP, [f"proof.{form}", proof])
    assert taken == {"over": True, "dropped": True}  # else the browser would leave the page for the file
    assert outcome(page) == "verified"
    assert "第 3 号" in page.inner_text("#verify-result")


def test_dropped_file_that_is_no_proof_is_refused_and_dropped_words_stay_words(open_page: OpenPage) -> None:
    page = open_verify(open_page)
    form = page.locator("#verify-form")
    assert form.evaluate(DROP, ["photo.jpg", "\x89PNG\r\n"])["dropped"]
    assert outcome(page) == "unreadable_proof"
    assert not form.evaluate(DROP, ["", "words"])["dropped"]


def test_time_of_a_record_is_the_funds(open_page: OpenPage, site: Site, leaves: list[bytes]) -> None:
    body = json.loads(json.loads(fetched(site, "/verify/entries/23.json"))["leaf"])
    assert body["recorded_at"] == "2023-11-20T03:00:00Z"
    page = open_page(timezone_id="America/New_York")
    page.goto("/verify?record=23")
    assert outcome(page) == "verified"
    assert page.inner_text("dt:text-is('登记时间') + dd") == "2023-11-20 11:00"


def test_whole_log_is_verified(open_page: OpenPage, leaves: list[bytes]) -> None:
    page = open_verify(open_page)
    page.click("#verify-whole")
    assert outcome(page) == "whole_verified"
    said = page.inner_text("#verify-result")
    assert f"{len(leaves)}" in said
    assert "675.00 元" in said


def test_page_explains_itself_without_javascript(
    open_page: OpenPage, gift: tuple[str, int], leaves: list[bytes]
) -> None:
    page = open_page(javascript=False)
    page.goto("/verify")
    said = page.inner_text("main")
    assert UNTRUE in said
    assert page.inner_text("#checkpoint").count("\n") >= 4
    assert not page.is_visible("#verify-file")
    page.fill("#verify-text", gift[0])
    page.click("#verify-form button[type=submit]")
    assert f"找到了第 {gift[1]} 号的记录和证明" in page.inner_text("#verify-result")
    assert page.locator(f"a[href='/verify/entries/{gift[1]}.tlog-proof']").count() == 1


def test_unknown_codes_and_numbers_look_alike(open_page: OpenPage, complaints: Any) -> None:
    complaints.allow("404")
    page = open_verify(open_page)
    answers = []
    for typed in ("ABCD-EFGH-JKLM-NPQR-STUV-WXYZ", "99999"):
        assert verify(page, typed) == "not_found"
        answers.append(page.inner_text("#verify-result"))
    assert answers[0] == answers[1]
    assert verify(page, "hello") == "unreadable_proof"
    assert verify(page, "  ") == "nothing_given"


def test_vectors_hold_in_the_browser(open_page: OpenPage) -> None:
    folder = ROOT / "tests" / "log" / "vectors"
    vectors = {
        name: json.loads((folder / f"{name}.json").read_text()) for name in ("inclusion", "consistency")
    }
    wrong = open_verify(open_page).evaluate(
        """async (vectors) => {
            const { includes, continues } = await import("/static/0/js/verify/merkle.js");
            const bytes = (text) => Uint8Array.from(atob(text || ""), (letter) => letter.charCodeAt(0));
            const wrong = [];
            for (const each of vectors.inclusion) {
              const path = (each.proof || []).map(bytes);
              const holds = await includes(bytes(each.leafHash), each.leafIdx, each.treeSize, path, bytes(each.root));
              if (holds === Boolean(each.wantErr)) wrong.push(each.name);
            }
            for (const each of vectors.consistency) {
              const path = (each.proof || []).map(bytes);
              const holds = await continues(each.size1, each.size2, path, bytes(each.root1), bytes(each.root2));
              if (holds === Boolean(each.wantErr)) wrong.push(each.name);
            }
            return wrong;
        }""",
        vectors,
    )
    assert wrong == []
    assert len(vectors["inclusion"]) + len(vectors["consistency"]) > 100


# -------------------------------------------------------------------------------------------------- not honest


def answer(page: Page, path: str, body: str) -> None:
    """From now on the server says something else at `path`."""

    def fulfil(route: Route) -> None:
        route.fulfill(status=200, content_type="text/plain; charset=utf-8", body=body)

    page.unroute(f"**{path}")
    page.route(f"**{path}", fulfil)


def test_lies_of_the_server_are_each_named(
    open_page: OpenPage, site: Site, leaves: list[bytes], key: Ed25519PrivateKey, origin: str
) -> None:
    page = open_verify(open_page)
    honest = json.loads(fetched(site, "/verify/entries/3.json"))

    def lie(**values: Any) -> str:
        answer(page, "/verify/entries/3.json", json.dumps({**honest, **values}))
        return verify(page, "3")

    tampered = json.loads(honest["leaf"])
    tampered["postings"][0]["debit"] += 100
    assert lie(leaf=json.dumps(tampered, sort_keys=True, separators=(",", ":"))) == "altered_record"
    assert "与签名的账本不符" in page.inner_text("#verify-result")
    assert lie(index=honest["index"] + 1) == "altered_record"
    # Another record of the same log, honestly proved: the pair was swapped.
    answer(page, "/verify/entries/3.json", fetched(site, "/verify/entries/4.json"))
    assert verify(page, "3") == "other_record"
    body = honest["checkpoint"].rpartition("\n\n")[0]
    other_signature = note_of(leaves[:-1], key, origin).rpartition("\n\n")[2]
    assert lie(checkpoint=f"{body}\n\n{other_signature}") == "forged_checkpoint"
    assert "签名是伪造的" in page.inner_text("#verify-result")
    assert lie(checkpoint=note_of(leaves, OTHER_KEY, origin)) == "not_signed"
    assert lie(checkpoint=note_of(leaves, key, "other.example")) == "wrong_origin"
    assert lie(checkpoint="") == "unreadable_checkpoint"
    assert lie() == "verified"


def test_rewound_and_forked_logs_are_named(
    open_page: OpenPage, leaves: list[bytes], key: Ed25519PrivateKey, origin: str
) -> None:
    page = open_verify(open_page)
    assert verify(page, "3") == "verified"
    answer(page, "/log/checkpoint", note_of(leaves[:-5], key, origin))
    assert verify(page, "3") == "rewound"
    said = page.inner_text("#verify-result")
    assert f"看到过 {len(leaves)} 条记录，现在只剩 {len(leaves) - 5} 条" in said
    forked = [*leaves[:20], changed(leaves[20], id=999), *leaves[21:]]
    answer(page, "/log/checkpoint", note_of(forked, key, origin))
    assert verify(page, "3") == "forked"
    answer(page, "/log/checkpoint", note_of([*forked, leaves[0]], key, origin))
    answer(page, "/verify/consistency.json*", json.dumps({"hashes": [b64encode(bytes(32)).decode()] * 3}))
    assert verify(page, "3") == "forked"
    assert "被改写了" in page.inner_text("#verify-result")
    for path in ("/log/checkpoint", "/verify/consistency.json*"):
        page.unroute(f"**{path}")
    page.click("text=我已知道原因")
    assert verify(page, "3") == "verified"
    assert "第一次看到这本账" in page.inner_text("#verify-result")


def test_grown_log_is_recognised(
    open_page: OpenPage, leaves: list[bytes], key: Ed25519PrivateKey, origin: str
) -> None:
    page = open_verify(open_page)
    answer(page, "/log/checkpoint", note_of(leaves[:40], key, origin))
    page.click("#verify-whole")  # its tiles are those of the larger log, but what this browser saw is kept
    outcome(page)
    page.unroute("**/log/checkpoint")
    assert verify(page, "3") == "verified"
    assert "上次看到的 40 条原样保留，之后只有新增" in page.inner_text("#verify-result")


def test_log_that_stopped_signing_says_why(open_page: OpenPage, complaints: Any) -> None:
    complaints.allow("503")
    page = open_verify(open_page)
    page.route(
        "**/log/checkpoint",
        lambda route: route.fulfill(status=503, body="The database is older than published."),
    )
    assert verify(page, "3") == "log_stopped"
    assert "older than published" in page.inner_text("#verify-result")


# ------------------------------------------------------------------------------------ the file that was kept


@pytest.fixture
def kept_page(browser: Browser) -> Iterator[Page]:
    """The one-file verifier, opened from disk in a browser without a network."""
    context = browser.new_context(locale="zh-CN", offline=True)
    asked: list[str] = []
    errors: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.on("weberror", lambda error: errors.append(str(error.error)))
    page = context.new_page()
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(KEPT.as_uri())
    page.wait_for_selector("#verify[data-ready]")
    yield page
    assert asked == [KEPT.as_uri()]
    assert errors == []
    context.close()


@pytest.mark.parametrize("form", ["json", "tlog-proof"])
def test_kept_file_verifies_a_proof_offline(
    form: str, kept_page: Page, site: Site, leaves: list[bytes]
) -> None:
    kept_page.fill("#verify-key", fetched(site, "/log/public-key"))
    assert verify(kept_page, fetched(site, f"/verify/entries/3.{form}")) == "verified"
    said = kept_page.inner_text("#verify-result")
    assert re.search(r"登记时间\s+2023-09-27 \d\d:\d\d\n", said)
    assert "第 3 号" in said
    assert "公钥取自" not in said


def test_kept_file_names_what_is_wrong_with_a_proof(
    kept_page: Page, site: Site, leaves: list[bytes], key: Ed25519PrivateKey, origin: str
) -> None:
    honest = json.loads(fetched(site, "/verify/entries/3.json"))
    assert verify(kept_page, json.dumps(honest)) == "verified"
    assert "公钥取自所给的文件本身" in kept_page.inner_text("#verify-result")
    assert verify(kept_page, fetched(site, "/verify/entries/3.tlog-proof")) == "no_key"
    tampered = honest["leaf"].replace('"version":1', '"version":2')
    assert verify(kept_page, json.dumps({**honest, "leaf": tampered})) == "altered_record"
    body = honest["checkpoint"].rpartition("\n\n")[0]
    forged = body + "\n\n" + note_of(leaves[:-1], key, origin).rpartition("\n\n")[2]
    assert verify(kept_page, json.dumps({**honest, "checkpoint": forged})) == "forged_checkpoint"
    forked = note_of([*leaves[:-1], leaves[0]], key, origin)
    assert verify(kept_page, json.dumps({**honest, "checkpoint": forked})) == "altered_record"


def test_kept_file_verifies_a_whole_log_and_names_what_was_touched(
    kept_page: Page, leaves: list[bytes], tmp_path: Path
) -> None:
    def audit(name: str, rows: list[bytes] | None = None) -> str:
        folder = tmp_path / name
        publish(folder, leaves)
        if rows is not None:
            replace_bundle(folder, rows)
        return choose(folder)

    def choose(folder: Path) -> str:
        kept_page.evaluate("delete document.getElementById('verify-result').dataset.outcome")
        kept_page.set_input_files("#verify-folder", folder)
        return outcome(kept_page)

    assert audit("honest") == "whole_verified"
    assert audit("tampered", [*leaves[:30], changed(leaves[30], id=99), *leaves[31:]]) == "altered_leaf"
    assert "位置 30 的记录与当时的指纹不符" in kept_page.inner_text("#verify-result")
    assert audit("deleted", [*leaves[:30], *leaves[31:]]) == "missing_record"
    assert "位置 30 的记录不见了" in kept_page.inner_text("#verify-result")
    assert (
        audit("swapped", [*leaves[:30], leaves[40], *leaves[31:40], leaves[30], *leaves[41:]])
        == "swapped_records"
    )
    assert "位置 30 和位置 40" in kept_page.inner_text("#verify-result")
    assert audit("added", [*leaves[:30], leaves[3], *leaves[30:]]) == "added_record"
    rewritten = [*leaves[:30], changed(leaves[30], id=99), *leaves[31:]]
    publish(tmp_path / "rewritten", rewritten)
    assert choose(tmp_path / "rewritten") == "forked"  # this browser saw the honest one
    (tmp_path / "rewritten" / "checkpoint").write_text(publish(tmp_path / "again", leaves))
    assert choose(tmp_path / "rewritten") == "other_root"
    place = entries_in(leaves)[5]
    publish(tmp_path / "gap", [*leaves[:place], *leaves[place + 1 :]])
    assert choose(tmp_path / "gap") == "number_gap"
    (tmp_path / "honest" / "tile" / "0").rename(tmp_path / "honest" / "gone")
    assert choose(tmp_path / "honest") == "missing_file"
