#!/usr/bin/env python3
"""The pages of config/explanations: nothing that the program says is without one, and what they name exists.

arguments: the program, the source directory

Checked of the tree    each pack, detector, reason of the guard, finding about a container and code of a diagnostic leads to a page
Checked of each page   sections, languages, length, ids of ATT&CK (of a pack: those of its rules), Markdown of the small kind
Checked by execution   blocks of settings, policies, rules, thresholds and inventories load; commands and options, settings and their
                       values exist. A block is in the translation as it is in the original.
"""
import collections
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

PROGRAM, SOURCE = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
PAGES = SOURCE / "config/explanations"
CODE = re.compile(r"`([^`]+)`")
TECHNIQUE = re.compile(r"T1\d{3}(\.\d{3})?")
BLOCKS = {"settings", "policy", "rules", "thresholds", "inventory", "console", "sh", "yaml"}
SECTIONS = {"en": ["What it is", "How the attack works", "How to fix it", "How to tune it", "What it does not see"],
            "zh": ["它是什么", "攻击如何进行", "如何修复", "如何调整", "它看不到什么"]}
MISTAKES = {"en": ["What it means", "What the mistake does", *SECTIONS["en"][2:]],
            "zh": ["它说明什么", "这个错误的后果", "如何改正", *SECTIONS["zh"][3:]]}
INVENTORY = """nodes:
  - {name: n1, ips: [10.0.0.11]}
namespaces:
  - {name: kube-system}
workloads:
""" + "".join(f"  - {{namespace: {space}, name: {app}, labels: {{app: {app}}}, ips: [10.1.0.{i}]}}\n" for i, (space, app) in enumerate(
    [("shop", a) for a in ("web", "db", "redis", "gateway", "batch", "autoscaler")] + [("kube-system", "dns")], 2))
problems = []


def wrong(where, what):
    problems.append(f"{where}: {what}")


def run(*words, cwd=None, **environment):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, cwd=cwd,
                          env=dict(os.environ, **dict({"NO_COLOR": "1", "LC_ALL": "C.UTF-8"}, **environment)), timeout=100)


class Page:
    def __init__(self, path):
        self.path = path
        self.kind = path.parent.name.removesuffix("s")
        self.language = "zh" if path.name.endswith(".zh.md") else "en"
        self.name = path.name.removesuffix(".md").removesuffix(".zh")
        head, _, self.body = path.read_text().partition("\n\n")
        self.head = collections.defaultdict(list)
        for line in head.splitlines():
            key, _, value = line.partition(": ")
            self.head[key].append(value)
        self.covers = " ".join(self.head["covers"]).split()
        self.blocks, self.text, self.sections = [], [], collections.OrderedDict()
        block = None
        for line in self.body.splitlines():
            if line.startswith("```"):
                if block is None:
                    block = [line[3:], []]
                    self.blocks.append(block)
                else:
                    block = None
            elif block is not None:
                block[1].append(line)
                next(reversed(self.sections.values())).append(line)
            elif line.startswith("## "):
                self.sections[line[3:]] = []
            elif self.sections:
                self.text.append(line)
                next(reversed(self.sections.values())).append(line)
        self.spans = CODE.findall(" ".join(self.text))

    def where(self):
        return str(self.path.relative_to(SOURCE))


def closeness(pattern, word):
    if pattern == word:
        return len(word) + 1
    if pattern.endswith(".*"):
        return len(pattern) - 2 if word == pattern[:-2] or word.startswith(pattern[:-1]) else 0
    ends = re.fullmatch(r"(\d+)-(\d+)", pattern)
    return 1 if ends and word.isdigit() and int(ends[1]) <= int(word) <= int(ends[2]) else 0


def find(pages, word):
    """As the program finds a page: by name, else by the closest that a page covers."""
    named = [p for p in pages if p.name == word]
    best = max(pages, key=lambda p: max([closeness(c, word) for c in p.covers] or [0]))
    return named[0] if named else best if any(closeness(c, word) for c in best.covers) else None


def sources(*folders):
    return [p for f in folders for p in sorted((SOURCE / f).rglob("*")) if p.suffix in (".cpp", ".h", ".def")]


