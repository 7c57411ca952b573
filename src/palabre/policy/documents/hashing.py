"""The hash of a document, over its canonical JSON (RFC 8785): the same on every machine, for ever."""

import hashlib
from typing import Any

import msgspec
import rfc8785

from .models import Document


def canonical(value: Any) -> bytes:
    """The canonical JSON (RFC 8785) of anything msgspec can turn into JSON."""
    return rfc8785.dumps(msgspec.to_builtins(value))


def document_hash(document: Document) -> str:
    return _sha256(canonical(document))


def shown_hash(document: Document, edition_id: str, locale: str) -> str:
    """Of what one person reads: the edition's table and wording in one language. A decision is bound to this.

    Raises KeyError for an edition or a locale that the document does not have.
    """
    policy = document.policy
    return _sha256(
        canonical(
            {
                "policy": policy.id,
                "version": policy.version,
                "document": document_hash(document),
                "edition": edition_id,
                "locale": locale,
                "wording": document.wording[edition_id][locale],
            }
        )
    )


def _sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
