"""Proving that issued documents are as they were issued."""

from __future__ import annotations

import hashlib
import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.documents.models import IssuedDocument
from app.log.checks import Expected, compare_with_leaves
from app.log.models import Leaf
from app.shared.checks import Check


def check_documents(session: Session) -> list[Check]:
    """Figures fit their hash, the hash is the one in the log, versions count from 1. One document in memory at a time."""
    unchanged, logged, counted = (
        Check("issued_figures_are_unchanged"),
        Check("issued_figures_are_in_the_log"),
        Check("document_versions_are_gapless"),
    )
    versions: dict[str, int] = {}
    for document_id in session.scalars(select(IssuedDocument.id).order_by(IssuedDocument.id)).all():
        document = session.get_one(IssuedDocument, document_id)
        name = f"document {document.number} version {document.version}"
        for check in (unchanged, logged, counted):
            check.examined += 1
        if hashlib.sha256(document.figures.encode("utf-8")).hexdigest() != document.figures_sha256:
            unchanged.broken(f"{name}: its figures are not those of its hash")
        leaf = session.get(Leaf, document.log_position)
        said = json.loads(leaf.body) if leaf is not None and leaf.kind == "document" else {}
        if (said.get("id"), said.get("figures_sha256")) != (document.id, document.figures_sha256):
            logged.broken(f"{name}: leaf {document.log_position} does not commit to its figures")
        if document.version != versions.get(document.number, 0) + 1:
            counted.broken(f"{name} does not follow version {versions.get(document.number, 0)}")
        versions[document.number] = document.version
        session.expunge(document)
    rows = session.execute(
        select(
            IssuedDocument.id,
            IssuedDocument.fund_id,
            IssuedDocument.kind,
            IssuedDocument.number,
            IssuedDocument.figures_sha256,
            IssuedDocument.correction_note,
        )
    )
    issued = [
        Expected(
            row.id,
            {
                "fund": row.fund_id,
                "kind": row.kind,
                "number": row.number,
                "figures_sha256": row.figures_sha256,
            },
            {"correction_note": row.correction_note},
        )
        for row in rows
    ]
    return [unchanged, logged, counted, compare_with_leaves(session, "document", issued)]
