#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/xen-graft on a copy of what it reads of a Xen tree.

XEN_TREE: a pristine Xen source tree, 4.17 or newer; default build/xen/src.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
TOOL = os.path.join(TOP, "tools/xen-graft")
B = os.path.join(TOP, os.environ.get("B", "build"))
XEN_TREE = os.path.join(TOP, os.environ.get("XEN_TREE", os.path.join(B, "xen/src")))
ARM = "xen/arch/arm/"

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "xen/graft"))
from hooks import FACTS, HOOKS  # noqa: E402

count = failures = 0


def ok(condition, name, *detail):
    """One TAP line."""
    global count, failures
    count += 1
    failures += not condition
    print(f"{'ok' if condition else 'not ok'} {count} - {name}")
    for line in detail if not condition else ():
        print("# " + str(line).replace("\n", "\n# "))


def graft(*args, source=None, prefix=()):
    """Run the tool: exit status, stdout, stderr."""
    command = [*prefix, TOOL, *(["--from", source] if source else []), *args]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def refused(result, *words):
    """Exit 1 and one line on stderr, with these words."""
    status, out, err = result
    return (status == 1 and not out and err.startswith("xen-graft: ") and
            err.count("\n") == 1 and all(w in err for w in words))


def snapshot(tree, times=True):
    """Everything about a tree that must stay: names, modes, bytes, modification times."""
    state = {}
    for where, folders, files in os.walk(tree):
        for name in folders + files:
            path = os.path.join(where, name)
            st = os.lstat(path)
            data = open(path, "rb").read() if name in files else None
            state[os.path.relpath(path, tree)] = (
                st.st_mode, data, st.st_mtime_ns if times and data is not None else 0)
    return state


def differences(a, b):
    return sorted(p for p in a.keys() | b.keys() if a.get(p) != b.get(p))


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="latin-1", newline="") as f:
        f.write(text)


def text_of(path):
    with open(path, encoding="latin-1", newline="") as f:
        return f.read()


def edit(tree, path, change):
    path = os.path.join(tree, path)
    write(path, change(text_of(path)))


def needed():
    """Every file that the tool may look at."""
    return {"xen/Makefile", *(p.file for h in HOOKS for p in h.places),
            *(c[0] for f in FACTS for c in f.choices)}


def make_tree(path):
    """A copy of what is needed of XEN_TREE."""
    for name in needed():
        if os.path.exists(os.path.join(XEN_TREE, name)):
            os.makedirs(os.path.dirname(os.path.join(path, name)), exist_ok=True)
            shutil.copy2(os.path.join(XEN_TREE, name), os.path.join(path, name))
    os.chmod(os.path.join(path, ARM, "Kconfig"), 0o640)
    return path


def make_source(path):
    """A stand-in for this project, so that what is copied can be changed here."""
    for name in ("Kconfig", "Makefile", "glue.c", "asm-vsio.h", "include/stdint.h", "README.md"):
        write(os.path.join(path, "xen/vsio", name), f"{name}\n")
    for name in ("pl011.c", "pl011.h", "devices.mk"):
        write(os.path.join(path, "devices", name), f"{name}\n")
    return path


def test_life(tmp, source):
    tree = make_tree(os.path.join(tmp, "life"))
    stock = snapshot(tree)
    status, out, err = graft("--check", tree, source=source)
    ok(status == 0 and not err and not differences(stock, snapshot(tree)),
       "--check changes nothing", out, err)
    lines = out.splitlines()
    ok(all(re.match(r"(create|change) xen/\S+(: [a-z, -]+)?$", line) for line in lines),
       "--check prints a line per path", out)
    named = set(", ".join(line.split(": ")[1] for line in lines if ": " in line).split(", "))
    ok(named | {"dtb-size"} == {h.name for h in HOOKS}, "--check names every hook", named)

    status, out, err = graft(tree, source=source)
    grafted = snapshot(tree)
    ok(status == 0 and not err, "graft", out, err)
    ok({line.split()[1].rstrip(":") for line in lines} ==
       {p for p in differences(stock, grafted) if grafted[p][1] is not None},
       "it does what --check has said", differences(stock, grafted))
    ok(ARM + "vsio/devices/pl011.c" in grafted and ARM + "vsio/devices/devices.mk" not in grafted
       and ARM + "vsio/include/stdint.h" in grafted and ARM + "vsio/README.md" not in grafted
       and grafted[ARM + "include/asm/vsio.h"][1] == b"asm-vsio.h\n",
       "sources are copied, nothing else is")
    ok(all(grafted[p][0] == stock[p][0] for p in stock), "file modes are kept")
    for path in sorted(p for p in stock if stock[p] != grafted[p] and stock[p][1] is not None):
        kept = [line for line in grafted[path][1].split(b"\n")]
        rest = iter(kept)
        ok(all(line in rest for line in stock[path][1].split(b"\n")),
           f"{path}: every line of Xen is still there, in order")

    status, out, err = graft(tree, source=source)
    ok((status, out, err) == (0, "nothing to do\n", "") and
       not differences(grafted, snapshot(tree)), "grafting again touches nothing", out, err)
    ok(graft("--check", tree, source=source) == (0, "nothing to do\n", ""),
       "--check on a grafted tree: nothing to do")

    status, out, err = graft("--check", "--reverse", tree, source=source)
    ok(status == 0 and "remove xen/arch/arm/vsio\n" in out and
       not differences(grafted, snapshot(tree)), "--check --reverse changes nothing", out, err)
    write(os.path.join(tree, ARM, "vsio/devices/pl011.o"), "left by a build")
    status, out, err = graft("--reverse", tree, source=source)
    ok(status == 0 and not differences(snapshot(make_tree(os.path.join(tmp, "same")), False),
                                       snapshot(tree, False)),
       "--reverse leaves every byte as it was, and nothing else",
       out, err, differences(stock, snapshot(tree)))
    ok(graft("--reverse", tree, source=source) == (0, "nothing to do\n", ""),
       "--reverse again: nothing to do")


