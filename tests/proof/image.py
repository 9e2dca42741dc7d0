# SPDX-License-Identifier: MIT
"""The linked object code: bytes, symbols, and the layout of structures."""

import re
from collections import namedtuple

from elftools.elf.elffile import ELFFile

Symbol = namedtuple("Symbol", "name start size kind")
# Of a function; to: the structure that a pointer points to, or None.
Parameter = namedtuple("Parameter", "name size boolean pointer to")


class Member(namedtuple("Member", "name start size stride boolean pointer")):
    """Of a structure, or of an array in it: elements of stride bytes each."""

    __slots__ = ()

    def elements(self):
        """Where each begins."""
        return range(self.start, self.start + self.size, self.stride)


class Image:
    """One linked file."""

    def __init__(self, path):
        self.file = open(path, "rb")
        self.elf = ELFFile(self.file)
        self.sections = {}
        for s in self.elf.iter_sections():
            if s["sh_flags"] & 2 and s["sh_size"]:
                self.sections[s.name] = (s["sh_addr"], s.data())
        table = self.elf.get_section_by_name(".symtab")
        self.symbols = [
            Symbol(s.name, s["st_value"], s["st_size"],
                   s["st_info"]["type"]) for s in table.iter_symbols()]
        self.names = {s.name: s.start for s in self.symbols}
        self.functions = sorted(
            (s for s in self.symbols if s.kind == "STT_FUNC"),
            key=lambda s: s.start)
        self.objects = sorted(
            (s for s in self.symbols if s.kind == "STT_OBJECT" and s.size),
            key=lambda s: s.start)
        self.structs = None

    def section_of(self, address):
        for name, (start, data) in self.sections.items():
            if start <= address < start + len(data):
                return name, start, data
        return None

    def function_at(self, address):
        for f in self.functions:
            if f.start <= address < f.start + f.size:
                return f
        return None

    def object_at(self, address):
        """The constant at an address, or the gap between two that it is in."""
        name, start, data = self.section_of(address)
        end = start + len(data)
        for o in self.objects:
            if o.start <= address < o.start + o.size:
                return o
            if o.start > address:
                end = min(end, o.start)
            else:
                start = max(start, o.start + o.size)
        return Symbol(name, start, end - start, None)

    def read(self, address, size):
        _, start, data = self.section_of(address)
        at = address - start
        return int.from_bytes(data[at:at + size], "little")

    # --- DWARF ---------------------------------------------------------------

    def find_structs(self):
        self.structs = {}
        for unit in self.elf.get_dwarf_info().iter_CUs():
            for die in unit.iter_DIEs():
                if die.tag == "DW_TAG_structure_type" and \
                        "DW_AT_byte_size" in die.attributes and \
                        "DW_AT_name" in die.attributes:
                    name = die.attributes["DW_AT_name"].value.decode()
                    self.structs.setdefault(name, die)

    def members(self, struct):
        """All members of a structure that are no structures themselves."""
        if self.structs is None:
            self.find_structs()
        return list(members_of(self.structs[struct], "", 0))

    def size(self, struct):
        if self.structs is None:
            self.find_structs()
        return self.structs[struct].attributes["DW_AT_byte_size"].value

    def signatures(self):
        """By a function's address: its source, and its parameters."""
        result = {}
        for unit in self.elf.get_dwarf_info().iter_CUs():
            source = attribute(unit.get_top_DIE(), "name").decode()
            for die in unit.iter_DIEs():
                if die.tag == "DW_TAG_subprogram" and \
                        "DW_AT_low_pc" in die.attributes:
                    result[attribute(die, "low_pc")] = source, [
                        parameter(child) for child in die.iter_children()
                        if child.tag == "DW_TAG_formal_parameter"]
        return result


def attribute(die, name):
    return die.attributes["DW_AT_" + name].value


def stripped(die):
    """A type without its names and qualifiers."""
    while die.tag in ("DW_TAG_typedef", "DW_TAG_const_type",
                      "DW_TAG_volatile_type"):
        die = die.get_DIE_from_attribute("DW_AT_type")
    return die


def parameter(die):
    """Its name and type may be at the function as it is inlined."""
    while "DW_AT_type" not in die.attributes:
        die = die.get_DIE_from_attribute("DW_AT_abstract_origin")
    kind, to = stripped(die.get_DIE_from_attribute("DW_AT_type")), None
    pointer = kind.tag == "DW_TAG_pointer_type"
    if pointer and "DW_AT_type" in kind.attributes:
        target = stripped(kind.get_DIE_from_attribute("DW_AT_type"))
        if target.tag == "DW_TAG_structure_type" and \
                "DW_AT_name" in target.attributes:
            to = attribute(target, "name").decode()
    return Parameter(attribute(die, "name").decode(), size_of(kind),
                     is_boolean(kind), pointer, to)


def size_of(die):
    if die.tag == "DW_TAG_pointer_type":
        return 8
    if die.tag == "DW_TAG_array_type":
        return count_of(die) * size_of(element_of(die))
    return attribute(die, "byte_size")


def element_of(die):
    return stripped(die.get_DIE_from_attribute("DW_AT_type"))


def count_of(die):
    count = 1
    for sub in die.iter_children():
        if sub.tag == "DW_TAG_subrange_type":
            count *= attribute(sub, "upper_bound") + 1
    return count


def members_of(die, prefix, base):
    for child in die.iter_children():
        if child.tag != "DW_TAG_member":
            continue
        name = prefix + attribute(child, "name").decode()
        start = base + attribute(child, "data_member_location")
        yield from parts(stripped(child.get_DIE_from_attribute("DW_AT_type")),
                         name, start)


def parts(kind, name, start):
    if kind.tag == "DW_TAG_structure_type":
        yield from members_of(kind, name + ".", start)
        return
    if kind.tag != "DW_TAG_array_type":
        yield Member(name, start, size_of(kind), size_of(kind),
                     is_boolean(kind), kind.tag == "DW_TAG_pointer_type")
        return
    element = element_of(kind)
    if element.tag == "DW_TAG_structure_type":
        for i in range(count_of(kind)):
            yield from members_of(element, f"{name}[{i}].",
                                  start + i * size_of(element))
        return
    yield Member(name, start, size_of(kind), size_of(element),
                 is_boolean(element), element.tag == "DW_TAG_pointer_type")


def is_boolean(kind):
    return kind.tag == "DW_TAG_base_type" and \
        re.fullmatch(rb"_?[Bb]ool", kind.attributes["DW_AT_name"].value) \
        is not None
