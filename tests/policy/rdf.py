"""Consent records as RDF, without a network."""

from pathlib import Path
from typing import Any

from pyld import jsonld  # type: ignore[import-untyped]  # it has no types
from pyshacl import validate
from rdflib import Graph

SHAPES = Graph().parse(Path(__file__).with_name("shapes.ttl"))


def offline(url: str, options: Any) -> Any:
    """A document loader that loads nothing."""
    raise AssertionError(f"a record must be readable without {url}")


def expand(document: Any) -> Any:
    return jsonld.expand(document, {"documentLoader": offline})


def graph(document: Any) -> Graph:
    quads = jsonld.to_rdf(document, {"documentLoader": offline, "format": "application/n-quads"})
    return Graph().parse(data=quads, format="nt")


def violations(document: Any) -> str:
    """What the shapes say against a record or a receipt; empty when they say nothing."""
    conforms, _, text = validate(graph(document), shacl_graph=SHAPES)
    return "" if conforms else str(text)
