"""Whether a CITATION.cff keeps to the Citation File Format 1.2.0, as far as a software uses it.

The format: S. Druskat et al., "Citation File Format", doi:10.5281/zenodo.1003149. Debian has no
validator, so the rules of its schema that can apply here are written out.
"""

import datetime
import re

import yaml

_REQUIRED = {"cff-version", "message", "title", "authors"}
_KNOWN = _REQUIRED | {
    "abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords", "license",
    "license-url", "preferred-citation", "references", "repository", "repository-artifact",
    "repository-code", "type", "url", "version",
}
_TEXTS = {"message", "title", "abstract", "license", "commit"}
_PERSON = {
    "address", "affiliation", "alias", "city", "country", "email", "family-names", "fax",
    "given-names", "name-particle", "name-suffix", "orcid", "post-code", "region", "tel", "website",
}
_ENTITY = {
    "address", "alias", "city", "country", "date-end", "date-start", "email", "fax", "location",
    "name", "orcid", "post-code", "region", "tel", "website",
}
_URL = re.compile(r"https?://\S+")


def _check_authors(authors):
    if not isinstance(authors, list) or not authors:
        yield "authors is not a list with an author"
        return
    for number, author in enumerate(authors, 1):
        if not isinstance(author, dict) or not author:
            yield f"author {number} is not a mapping"
        elif "name" in author and set(author) - _ENTITY:
            yield f"author {number}: not for an entity: {', '.join(sorted(set(author) - _ENTITY))}"
        elif "name" not in author and set(author) - _PERSON:
            yield f"author {number}: not for a person: {', '.join(sorted(set(author) - _PERSON))}"


def _check_values(document):
    for field in sorted(_TEXTS & set(document)):
        if not isinstance(document[field], str) or not document[field].strip():
            yield f"{field} is not text"
    if document.get("type", "software") not in ("software", "dataset"):
        yield "type is neither software nor dataset"
    if "version" in document and not isinstance(document["version"], (str, int, float)):
        yield "version is neither text nor a number"
    if "date-released" in document and type(document["date-released"]) is not datetime.date:
        yield "date-released is no date of the form YYYY-MM-DD"
    keywords = document.get("keywords", ["none"])
    if not isinstance(keywords, list) or not keywords or len(set(keywords)) != len(keywords):
        yield "keywords is not a list of different words"
    for field in ("url", "repository", "repository-code", "repository-artifact", "license-url"):
        if field in document and not _URL.fullmatch(str(document[field])):
            yield f"{field} is no address"


def check(text):
    """What breaks the format, as sentences."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return [f"not YAML: {error}"]
    if not isinstance(document, dict):
        return ["not a mapping"]
    problems = [f"{field} is missing" for field in sorted(_REQUIRED - set(document))]
    problems += [f"{field} is no field of the format" for field in sorted(set(document) - _KNOWN)]
    if document.get("cff-version") != "1.2.0":
        problems.append("cff-version is not 1.2.0")
    problems += _check_authors(document.get("authors"))
    problems += _check_values(document)
    return problems