def test_update(tmp, source):
    tree = make_tree(os.path.join(tmp, "update"))
    graft(tree, source=source)
    before = snapshot(tree)
    newer = shutil.copytree(source, os.path.join(tmp, "newer"))
    write(os.path.join(newer, "xen/vsio/glue.c"), "changed\n")
    os.unlink(os.path.join(newer, "devices/pl011.h"))
    write(os.path.join(newer, "devices/pl031.c"), "new\n")
    status, out, err = graft("--check", tree, source=newer)
    ok(sorted(out.splitlines()) == [f"change {ARM}vsio/glue.c", f"create {ARM}vsio/devices/pl031.c",
                                    f"remove {ARM}vsio/devices/pl011.h"],
       "--check shows what an update changes", out, err)
    graft(tree, source=newer)
    changed = [p for p in differences(before, snapshot(tree)) if not p.endswith("devices")]
    ok(changed == sorted(ARM + "vsio/" + p for p in
                         ("glue.c", "devices/pl031.c", "devices/pl011.h")),
       "an update touches those files only", changed)


def test_missing(tmp, source):
    """Each pattern in turn is spoilt: one line that names the file, tree untouched."""
    tree = make_tree(os.path.join(tmp, "missing"))
    for item in (*HOOKS, *FACTS):
        choices = ([(p.file, p.at) for p in item.places] if item in HOOKS
                   else [c[:2] for c in item.choices])
        name = getattr(item, "name", None) or item.macro
        saved = {}
        for path, pattern in choices:
            full = os.path.join(tree, path)
            if os.path.exists(full):
                saved.setdefault(full, text_of(full))
                write(full, re.sub(pattern, "spoilt", text_of(full), flags=re.M))
        before = snapshot(tree)
        files = {path for path, _ in choices}
        result = graft(tree, source=source)
        ok(refused(result) and any(f in result[2] for f in files)
           and not differences(before, snapshot(tree)), f"{name}: not found, tree untouched",
           *result)
        for full, text in saved.items():
            write(full, text)
    path = os.path.join(tree, ARM, "include/asm/domain.h")
    edit(tree, ARM + "include/asm/domain.h", lambda t: t + "#include <asm/vpl011.h>\n")
    before = snapshot(tree)
    result = graft(tree, source=source)
    ok(refused(result, "domain.h", "more than one") and not differences(before, snapshot(tree)),
       "a pattern found twice: not guessed", path, *result)


