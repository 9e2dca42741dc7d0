# SPDX-License-Identifier: MIT
"""What is known of an i8042 and QEMU's on the way through a sequence.

Random sequences keep to what both sides shall do alike: the shadow knows what
waits where, and puts something else in the place of an operation that would
part the two. In a directed sequence that shows how they part, an operation
"differs" says what both sides answer to the next one.
"""

from engine import Shadow

DATA, PORT = 0x60, 0x64
KBD, AUX = 0, 1  # lines

OBF, SYS, A2 = 0x01, 0x04, 0x08
KBD_INT, AUX_INT, KBD_DIS, AUX_DIS, XLATE = 0x01, 0x02, 0x10, 0x20, 0x40
CTR_INIT, CTR_TESTED = 0x70, 0x74
PARAMETER = (0x60, 0xd1, 0xd2, 0xd3, 0xd4)  # commands that wait for a byte
ANSWERS = (0x20, 0xa9, 0xab, 0xc0, 0xd0)  # one byte
# Commands that are none, for both.
NOTHING = tuple(c for c in range(0xff) if c < 0x20 or 0x40 <= c < 0x60 or
                0x80 <= c < 0xa4 or c in (0xa6, 0xac, 0xaf) or
                0xb0 <= c < 0xc0 or 0xc3 <= c < 0xd0 or
                c in (*range(0xd5, 0xdd), 0xde) or 0xe1 <= c < 0xf0)
RATES = (10, 20, 40, 60, 80, 100, 200)

# Keys by QEMU's names, with what they say in scan code set 2.
KEYS = {name: int(code, 16) for name, code in (pair.split("=") for pair in """
shift=12 shift_r=59 alt=11 alt_r=e011 ctrl=14 ctrl_r=e014 esc=76 1=16 2=1e 3=26
4=25 5=2e 6=36 7=3d 8=3e 9=46 0=45 minus=4e equal=55 backspace=66 tab=0d q=15
w=1d e=24 r=2d t=2c y=35 u=3c i=43 o=44 p=4d bracket_left=54 bracket_right=5b
ret=5a a=1c s=1b d=23 f=2b g=34 h=33 j=3b k=42 l=4b semicolon=4c apostrophe=52
grave_accent=0e backslash=5d z=1a x=22 c=21 v=2a b=32 n=31 m=3a comma=41 dot=49
slash=4a spc=29 caps_lock=58 f1=05 f2=06 f3=04 f4=0c f5=03 f6=0b f7=83 f8=0a
f9=01 f10=09 num_lock=77 scroll_lock=7e kp_divide=e04a kp_multiply=7c
kp_subtract=7b kp_add=79 kp_enter=e05a kp_decimal=71 kp_0=70 kp_1=69 kp_2=72
kp_3=7a kp_4=6b kp_5=73 kp_6=74 kp_7=6c kp_8=75 kp_9=7d less=61 f11=78 f12=07
home=e06c pgup=e07d pgdn=e07a end=e069 left=e06b up=e075 down=e072 right=e074
insert=e070 delete=e071 stop=e028 meta_l=e01f meta_r=e027 compose=e02f ro=51
hiragana=62 henkan=64 yen=6a muhenkan=67 katakanahiragana=13 kp_comma=6d
kp_equals=0f power=e037 sleep=e03f wake=e05e audionext=e04d audioprev=e015
audiostop=e03b audioplay=e034 audiomute=e023 volumeup=e032 volumedown=e021
mediaselect=e050 mail=e048 calculator=e02b computer=e040 ac_home=e03a
ac_back=e038 ac_forward=e030 ac_refresh=e020 ac_bookmarks=e018 print=e07c
pause=e114 ctrl-print=e17c ctrl-pause=e07e alt-print=84""".split())}
MODIFIERS = {"shift", "shift_r", "alt", "alt_r", "ctrl", "ctrl_r"}
# What may be held with some keys, which say something else then: any of the
# first and none of the second. QEMU finds out by itself.
HELD_WITH = {"print": (None, MODIFIERS), "pause": (None, {"ctrl", "ctrl_r"}),
             "ctrl-print": (MODIFIERS - {"alt", "alt_r"}, {"alt", "alt_r"}),
             "ctrl-pause": ({"ctrl", "ctrl_r"}, ()), "alt-print": ((), ())}