def diagnostic_codes():
    """Literals with dots in what makes a diagnostic, a refusal or a problem of a text."""
    call = re.compile(r"\b(?:error|warning|problem|TextProblem|refuse|refusal|fail|found|claim|code|add)\s*[({=](?:[^;]|;(?=[^\n]*\"))*?;", re.S)
    literal = re.compile(r'"([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+)"')
    roots = {c.split(".")[0] for p in all_pages if p.kind == "diagnostic" for c in p.covers if "." in c}
    out = {}
    for path in sources("signatures", "rules", "config/yaml", "config/load", "config/schema", "config/cli", "config/daemon", "config/control"):
        text = path.read_text()
        for found in call.finditer(text):
            for code in literal.findall(found[0]):
                out.setdefault(code, path)
    # A dotted literal in such a call is a code, or the setting, keyword or file that the message is about.
    return {c: p for c, p in out.items() if c not in settings and c not in keywords and not c.endswith((".json", ".yaml", ".txt", ".sock"))
            and (c.split(".")[0] in roots or re.search(rf'(?:error|warning|refuse|problem)\([^;"]*"{re.escape(c)}"', p.read_text()))}


def what_has_a_page():
    packs = sorted((SOURCE / "signatures/packs").glob("*.rules"))
    wanted = {("pack", p.stem) for p in packs}
    families = re.findall(r'case Family::\w+: return "([\w-]+)"', (SOURCE / "signatures/behaviour/incident.cpp").read_text())
    wanted |= {("detector", f) for f in families}
    there = {(p.kind, p.name) for p in english}
    for kind, name in sorted(wanted - there):
        wrong(f"{kind} {name}", "has no page")
    for kind, name in sorted(x for x in there - wanted if x[0] in ("pack", "detector")):
        wrong(f"{kind} {name}", "has a page and does not exist")
    for word in re.findall(r'X\(\d+, \w+, "([\w-]+)"', (SOURCE / "rules/nft/guard_reasons.def").read_text()):
        page = find(english, f"guard/{word}")
        if page is None or page.kind != "finding":
            wrong(f"guard/{word}", "has no page")
    for word in re.findall(r'(?:add\(|\? |: )"([a-z-]+)"(?:,| :)', (SOURCE / "rules/model/posture.cpp").read_text()):
        if find(english, word) is None:
            wrong(f"posture {word}", "has no page")
    codes = diagnostic_codes()
    for code, path in sorted(codes.items()):
        page = find(english, code)
        if page is None or page.kind != "diagnostic":
            wrong(f"{path.relative_to(SOURCE)}: {code}", "has no page")
    everything = "\n".join(p.read_text() for p in sources("signatures", "rules", "config", "datapath"))
    for page in english:
        if page.kind != "diagnostic":
            continue
        for pattern in page.covers:
            if f'"{pattern.removesuffix(".*")}' not in everything:
                wrong(page.where(), f"covers {pattern}, which nothing says")
    for pack in packs:
        page = next((p for p in english if p.kind == "pack" and p.name == pack.stem), None)
        text = pack.read_text()
        for sid in re.findall(r"\bsid:(\d+)", text):
            if page is not None and find(english, sid) is not page:
                wrong(page.where(), f"does not cover sid {sid}")
        known = {t.split(".")[0] for t in re.findall(r"mitre_technique_id (T\d+(?:\.\d+)?)", text)}
        for line in page.head["attack"] if page else []:
            if line.split(" ")[0].split(".")[0] not in known:
                wrong(page.where(), f"{line}: no rule of the pack has this technique")
    return everything, len(codes)


def form(page, names):
    lines = page.path.read_text().splitlines()
    if not 18 <= len(lines) <= 70:
        wrong(page.where(), f"has {len(lines)} lines")
    wanted = (MISTAKES if page.kind == "diagnostic" else SECTIONS)[page.language]
    if list(page.sections) != wanted:
        wrong(page.where(), f"has sections {list(page.sections)}, not {wanted}")
    for name, text in page.sections.items():
        if len("".join(text).strip()) < (15 if page.language == "zh" else 50):
            wrong(page.where(), f"section {name} says next to nothing")
    for line in page.text:
        if re.match(r"\s*(#|\d+\.|\*|>|\|)", line) or re.search(r"\*\*|\]\(|<\w+>", line):
            wrong(page.where(), f"more Markdown than pages have: {line}")
    if " ".join(page.text).count("`") % 2:
        wrong(page.where(), "a ` without its other")
    for language, _ in page.blocks:
        if language not in BLOCKS:
            wrong(page.where(), f"a block of {language or 'no language'}")
    chinese = len(re.findall(r"[\u4e00-\u9fff]", page.body))
    if (page.language == "zh") != (chinese > 150):
        wrong(page.where(), f"{chinese} Chinese characters")
    for line in page.head["attack"]:
        identifier, _, name = line.partition(" ")
        if not TECHNIQUE.fullmatch(identifier) or not name[:1].isupper():
            wrong(page.where(), f"\"{line}\" is no technique of ATT&CK: T1234.001 Name")
        if names.setdefault(identifier, name) != name:
            wrong(page.where(), f"{identifier} is called {name} here and {names[identifier]} elsewhere")
    if page.language == "en" and page.kind != "diagnostic" and not page.head["attack"]:
        wrong(page.where(), "names no technique of ATT&CK")


