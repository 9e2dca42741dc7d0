# SPDX-License-Identifier: MIT
"""docs/performance.svg: instructions of each operation, ours beside stock Xen's."""
import subprocess

from tools import OUT, TOP, run

SVG = TOP / "docs/performance.svg"
SHOWN = (("fr_read", "FR read"), ("dr_write", "DR write"), ("byte_in", "byte received"),
         ("rtc_read", "RTC read, clock aside"))

SCRIPT = """
set terminal svg size 640,300 font "sans-serif,12" background "white" name "performance"
set output "{out}"
set title "Instructions for one operation, in the hypervisor's handler"
set style data histogram
set style histogram clustered gap 1
set style fill solid noborder
set boxwidth 0.9
set yrange [0:*]
set offsets 0, 0, graph 0.12, 0
set grid y lc rgb "#dddddd"
set border 3
set tics nomirror
set key top left
plot "{data}" using 2:xtic(1) title "vsuperio" lc rgb "#2a6f97", \\
     "" using 3 title "stock Xen 4.17" lc rgb "#c9ada7", \\
     "" using ($0-0.17):2:(sprintf("%.0f", $2)) with labels offset 0,0.6 notitle, \\
     "" using ($0+0.17):3:(sprintf("%.0f", $3)) with labels offset 0,0.6 notitle
"""


def draw(figures):
    """Written only if it has changed; no date is in it."""
    data, new = OUT / "performance.dat", OUT / "performance.svg"
    rows = ['"%s" %g %s' % (title, figures[name].ours,
                            "NaN" if figures[name].stock is None else "%g" % figures[name].stock)
            for name, title in SHOWN]
    data.write_text("\n".join(rows) + "\n")
    subprocess.run(["gnuplot"], input=SCRIPT.format(out=new, data=data), text=True, check=True)
    if not SVG.exists() or SVG.read_bytes() != new.read_bytes():
        run("cp", new, SVG)