STATUS_A2 = "i8042-status-command"
STATUS_SYS = "i8042-status-system"
INPUT = "i8042-input-port"
KBD_EDGES = "i8042-keyboard-interrupt"
SELF_TEST = "i8042-self-test"
HELD = "i8042-mouse-status-buttons"


def command(value):
    return ("w", PORT, 1, value)


def data(value):
    return ("w", DATA, 1, value)


WORDS = {"r": 3, "w": 4, "key": 3, "mouse": 5}  # of an operation
STATUS, READ = ("r", PORT, 1), ("r", DATA, 1)


def spell(name, down, first_set):
    """Bytes of a key, "f0" for the prefix of a release; the rest is alike."""
    code = KEYS[name]
    if name == "pause":
        return (["x"] * 6 if first_set else
                ["x"] * 4 + ["f0", "x", "f0", "x"]) if down else []
    if name == "print":
        up = [] if down or first_set else ["f0"]
        return ["x", *up, "x"] * 2
    up = [] if down or first_set else ["f0"]
    once = ["x"] * (code > 0xff) + up + ["x"]
    if name == "ctrl-pause":  # its release comes at once
        up = [] if first_set else ["f0"]
        return once + ["x", *up, "x"] if down else []
    return once


class Keyboard:
    """What of it matters for what may be compared."""

    def __init__(self):
        self.queue = []  # bytes that wait: "x", "f0"
        self.cmd = 0
        self.set, self.scanning = 2, True
        self.held = set()  # modifiers

    def legal(self, byte):
        """Has this byte the same effect on both sides?"""
        if self.cmd:
            return byte <= (2 if self.cmd == 0xf0 else 0x7f)
        if byte == 0xf6:
            return self.scanning
        return byte != 0x00 and not (0xf7 <= byte <= 0xfe and byte != 0xfa)

    def write(self, byte):
        answer = 1
        if self.cmd:
            if self.cmd == 0xf0:
                answer = 2 if byte == 0 else 1
                self.set = byte or self.set
            self.cmd = 0
        elif byte in (0xed, 0xf0, 0xf3):
            self.cmd = byte
        elif byte in (0xf4, 0xf5, 0xf6, 0xff):
            self.set = self.set if byte == 0xf4 else 2
            self.scanning = byte != 0xf5
            answer = 2 if byte == 0xff else 1
        elif byte == 0xf2:
            answer = 3
        self.queue += ["x"] * answer

    def key_legal(self, name, down, xlate):
        if xlate and self.set == 1 and name == "katakanahiragana":
            return False  # its release is F0, which means nothing there
        room = 11 - len(self.queue)
        return not self.cmd and self.fits(name) and (
            not self.scanning or
            len(spell(name, down, self.set == 1)) <= room)

    def fits(self, name):
        """Is this the key's name with what is held?"""
        some, none = HELD_WITH.get(name, (None, ()))
        return (some is None or self.held & set(some)) and (
            not self.held & set(none))

    def key(self, name, down):
        if not self.scanning:
            return
        if name in MODIFIERS:
            (self.held.add if down else self.held.discard)(name)
        self.queue += spell(name, down, self.set == 1)