def test_odd_files(tmp, source):
    """What a tree has met on its way: CR LF, no newline at the end, changes of others."""
    def round_trip(name, *edits):
        tree = make_tree(os.path.join(tmp, re.sub(r"\W+", "-", name)))
        for path, change in edits:
            edit(tree, ARM + path, change)
        before = snapshot(tree, False)
        first, again = graft(tree, source=source), graft(tree, source=source)
        grafted = {p: data for p, (_, data, _) in snapshot(tree).items() if data is not None}
        last = graft("--reverse", tree, source=source)
        ok(first[0] == 0 and again[1] == "nothing to do\n" and last[0] == 0 and
           not differences(before, snapshot(tree, False)), name, first, again, last)
        return grafted

    def crlf(text):
        return text.replace("\n", "\r\n")

    grafted = round_trip("CR LF line ends", ("Kconfig", crlf), ("domain.c", crlf))
    ok(b"\n" not in grafted[ARM + "domain.c"].replace(b"\r\n", b""),
       "CR LF: what is added has them too")
    line = "obj-$(CONFIG_SBSA_VUART_CONSOLE) += vpl011.o"
    grafted = round_trip("no newline at the end of a file",
                         ("Makefile", lambda t: t.replace(line + "\n", "") + line))
    ok(grafted[ARM + "Makefile"].endswith(b"# vsio-graft: end"), "no newline: none is added")
    round_trip("no newline at the end of a file, with CR LF",
               ("Makefile", lambda t: crlf(t.replace(line + "\n", "") + line)))
    round_trip("odd white space, bytes that are no UTF-8",
               ("domain.c", lambda t: t.replace("    domain_io_free(d);",
                                                "\t domain_io_free(d);\t \f") + "/* \xff\xfe */"))
    grafted = round_trip("changes of others near the hooks",
                         ("domain.c", lambda t: t.replace(
                             "    domain_io_free(d);",
                             "    other_free(d);\n    domain_io_free(d); /* mind the order */")
                             .replace("        domain_vpl011_deinit(d);",
                                      "        other_deinit(d);\n        domain_vpl011_deinit(d);")),
                         ("Kconfig", lambda t: t.replace(
                             "config SBSA_VUART_CONSOLE\n",
                             "config OTHER\n\tbool\n\nconfig SBSA_VUART_CONSOLE\n")),
                         ("include/asm/domain.h", lambda t: t.replace(
                             "    struct vpl011 vpl011;",
                             "    struct vpl011 vpl011;\n    struct other *other;")))
    ok(b"other_deinit(d);\n        /* vsio-graft: begin */" in grafted[ARM + "domain.c"],
       "our lines are right before the one that was looked for")

    tree = make_tree(os.path.join(tmp, "between"))
    graft(tree, source=source)
    edit(tree, ARM + "domain.c", lambda t: "/* added later */\n" + t)
    graft("--reverse", tree, source=source)
    ok(text_of(os.path.join(tree, ARM, "domain.c")) == "/* added later */\n" +
       text_of(os.path.join(XEN_TREE, ARM, "domain.c")), "--reverse keeps a later change of others")


def test_interrupted(tmp, source):
    """Half a graft, as a power cut leaves it, is completed or reversed."""
    full = make_tree(os.path.join(tmp, "full"))
    stock = snapshot(full, False)
    graft(full, source=source)
    grafted = snapshot(full, False)
    half = os.path.join(tmp, "half")

    def restart():
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(full, half, symlinks=True)
        for name in ("domain.c", "include/asm/domain.h"):
            shutil.copy2(os.path.join(XEN_TREE, ARM, name), os.path.join(half, ARM, name))
        os.unlink(os.path.join(half, ARM, "vsio/Makefile"))
        write(os.path.join(half, ARM, ".domain.c.vsio-graft"), "half a file")

    restart()
    graft(half, source=source)
    ok(snapshot(half, False) == grafted, "half a graft is completed",
       differences(snapshot(half, False), grafted))
    restart()
    graft("--reverse", half, source=source)
    ok(snapshot(half, False) == stock, "half a graft is reversed",
       differences(snapshot(half, False), stock))
    make_tree(half)
    write(os.path.join(half, ARM, "vsio/devices/.pl011.c.vsio-graft"), "half a file")
    graft(half, source=source)
    graft("--reverse", half, source=source)
    ok(snapshot(half, False) == stock, "so is one that had written no file in its place",
       differences(snapshot(half, False), stock))
    restart()
    edit(half, ARM + "domain_build.c" if os.path.exists(os.path.join(half, ARM, "domain_build.c"))
         else ARM + "dom0less-build.c", lambda t: t + "/* vsio-graft: begin */\n")
    before = snapshot(half)
    result = graft("--reverse", half, source=source)
    ok(refused(result, "marker") and not differences(before, snapshot(half)),
       "a marker without its other half: nothing is guessed", *result)


