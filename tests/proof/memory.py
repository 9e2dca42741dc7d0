# SPDX-License-Identifier: MIT
"""Memory: regions of cells, one a byte; what was written as one is read as one.

A cell is (value, i): byte i of a term, or (int, -1). A region is a plain
dictionary from offsets to cells; a byte that nobody has written is made up when
it is read, and stays so.
"""

import terms as T


COUNTS = {}


def unknown(name, width):
    """A value of which nothing is known."""
    COUNTS[name] = COUNTS.get(name, 0) + 1
    name = f"{name}#{COUNTS[name]}"
    return T.var(name, width) if width else T.boolean(name)


class Region:
    """kind: cells; stack, which is unknown until it is written; constant, an
    array; gap, what lies between those; or opaque, which is unknown each time
    it is read. size may be a term. members: parts that no indexed access may
    leave. rows: an array of structures in it: start, number, bytes of one."""

    def __init__(self, name, base, size, writable=True, members=(),
                 kind="cells"):
        self.name, self.base, self.size = name, base, size
        self.writable, self.members, self.kind = writable, members, kind
        self.units, self.rows = {}, None
        for m in members:
            for at in m.elements():
                for i in range(m.stride):
                    self.units[at + i] = (at, m.stride, m)

    def row(self, offset, size):
        """Of an array of structures: where the same member of the first one
        begins, how far it is to the end of the last one's, and to the next."""
        start, count, stride = self.rows or (0, 0, 0)
        if not start <= offset < start + count * stride:
            return None
        return (start + (offset - start) % stride,
                (count - 1) * stride + size, stride)

    def end(self):
        return self.base + T.interval(self.size)[1]

    def member_at(self, offset):
        unit = self.units.get(offset)
        return unit[2] if unit else None

    def fresh(self, offset):
        """The first value of the unit at an offset: start, size, value."""
        if self.kind == "stack":
            return offset, 1, unknown("stack", 8)
        start, size, member = self.units.get(offset, (offset, 1, None))
        name = f"{self.name}+{start}" if member is None else member.name
        if member and member.size > member.stride:
            name += f"[{(start - member.start) // member.stride}]"
        if member:
            name = f"{self.name}.{name}"
        return start, size, T.var(name, 8 * size)


def put(cells, offset, size, value):
    if T.symbolic(value):
        for i in range(size):
            cells[offset + i] = (value, i)
    else:
        for i in range(size):
            cells[offset + i] = (value >> (8 * i) & 0xff, -1)


def fill(cells, region, offset, size):
    for at in range(offset, offset + size):
        if at not in cells:
            start, width, value = region.fresh(at)
            for i in range(width):
                cells.setdefault(start + i, (value, i))


def runs(cells, offset, size):
    """Pieces of equal origin, lowest first: value, first byte, bytes."""
    at = offset
    while at < offset + size:
        value, byte = cells[at]
        n = 1
        if byte < 0:
            while at + n < offset + size and cells[at + n][1] < 0:
                value |= cells[at + n][0] << (8 * n)
                n += 1
        else:
            while at + n < offset + size and \
                    cells[at + n] == (value, byte + n):
                n += 1
        yield value, byte, n
        at += n


def get(cells, region, offset, size):
    fill(cells, region, offset, size)
    result, bits = None, 0
    for value, byte, n in runs(cells, offset, size):
        if byte >= 0:
            value = T.extract(value, 8 * (byte + n) - 1, 8 * byte,
                              value.width)
        if result is None:
            result = value
        else:
            result = T.concat(value, result, bits, bits + 8 * n)
        bits += 8 * n
    return result


def clean(cells, offset, size):
    """Is this one value, or a constant?"""
    pieces = list(runs(cells, offset, size))
    value, byte, n = pieces[0]
    return len(pieces) == 1 and (byte < 0 or (byte == 0 and
                                              value.width == 8 * n))


def unit_for(a, b, region, offset):
    """What is merged as one: start and size of a part around the offset."""
    if offset in region.units:
        return region.units[offset][:2]
    for size in (8, 4, 2):
        start = offset - offset % size
        if all(at in a and at in b for at in range(start, start + size)) and \
                clean(a, start, size) and clean(b, start, size):
            return start, size
    return offset, 1


def merge(a, b, region, choose):
    """choose(x, y, width) of all that differs."""
    if a is b:
        return a
    if region.kind == "stack":
        result = {at: cell for at, cell in a.items() if at in b}
    else:
        for at in a.keys() ^ b.keys():
            fill(a, region, at, 1)
            fill(b, region, at, 1)
        result = dict(a)
    done = -1
    for at in sorted(result):
        if at < done or a[at] == b[at]:
            continue
        start, size = unit_for(a, b, region, at)
        put(result, start, size,
            choose(get(a, region, start, size), get(b, region, start, size),
                   8 * size))
        done = start + size
    return result