class Mouse:
    """The same of the mouse; in the queue, numbers are of buttons held."""

    def __init__(self):
        self.queue = []
        self.cmd = 0
        self.enabled = self.remote = self.wrap = self.scaled = False
        self.wheel = self.loose = False
        self.buttons = 0
        self.sums = [0, 0, 0]  # motion that remote mode keeps
        self.rates, self.knock = (100, 100), 0  # how either side sees a wheel

    def size(self):
        return 4 if self.wheel else 3

    def next_knock(self, rate):
        """QEMU's state after a rate: 3 and 4 are types of mice."""
        return {(0, 200): 1, (1, 100): 2, (1, 200): -1, (2, 80): 3,
                (-1, 80): 4}.get((self.knock, rate), 0)

    def rate_legal(self, rate):
        """Does it make both mice have a wheel, or none?"""
        wheel = self.rates == (200, 100) and rate == 80
        return rate in RATES and (
            self.next_knock(rate) == 3 if wheel else self.next_knock(rate) < 3)

    def legal(self, byte):
        if self.cmd == 0xe8:
            return byte <= 3
        if self.cmd == 0xf3:
            return self.rate_legal(byte)
        if self.wrap:
            return byte != 0xff
        if any(self.sums):
            return byte == 0xeb
        return byte in MOUSE_COMMANDS

    def write(self, byte):
        tags = ["x"]
        if self.cmd:
            if self.cmd == 0xf3:
                self.set_rate(byte)
            self.cmd = 0
        elif self.wrap:
            self.wrap = byte != 0xec
        else:
            tags += self.command(byte)
        self.queue += tags

    def set_rate(self, rate):
        self.knock = self.next_knock(rate)
        if self.knock == 3:
            self.wheel = True
        self.knock = 0 if self.knock > 2 else self.knock
        self.rates = self.rates[1], rate

    def command(self, byte):
        """What follows the acknowledgement."""
        if byte in (0xe8, 0xf3):
            self.cmd = byte
        elif byte in (0xe6, 0xe7):
            self.scaled = byte == 0xe7
        elif byte in (0xea, 0xf0):
            self.remote = byte == 0xf0
        elif byte == 0xee:
            self.wrap = True
        elif byte in (0xf4, 0xf5):
            self.enabled = byte == 0xf4
        elif byte in (0xf6, 0xff):
            self.enabled = self.remote = self.scaled = False
        if byte == 0xff:
            self.wheel, self.rates = False, (100, 100)
        self.sums = [0, 0, 0]
        return {0xe9: [self.held(), "x", "x"], 0xeb: ["x"] * self.size(),
                0xf2: ["x"], 0xff: ["x", "x"]}.get(byte, [])

    def held(self):
        """Buttons, as our status has them."""
        left, right, middle = (bool(self.buttons & b) for b in (1, 2, 4))
        return left << 2 | middle << 1 | right

    def move_legal(self, delta, buttons):
        changed = buttons != self.buttons
        if not self.enabled or self.wrap or self.cmd or (
                not any(delta) and not changed):
            return False
        if delta[2] and not self.wheel:
            return False
        if self.remote:
            return not self.queue and all(
                abs(s + d) <= most for s, d, most in
                zip(self.sums, delta, (127, 127, 7)))
        if self.scaled and any(abs(d) not in (0, 1, 3) for d in delta[:2]):
            return False
        room = 11 - len(self.queue)
        return not self.loose and self.size() <= room and (
            changed or not self.queue)

    def move(self, delta, buttons):
        changed, self.buttons = buttons != self.buttons, buttons
        if self.remote:
            self.sums = [s + d for s, d in zip(self.sums, delta)]
        else:
            self.queue += ["x"] * self.size()
            self.loose = not changed  # until the first byte is taken


MOUSE_COMMANDS = (0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xeb, 0xee, 0xf0, 0xf2, 0xf3,
                  0xf4, 0xf5, 0xf6, 0xff)


SCRIPTS = []  # directed sequences that are all or nothing: see Show