def translation(page, other):
    if [b for b in page.blocks] != [b for b in other.blocks]:
        wrong(other.where(), "its blocks are not those of the original")
    if page.head["title"] == other.head["title"]:
        wrong(other.where(), "its title is not translated")
    # What can be typed is the same in both; other words may be put differently.
    typed = lambda p: {s for s in p.spans if s.startswith("bulkhead ") or s.split(":")[0] in settings}
    for span in sorted(typed(page) ^ typed(other)):
        wrong(other.where(), f"`{span}` is in one language alone")


def load(page, language, text, folder):
    """Loads a block; the words of the program where it does not like it."""
    file = folder / "block"
    file.write_text(text)
    if language == "settings":
        for path in re.findall(r"(?:/var/lib/bulkhead|/usr/share/GeoIP)/[\w./-]+", text):
            text = text.replace(path, str(folder / pathlib.Path(path).name))
        for name in re.findall(r"[\w./-]+\.(?:config|list|json|mmdb|txt|state)\b", text):
            (folder / pathlib.Path(name).name).touch()
        file.write_text(text)
        return run(PROGRAM, "check", "-c", file, cwd=folder)
    if language == "policy":
        (folder / "inventory.yaml").write_text(INVENTORY)
        return run(PROGRAM, "check", "-p", file, "-i", folder / "inventory.yaml")
    if language == "rules":
        return run(PROGRAM, "check", "-s", file)
    if language == "thresholds":
        return run(PROGRAM, "check", "-s", f"{SOURCE}/signatures/packs/*.rules", "--set", f"threshold-file={file}")
    return run(PROGRAM, "check", "-i", file)


def execute(folder):
    blocks = collections.defaultdict(list)
    for page in english:
        for language, lines in page.blocks:
            blocks[language].append((page, "\n".join(lines) + "\n"))
    # Rules and thresholds of all pages at once: loading the packs takes time.
    for language in ("rules", "thresholds"):
        done = load(None, language, "".join(t for _, t in blocks[language]), folder)
        if done.returncode or "warning[" in done.stderr:
            wrong(f"blocks of {language}", done.stderr + done.stdout)
    for language in ("settings", "policy", "inventory"):
        for page, text in blocks[language]:
            done = load(page, language, text, folder)
            if done.returncode or (language == "policy" and "warning[" in done.stderr):
                wrong(page.where(), f"a block of {language}:\n{text}{done.stderr}")
    sets = collections.OrderedDict()
    for page in english + chinese:
        for span in page.spans:
            key, colon, value = span.partition(": ")
            if colon and key in settings:
                sets[f"{key}={value}"] = page
    values = [w for s in sets for w in ("--set", s.replace("[", "").replace("]", "").replace('"', ""))]
    (folder / "policies").mkdir()
    (folder / "policies/any.yaml").write_text("policy: any\nfor: any\ningress:\n  - allow from any\n")
    done = run(PROGRAM, "check", *values, cwd=folder)
    if done.returncode:
        wrong("settings named in pages", done.stderr)
    for page in english + chinese:
        commands = [line[2:] for language, lines in page.blocks if language == "console" for line in lines if line.startswith("$ ")]
        for command in commands + [s for s in page.spans if s.startswith("bulkhead ")]:
            known_command(page, command)
    return sum(map(len, blocks.values())), len(sets)


