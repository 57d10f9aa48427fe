"""Which names a header has, as Doxygen found them, and the directives that put them on a page."""

import pathlib
import re
import xml.etree.ElementTree as ElementTree

_HEADING = re.compile(r"^## ((?:model/)?\w+\.h)$", re.MULTILINE)
_DIRECTIVES = {"class": "doxygenclass", "struct": "doxygenstruct", "concept": "doxygenconcept"}


class PublicNames:
    """The names in the XML of Doxygen."""

    def __init__(self, xml):
        self._directives = {}  # by header
        self._xml = pathlib.Path(xml)
        index = ElementTree.parse(self._xml / "index.xml").getroot()
        for compound in index.findall("compound"):
            kind, name = compound.get("kind"), compound.findtext("name")
            definition = self._definition(compound.get("refid"))
            if kind in _DIRECTIVES and self._stands_alone(definition, name):
                members = [] if kind == "concept" else [":members:", ":undoc-members:"]
                self._add(definition, _DIRECTIVES[kind], name, members)
            if kind == "namespace":
                for member in definition.iterfind("sectiondef/memberdef[@kind]"):
                    if member.get("kind") in ("enum", "typedef", "function") and self._is_documented(member):
                        self._add(member, f"doxygen{member.get('kind')}", member.findtext("qualifiedname"), [])

    def expand(self, text):
        """A page, with all names of each header that has a heading on it, and a link to the header itself."""

        def names_of(match):
            header = match[1]
            folder = "../../model/check/slabproof/" if header.startswith("model/") else "../../impl/slabproof/"
            directives = self._directives.get("slabproof/" + header, [])
            return f"{match[0]}\n\n[Source]({folder}{header})\n\n" + "\n".join(directives)

        return _HEADING.sub(names_of, text)

    def _definition(self, refid):
        return ElementTree.parse(self._xml / f"{refid}.xml").getroot().find("compounddef")

    def _stands_alone(self, definition, name):
        """Neither an instance of a template, nor a member of a class, nor one without documentation."""
        outer = name.rpartition("::")[0]
        is_of_a_namespace = outer in ("slabproof", "slabproof::model", "slabproof::model::checked")
        return "<" not in name and is_of_a_namespace and self._is_documented(definition)

    def _is_documented(self, definition):
        parts = definition.findall("detaileddescription") + definition.findall("briefdescription")
        return any("".join(part.itertext()).strip() for part in parts)

    def _add(self, element, directive, name, options):
        header = element.find("location").get("file")
        lines = [f"```{{{directive}}} {name}", *options, "```", ""]
        self._directives.setdefault(header, []).append("\n".join(lines))
