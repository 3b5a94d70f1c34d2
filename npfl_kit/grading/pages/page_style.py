"""How pages look: two palettes whose contrasts a test measures, and rules for phones, wide screens and paper."""
from __future__ import annotations

PALETTES = {
    "light": {"ground": "#f6f5f2", "card": "#ffffff", "ink": "#1c1e21", "quiet": "#565b63", "line": "#d9d7d0",
              "accent": "#0b5cad", "code": "#f0efe9", "good": "#1a6b3a", "part": "#8a4b00", "bad": "#b3261e",
              "good-ground": "#e3f3e8", "part-ground": "#fcefd9", "bad-ground": "#fbe6e4"},
    "dark": {"ground": "#15171a", "card": "#1e2125", "ink": "#e9e7e2", "quiet": "#aab0b8", "line": "#363b42",
             "accent": "#86bdf7", "code": "#272b30", "good": "#84d6a3", "part": "#f2bd6d", "bad": "#ffa49c",
             "good-ground": "#173524", "part-ground": "#3a2a10", "bad-ground": "#431f1c"},
}
READ_ON = [("ink", "ground"), ("ink", "card"), ("ink", "code"), ("quiet", "ground"), ("quiet", "card"),
           ("accent", "card"), ("accent", "ground"), ("good", "good-ground"), ("part", "part-ground"),
           ("bad", "bad-ground"), ("ink", "bad-ground"), ("ink", "part-ground"), ("ink", "good-ground"),
           ("card", "accent")]      # which color of text stands on which ground

RULES = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans","DejaVu Sans",sans-serif;overflow-wrap:anywhere}
main{max-width:64rem;margin:0 auto;padding:1.25rem 1rem 3rem}
h1{font-size:1.6rem;line-height:1.2;margin:.1rem 0 .75rem}
header{margin-bottom:1rem}
h2{font-size:1.15rem;line-height:1.3;margin:2rem 0 .75rem}
h3{font-size:1rem;margin:0;font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
p{margin:.25rem 0;max-width:46rem}
.quiet,dt,figcaption small{color:var(--quiet)}
.small{font-size:.875rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem;margin:0 0 .75rem}
.card.bad{border-left:4px solid var(--bad)}
.card.part{border-left:4px solid var(--part)}
.card.good{border-left:4px solid var(--good)}
.row{display:flex;flex-wrap:wrap;gap:.35rem .75rem;align-items:baseline}
.row .end{margin-left:auto}
.points{font-size:2.2rem;font-weight:650;line-height:1.1;font-variant-numeric:tabular-nums}
.points small{font-size:1rem;font-weight:400;color:var(--quiet)}
.chip{display:inline-block;padding:.1rem .6rem;border-radius:99px;font-size:.875rem;font-weight:600;white-space:nowrap}
.chip.good{color:var(--good);background:var(--good-ground)}
.chip.part{color:var(--part);background:var(--part-ground)}
.chip.bad{color:var(--bad);background:var(--bad-ground)}
.next{background:var(--part-ground);border-color:var(--part)}
.next.good{background:var(--good-ground);border-color:var(--good)}
.next h2{margin:0 0 .25rem}
dl{display:grid;grid-template-columns:1fr;gap:.1rem 1rem;margin:.5rem 0 0}
dt{font-size:.875rem}
dd{margin:0 0 .4rem;min-width:0}
pre,code{font:.875rem/1.45 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
pre{margin:0;padding:.5rem .65rem;background:var(--code);border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere;
max-height:22rem;overflow-y:auto}
pre.command{user-select:all;-webkit-user-select:all}
pre.command span{display:inline-block;max-width:100%}
summary{cursor:pointer;color:var(--accent);padding:.4rem 0}
summary:focus-visible,pre:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.bar{height:.5rem;border-radius:99px;background:var(--line);overflow:hidden;margin:.2rem 0 .5rem;max-width:24rem}
.bar span{display:block;height:100%;background:var(--accent)}
.bar.good span{background:var(--good)}
.bar.bad span{background:var(--bad)}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr));gap:.75rem;margin:0;padding:0}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.6rem;min-width:0}
figure img{display:block;width:100%;height:auto;border-radius:6px;image-rendering:pixelated;background:var(--code)}
figcaption{font-size:.875rem;margin-top:.4rem}
.words{line-height:2.6}
.word{display:inline-block;margin-right:.6rem;line-height:1.25;vertical-align:top}
.word small{display:block;font-size:.75rem;color:var(--quiet)}
.word.bad small{color:var(--bad)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--quiet);font-size:.875rem;padding:0 0 .4rem}
th,td{text-align:left;padding:.45rem .4rem;border-bottom:1px solid var(--line);vertical-align:baseline}
th{font-size:.875rem;color:var(--quiet);font-weight:600}
th.number,td.number{text-align:right;white-space:nowrap}
td.name{width:100%}
tr.own td{background:var(--good-ground);font-weight:650}
.table{padding:.25rem .5rem}
@media(min-width:40rem){main{padding:2rem 1.5rem 4rem}h1{font-size:2rem}.card{padding:1.1rem 1.25rem}
dl{grid-template-columns:9rem 1fr}dt{padding-top:.1rem}}
@media print{:root{color-scheme:light}body{background:#fff;font-size:11pt}main{max-width:none;padding:0}
.card,figure,tr{break-inside:avoid}pre{max-height:none;overflow:visible}h2{break-after:avoid}
.chip,.bar,.bar span,.card{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""


def css() -> str:
    """All rules; dark where the reader's machine is."""
    light, dark = ("".join(f"--{name}:{color};" for name, color in PALETTES[kind].items())
                   for kind in ("light", "dark"))
    return (f":root{{color-scheme:light dark;{light}}}"
            f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}{RULES}")