def known_command(page, command):
    words = shlex.split(command)[1:]
    name = next((n for n in (" ".join(words[:2]), words[0]) if n in completions), None)
    if name is None:
        return wrong(page.where(), f"{command}: there is no such command")
    for word in words:
        if word.startswith("-") and word.split("=")[0] not in completions[name]:
            wrong(page.where(), f"{command}: {name} has no option {word}")
    about = [w for w in words[1:] if not w.startswith("-")]
    if words[0] == "explain" and "--pcap" not in words and len(about) in (1, 2) and find(english, about[-1]) is None:
        wrong(page.where(), f"{command}: there is no such page")


def names_of_ours(everything):
    """Dotted words in `code` that begin as a setting or a code does must be one, or a counter."""
    roots = {s.split(".")[0] for s in settings} | {"lint", "signature", "yaml", "settings", "manifest", "inventory", "model"}
    for page in english + chinese:
        for span in page.spans:
            word = span.split(":")[0].split("=")[0].strip()
            if word.startswith("bulkhead ") or "/" in word or word.split(".")[0] not in roots or "." not in word:
                continue
            if word.rstrip(".*") not in settings and word not in settings and f'"{word.rstrip(".*")}' not in everything:
                wrong(page.where(), f"`{word}` is neither a setting nor a code nor a counter")
        for word in page.spans:
            if re.fullmatch(r"guard/[\w-]+", word) and find(english, word) is None:
                wrong(page.where(), f"`{word}` is no reason of the guard")


def shown():
    """What the command does with pages."""
    for words, environment, expected in (
            (["scan"], {}, "How to tune it"), (["detector", "scan", "--lang", "zh"], {}, "如何调整"),
            (["scan"], {"LC_ALL": "zh_CN.UTF-8"}, "如何调整"), (["6100503"], {}, "pack data-stores"),
            (["lint.shadowed"], {}, "diagnostic lint-shadowed"), (["guard/arp-sender"], {}, "finding guard-arp")):
        done = run(PROGRAM, "explain", *words, **environment)
        if done.returncode or expected not in done.stdout:
            wrong("explain " + " ".join(words), f"does not say {expected}: {done.stdout[:300]}{done.stderr}")
    done = run(PROGRAM, "explain", "scn")
    if done.returncode != 2 or "did you mean scan?" not in done.stderr:
        wrong("explain scn", done.stderr)
    page = json.loads(run(PROGRAM, "explain", "scan", "--json", "--lang", "zh").stdout)
    if page["name"] != "scan" or page["language"] != "zh" or page["attack"][0]["id"] != "T1046" or "如何修复" not in page["body"]:
        wrong("explain scan --json", page)
    listed = run(PROGRAM, "list", "explanations").stdout
    for page in english:
        if not re.search(rf"^{page.kind} +{page.name} ", listed, re.M):
            wrong("list explanations", f"leaves {page.name} out")


all_pages = [Page(p) for p in sorted(PAGES.glob("*/*.md"))]
english = [p for p in all_pages if p.language == "en"]
chinese = [p for p in all_pages if p.language == "zh"]
settings = set(re.findall(r"^  ([a-z]\S*)", run(PROGRAM, "list", "settings").stdout, re.M))
keywords = set(re.findall(r"^(\S+)", run(PROGRAM, "list", "keywords").stdout, re.M))
completions = {path: set(shlex.split(words)[0].split()) if words != "''" else set() for path, words in re.findall(
    r"^    '([^']*)'\) words=(.*) ;;$", run(PROGRAM, "completion", "bash").stdout, re.M)}


def main():
    everything, codes = what_has_a_page()
    names = {}
    for page in all_pages:
        form(page, names)
    twice = [n for n, count in collections.Counter(p.name for p in english).items() if count > 1]
    if twice:
        wrong("names", f"of two pages: {twice}")
    translations = {(p.kind, p.name): p for p in chinese}
    for page in english:
        other = translations.pop((page.kind, page.name), None)
        if other is None:
            wrong(page.where(), "has no Chinese translation")
        else:
            translation(page, other)
    for page in translations.values():
        wrong(page.where(), "is a translation of nothing")
    with tempfile.TemporaryDirectory(prefix="bulkhead-explanations-") as folder:
        blocks, sets = execute(pathlib.Path(folder))
    names_of_ours(everything)
    shown()
    print(f"{len(english)} pages in two languages, {codes} codes of diagnostics, {blocks} blocks and {sets} settings executed")
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
