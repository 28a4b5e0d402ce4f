"""/verify: the page, the proofs that it asks for, and the verifiers to keep."""

from __future__ import annotations

import json
import time
from functools import lru_cache

from flask import Blueprint, Response, current_app, request, send_from_directory
from flask_babel import gettext as _

from app.ledger.accounts import ENTRY_KINDS
from app.log.checkpoint.queries import identity, latest_checkpoint
from app.log.witness.queries import FOLDER, shown_cosignatures
from app.public.verification.queries import ProvedRecord, consistency, entry_of_receipt, proved_entry
from app.public.verification.rules import Allowance, entry_number
from app.settings import ROOT, Settings
from app.shared.clock import DEFAULT_ZONE
from app.shared.codes import receipt_code_in
from app.web.access import public
from app.web.database import session
from app.web.i18n import text
from app.web.pages import page

blueprint = Blueprint("verification", __name__, url_prefix="/verify")

KEPT = ROOT / "static" / "verify"
_allowance = Allowance()


@blueprint.get("")
@public(cached=False)
def show() -> Response:
    """Explain how anybody can check the log, and let the browser do it. ``?record=`` is a receipt code or a number."""
    typed = (request.args.get("record") or request.args.get("entry") or "").strip()[:60]
    asked = _asked(typed) if typed and not _is_spent() else None
    settings: Settings = current_app.extensions["sunledger_settings"]
    log = identity(session())
    checkpoint = latest_checkpoint(session())
    return page(
        "verify/show.html",
        typed=typed,
        asked=asked,
        log=log,
        checkpoint=checkpoint,
        cosignatures=shown_cosignatures(settings.data_dir / FOLDER, log) if log else [],
        kinds=[(code, text(name)) for code, name in ENTRY_KINDS.items()],
        hashes=_hashes(),
        zone=DEFAULT_ZONE,
        title=_("自己验证"),
    )


@blueprint.get("/entries/<int:number>.json")
@public(cached=False)
def entry_json(number: int) -> Response:
    """The leaf of an entry and its proof."""
    return _as_json(proved_entry(session(), number) if number < 2**53 else None)


@blueprint.get("/entries/<int:number>.tlog-proof")
@public(cached=False)
def entry_proof(number: int) -> Response:
    """The same as a C2SP tlog-proof, with the leaf as its extra data."""
    found = proved_entry(session(), number) if number < 2**53 else None
    if found is None or found.proof is None:
        return _refused(found)
    answer = Response(found.proof.text(), mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'attachment; filename="entry-{number}.tlog-proof"'
    return answer


@blueprint.get("/receipts/<code>.json")
@public(cached=False)
def receipt_json(code: str) -> Response:
    """The leaf of the entry that a receipt stands for. A code that leads nowhere looks like one that never was."""
    if _is_spent():
        return Response('{"error":"too_many"}', status=429, mimetype="application/json")
    known = receipt_code_in(code)
    number = entry_of_receipt(session(), known) if known else None
    return _as_json(proved_entry(session(), number) if number else None)


@blueprint.get("/consistency.json")
@public(cached=False)
def consistency_json() -> Response:
    """The hashes between two sizes of the log: ``?from=…&to=…``."""
    sizes = [request.args.get(name, "") for name in ("from", "to")]
    found = None
    if all(size.isascii() and size.isdecimal() and len(size) <= 15 for size in sizes):
        found = consistency(session(), int(sizes[0]), int(sizes[1]))
    if found is None:
        return Response('{"error":"not_found"}', status=404, mimetype="application/json")
    return Response(json.dumps({"hashes": found}), mimetype="application/json")


@blueprint.get("/verify.html")
@public(cached=False)
def kept_page() -> Response:
    """The verifier in one file. A download, not a page of this site: its script is inline."""
    return send_from_directory(
        KEPT, "verify.html", mimetype="application/octet-stream", as_attachment=True, max_age=3600
    )


@blueprint.get("/verify_sunledger.py")
@public(cached=False)
def kept_program() -> Response:
    """The verifier of a whole log, in Python."""
    return send_from_directory(KEPT, "verify_sunledger.py", as_attachment=True, max_age=3600)


def _asked(typed: str) -> ProvedRecord | None:
    code = receipt_code_in(typed)
    number = entry_of_receipt(session(), code) if code else entry_number(typed)
    return proved_entry(session(), number) if number else None


def _is_spent() -> bool:
    return _allowance.is_spent(request.remote_addr or "", time.monotonic())


def _as_json(found: ProvedRecord | None) -> Response:
    if found is None or found.proof is None:
        return _refused(found)
    body = json.dumps(found.as_json(), ensure_ascii=False, indent=1)
    return Response(body, mimetype="application/json")


def _refused(found: ProvedRecord | None) -> Response:
    if found is not None:
        return Response('{"error":"not_yet_in"}', status=409, mimetype="application/json")
    return Response('{"error":"not_found"}', status=404, mimetype="application/json")


@lru_cache(maxsize=1)
def _hashes() -> dict[str, str]:
    """The recorded SHA-256 of the files to keep."""
    found: dict[str, str] = json.loads((KEPT / "hashes.json").read_text(encoding="utf-8"))
    return found