def test_refused(tmp, source):
    """Trees that are not for us."""
    tree = make_tree(os.path.join(tmp, "refused"))
    ok(refused(graft(os.path.join(tmp, "absent"), source=source), "not a directory"),
       "no such directory")
    ok(refused(graft(TOOL, source=source), "not a directory"), "not a directory")
    ok(refused(graft(source, source=source), "not a Xen source tree"), "not a Xen tree")
    ok(refused(graft("--reverse", source, source=source), "not a Xen"), "--reverse there")
    before = snapshot(tree)
    result = graft(tree, source=tmp)
    ok(refused(result) and not differences(before, snapshot(tree)), "no sources to copy", *result)
    makefile = text_of(os.path.join(tree, "xen/Makefile"))
    write(os.path.join(tree, "xen/Makefile"),
          re.sub(r"(XEN_SUBVERSION\s*=).*", r"\1 16", makefile))
    ok(refused(graft(tree, source=source), "4.16 is older than 4.17"), "an old Xen")
    write(os.path.join(tree, "xen/Makefile"), makefile)
    write(os.path.join(tree, ARM, "vsio/vsio.c"), "of somebody else\n")
    before = snapshot(tree)
    for args in ((tree,), ("--reverse", tree), ("--check", tree)):
        ok(refused(graft(*args, source=source), "not ours") and
           not differences(before, snapshot(tree)), f"{' '.join(args[:-1]) or 'graft'}: a folder "
           "named vsio that is not ours")
    shutil.rmtree(os.path.join(tree, ARM, "vsio"))
    if os.getuid() == 0 and shutil.which("setpriv"):
        for where, _, _ in os.walk(tmp):
            os.chmod(where, 0o755)
        os.chmod(os.path.join(tree, ARM, "Kconfig"), 0o644)
        prefix = ("setpriv", "--reuid=65534", "--clear-groups", sys.executable)
    else:
        prefix = ()
        for where, _, _ in os.walk(tree):
            os.chmod(where, 0o555)
    before = snapshot(tree)
    result = graft(tree, source=source, prefix=prefix)
    ok(refused(result, "cannot be written") and not differences(before, snapshot(tree)),
       "a read-only tree", *result)
    for where, _, _ in os.walk(tree):
        os.chmod(where, 0o755)


def test_real_sources(tmp):
    """This project's own files: they go in and out, and the hooks fit the header."""
    tree = make_tree(os.path.join(tmp, "real"))
    before = snapshot(tree, False)
    status, out, err = graft(tree)
    ok(status == 0, "this project's sources", out, err)
    called = set()
    for path, (_, data, _) in snapshot(tree).items():
        for part in re.findall(rb"vsio-graft: begin(.*?)vsio-graft: end", data or b"", re.S):
            called |= set(re.findall(rb"vsio_\w+(?=\()", part))
    header = text_of(os.path.join(tree, ARM, "include/asm/vsio.h"))
    ok(len(called) == 7 and all(re.search(rf"\b{name.decode()}\(", header) for name in called),
       "asm/vsio.h declares what the hooks call", called)
    cases(tree)
    graft("--reverse", tree)
    ok(not differences(before, snapshot(tree, False)), "and out again")


def case(tree, path, function, label):
    """What C says of a case of a function's switch, if CONFIG_VSIO is set: up to its return."""
    text = text_of(os.path.join(tree, path))
    body = text[re.search(rf"\b{function}\([^;{{}}]*\)\s*\{{", text).end():]
    body = re.sub(r"/\*.*?\*/|^#.*?$", "", body[:body.index("\n}")], flags=re.S | re.M)
    found = re.findall(rf"case {label}:(?:\s*case \w+:)*\s*return (.*?);", body, re.S)
    return " ".join(found[0].split()) if len(found) == 1 else found


def cases(tree):
    """The domctl, and who may call it."""
    ok(case(tree, ARM + "domctl.c", "arch_do_domctl", "XEN_DOMCTL_vsio_op") ==
       "vsio_domctl(d, domctl, u_domctl.p)", "the domctl is called")
    flask = "xen/xsm/flask/hooks.c"
    found = case(tree, flask, "flask_domctl", "XEN_DOMCTL_vsio_op")
    ok(found == "current_has_perm(d, SECCLASS_DOMAIN, DOMAIN__SETVCPUCONTEXT)",
       "FLASK: a domain builder may call it", found)
    found = case(tree, flask, "flask_domctl", "XEN_DOMCTL_vuart_op")
    ok(re.match(r"current_has_perm\(d, SECCLASS_\w+, \w+(SETVCPUCONTEXT|VUART_OP)\)$", str(found)),
       "FLASK: Xen's own UART is no less, once", found)
    header = text_of(os.path.join(tree, ARM, "include/asm/vsio.h"))
    public = text_of(os.path.join(tree, ARM, "vsio/vsio-domctl.h"))
    number = r"#define XEN_DOMCTL_vsio_op (\w+)\n"
    ok(re.findall(number, header) == re.findall(number, public), "its number is the same twice")


def main():
    if not os.path.exists(os.path.join(XEN_TREE, "xen/Makefile")):
        print("1..0 # SKIP no Xen source tree at", XEN_TREE)
        return
    os.makedirs(B, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=B, prefix="graft-") as tmp:
        source = make_source(os.path.join(tmp, "project"))
        ok(graft("--help")[0] == 0 and "--reverse" in graft("--help")[1], "--help")
        for test in (test_life, test_update, test_missing, test_odd_files, test_interrupted,
                     test_refused):
            test(tmp, source)
        if os.path.exists(os.path.join(TOP, "xen/vsio/Kconfig")):
            test_real_sources(tmp)
    print(f"1..{count}")
    sys.exit(failures != 0)


main()