class KbcShadow(Shadow):
    """The controller with what waits for the guest, and where it is from."""

    def __init__(self):
        self.kbd, self.mouse = Keyboard(), Mouse()
        self.ctr = self.their_ctr = CTR_INIT  # command bytes
        self.cmd = 0
        self.last_was_command = self.tested = False
        self.full = None  # the buffer: "kbd", "aux", "ctrl", "ctrl-aux"
        self.tag = "x"  # of the byte that is read, again and again if need be
        self.next_tag = "x"
        self.outport = 0xcf
        self.script = None  # what is left of a directed sequence
        self.shown = None  # what the next operation will show
        self.edges = self.by_row = None

    # --- What can be compared -------------------------------------------------

    def legal(self, op):
        if op[0] == "show":
            self.script = iter(SCRIPTS[op[1]][1:])
            return op
        if self.script:
            return self.in_script(op)
        if len(op) != WORDS.get(op[0]):
            return None
        if op == STATUS or op == READ:
            return op
        if self.ctr != self.their_ctr:
            return self.after_test(op)
        if op[0] == "key":
            return op if self.key_legal(*op[1:]) else None
        if op[0] == "mouse":
            return op if self.move_legal(op) else None
        op = (self.legal_command if op[1] == PORT else self.legal_data)(op)
        ends = self.cmd and op and op[:2] == ("w", PORT) and (
            op[3] not in PARAMETER)
        return None if ends else op

    def in_script(self, op):
        """All of it or its beginning: the rest would differ otherwise."""
        if next(self.script, None) == op:
            return op
        self.script = iter(())
        return None

    def after_test(self, op):
        """The self-test leaves two command bytes: the guest writes one."""
        if self.full:
            return READ
        if op[0] != "w":
            return None
        return data(op[3]) if self.cmd == 0x60 else command(0x60)

    def key_legal(self, name, down):
        alone = not self.mouse.queue and self.full != "aux"
        return (alone or self.ctr & AUX_DIS) and self.cmd != 0xd4 and (
            self.kbd.key_legal(name, down, self.ctr & XLATE))

    def move_legal(self, op):
        alone = not self.kbd.queue and self.full != "kbd"
        quiet = self.full != "aux" or op[4] != self.mouse.buttons
        return ((alone or self.ctr & KBD_DIS) and self.cmd != 0xd4 and
                quiet and self.mouse.move_legal(op[1:4], op[4]))

    def drain(self, port_enable, queue, origin):
        """What lets a device say all that it has; None: it has."""
        if self.full == origin or (self.full and queue):
            return READ
        return command(port_enable) if queue else None

    def legal_command(self, op):
        cmd = op[3]
        if cmd in NOTHING or cmd in (0xdd, 0xdf) or cmd in PARAMETER[:4] or (
                cmd >= 0xf0 and cmd & 1):
            return op
        if cmd in ANSWERS:
            return op if self.full in (None, "ctrl") else READ
        if cmd in (0xa7, 0xa8, 0xad, 0xae):
            return self.legal_port(op)
        if cmd == 0xd4:
            return (self.drain(0xae, self.kbd.queue, "kbd") or
                    self.drain(0xa8, self.mouse.queue, "aux") or op)
        if cmd == 0xaa:
            return self.legal_test(op)
        return None

    def legal_port(self, op):
        """Not both at once; QEMU's line does not follow AD and AE at once."""
        cmd = op[3]
        if cmd in (0xad, 0xae) and self.full in ("kbd", "ctrl"):
            return READ
        if cmd == 0xae:
            clash = self.kbd.queue and (self.full == "aux" or (
                self.mouse.queue and not self.ctr & AUX_DIS))
        else:
            clash = cmd == 0xa8 and self.mouse.queue and (
                self.full == "kbd" or (
                    self.kbd.queue and not self.ctr & KBD_DIS))
        return None if clash else op

    def legal_test(self, op):
        if self.full:
            return READ
        if self.kbd.queue or self.mouse.queue or self.outport != 0xcf:
            return None
        return op

    def legal_data(self, op):
        byte = op[3]
        if self.cmd == 0x60:
            return data(self.legal_mode(byte))
        if self.cmd == 0xd1:
            return READ if self.full else data((byte | 1) & 0xcf)
        if self.cmd in (0xd2, 0xd3):
            same = (None, "ctrl" if self.cmd == 0xd2 else "ctrl-aux")
            return op if self.full in same else READ
        if self.cmd == 0xd4:
            return op if self.mouse.legal(byte) else None
        if self.full == "ctrl":
            return READ
        return (self.drain(0xae, self.kbd.queue, "kbd") or
                self.drain(0xa8, self.mouse.queue, "aux") or
                (op if self.kbd.legal(byte) else None))

    def legal_mode(self, byte):
        """Translation stays while bytes wait, and two devices do not speak."""
        if self.kbd.queue:
            byte = byte & ~XLATE | self.ctr & XLATE
            if self.full == "aux":
                byte |= KBD_DIS
        if self.mouse.queue and (self.kbd.queue or self.full == "kbd"):
            byte |= AUX_DIS
        return byte

    # --- What happens ---------------------------------------------------------

    def step(self, op):
        before = self.full, self.ctr, self.their_ctr
        self.by_row, self.shown = self.shown, None
        if op[0] == "r":
            if op[1] == DATA:
                self.read()
        elif op[0] == "w":
            (self.write_command if op[1] == PORT else self.write_data)(op[3])
        elif op[0] == "key":
            self.kbd.key(*op[1:])
        elif op[0] == "mouse":
            self.mouse.move(op[1:4], op[4])
        elif op[0] == "differs":
            self.shown = op[1:]
        was_read = op == READ and before[0] is not None
        self.fill()
        self.edges = [
            self.edges_of(line_of(before[0], before[ctr], theirs),
                          line_of(self.full, now, theirs), was_read)
            for ctr, now, theirs in ((1, self.ctr, False),
                                     (2, self.their_ctr, True))]

    @staticmethod
    def edges_of(before, after, was_read):
        if before == after and not was_read:
            return []
        return [(line, up) for line, up in ((before, False), (after, True))
                if line is not None]

    def put(self, origin, tag="x"):
        self.full, self.next_tag = origin, tag

    def read(self):
        if self.full:
            self.tag = self.next_tag
            self.full = None

    def fill(self):
        while not self.full and self.kbd.queue and not self.ctr & KBD_DIS:
            if self.kbd.queue.pop(0) == "x" or not self.ctr & XLATE:
                self.put("kbd")
        if not self.full and self.mouse.queue and not self.ctr & AUX_DIS:
            self.mouse.loose = False
            self.put("aux", self.mouse.queue.pop(0))

    def set_ctr(self, clear, value):
        self.ctr = self.ctr & ~clear | value
        self.their_ctr = self.their_ctr & ~clear | value

    def write_command(self, cmd):
        self.last_was_command = True
        self.cmd = cmd if cmd in PARAMETER else 0
        bit = AUX_DIS if cmd in (0xa7, 0xa8) else KBD_DIS
        if cmd in ANSWERS:
            self.put("ctrl", "input" if cmd == 0xc0 else "x")
        elif cmd in (0xa7, 0xa8, 0xad, 0xae):
            self.set_ctr(bit, bit if cmd in (0xa7, 0xad) else 0)
        elif cmd == 0xaa:
            self.tested = True
            self.ctr = CTR_TESTED
            self.put("ctrl")
        elif cmd in (0xdd, 0xdf):
            self.outport = self.outport & ~2 | cmd & 2

    def write_data(self, byte):
        cmd, self.cmd = self.cmd, 0
        self.last_was_command = False
        if cmd == 0x60:
            self.ctr = self.their_ctr = byte
        elif cmd == 0xd1:
            self.outport = byte
        elif cmd in (0xd2, 0xd3):
            self.put("ctrl" if cmd == 0xd2 else "ctrl-aux")
        elif cmd == 0xd4:
            self.set_ctr(AUX_DIS, 0)
            self.mouse.write(byte)
        else:
            self.set_ctr(KBD_DIS, 0)
            self.kbd.write(byte)

    # --- What differs ---------------------------------------------------------

    def explain(self, op, ours, theirs):
        want, rows = self.judge(op, theirs)
        return tuple(sorted(rows)) if ours == want else ()

    def excuse(self, op, theirs):
        want, _ = self.judge(op, theirs)
        return None if want == theirs else want

    def judge(self, op, theirs):
        """What ours has to answer, and why that is not what QEMU answers."""
        if self.by_row:
            row, want, shown = self.by_row
            return (want, {row}) if theirs == shown else (theirs, set())
        value, rows = theirs[0], set()
        if op == STATUS:
            value, rows = self.judge_status(value)
        elif op == READ:
            value, rows = self.judge_data(value)
        edges = theirs[1]
        if self.edges[0] != self.edges[1] == edges:
            edges = self.edges[0]
            rows.add(KBD_EDGES if self.ctr == self.their_ctr else SELF_TEST)
        return [value, edges], rows

    def judge_status(self, theirs):
        """Two bits that QEMU has its own mind about, and no other."""
        mine = A2 * self.last_was_command | self.ctr & SYS
        qemus = A2 | SYS * self.tested
        if theirs & (A2 | SYS) != qemus:
            return theirs, set()
        return theirs & ~(A2 | SYS) | mine, {
            row for row, bit in ((STATUS_A2, A2), (STATUS_SYS, SYS))
            if mine & bit != qemus & bit}

    def judge_data(self, theirs):
        if self.tag == "input" and theirs == 0x80:
            return 0x83, {INPUT}
        if isinstance(self.tag, int) and self.tag and not theirs & 7:
            return theirs | self.tag, {HELD}
        return theirs, set()


def line_of(full, ctr, theirs):
    """The line that is up; QEMU has the keyboard's port in this, too."""
    if full in ("aux", "ctrl-aux"):
        return AUX if ctr & AUX_INT else None
    up = full and ctr & KBD_INT and not (theirs and ctr & KBD_DIS)
    return KBD if up else None
