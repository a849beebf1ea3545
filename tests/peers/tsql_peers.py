#!/usr/bin/env python3
"""Holds chatdb's reading of T-SQL against sqlglot's.

    python3 -m pip install -r tests/peers/requirements.txt
    python3 tests/peers/tsql_peers.py target/debug/chatdb

Each text of tests/tsql/ is answered twice on the same rows: by `chatdb query`, and by what sqlglot makes of it for
SQLite, run there. Where the two differ, tsql_differences.txt beside this file must say why, text by text; what it
says of a text on which they agree, or differ otherwise, is stale. Every query that `chatdb sql` prints must be T-SQL
to sqlglot as well; the findings among them are not answered, as their answer should be empty.

Exit 0: all is explained. 1: something is not. `--write` takes new differences down without a reason, which does not
pass, and drops stale ones.
"""

import argparse
import json
import logging
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import apsw
import sqlglot
from sqlglot import exp

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ROOT / "tests" / "tsql"
LIST = Path(__file__).with_name("tsql_differences.txt")
NOW = "2011-07-15 12:34:56.000"
HEAD = """\
Where sqlglot, asked to translate T-SQL for SQLite, comes to another answer than chatdb, and why chatdb's stands. After
`-->` stands its answer in the form of tests/tsql/features.txt, or the error of sqlglot or of SQLite.
"""


class Difference(NamedTuple):
    """A text, what sqlglot's way comes to, and why that is not what SQL Server does."""

    text: str
    theirs: str
    why: str


def texts_of(page):
    """The texts of a page in the form of features.txt."""
    texts = []
    for section in page.split("\n=== ")[1:]:
        _, _, rest = section.partition("\n")
        texts += [part.strip("\n") for part in re.findall(r"(.*?)\n-->.*?(?:\n\n|\Z)", rest, re.S)]
    return texts


def show(cell):
    if cell is None:
        return "NULL"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return repr(cell) if isinstance(cell, float) else str(cell)


def written(answers):
    if not answers:
        return "no answer"
    return " // ".join("; ".join("|".join(map(show, row)) for row in rows) for rows in answers)


def comparable(answers, ordered):
    """Numbers are compared as numbers, texts as texts, rows without an order in any order."""
    cells = [[[(isinstance(c, str), show(c)) for c in row] for row in rows] for rows in answers]
    return cells if ordered else [sorted(rows) for rows in cells]


def ask_chatdb(binary, database, text):
    """Its answers, or its error."""
    command = [binary, "query", "-", "--db", database, "--as-of", NOW, "--format", "json", "--include-pii"]
    run = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8", check=False)
    if run.returncode not in (0, 1, 2, 3, 5):
        sys.exit(f"{text}\nexit {run.returncode}\n{run.stderr}")
    if run.returncode != 0:
        return None, run.stderr.splitlines()[0]
    return [listing["table"]["rows"] for listing in json.loads(run.stdout)["listings"]], None


def at_home(node):
    """What is no matter of translation is made the same for both: the time, and the one database there is."""
    if isinstance(node, exp.CurrentTimestamp):
        return exp.Literal.string(NOW)
    if isinstance(node, (exp.Table, exp.Column)):
        node.set("db", None)
        node.set("catalog", None)
    return node


def ask_sqlglot(image, text):
    """The answers of SQLite to its translation, or the first error."""
    try:
        trees = [tree.transform(at_home) for tree in sqlglot.parse(text, read="tsql") if tree]
        options = {"dialect": "sqlite", "comments": False, "unsupported_level": sqlglot.ErrorLevel.RAISE}
        statements = [tree.sql(**options) for tree in trees]
    except sqlglot.errors.SqlglotError as error:
        first = re.sub(r"\x1b\[\d*m", "", str(error).splitlines()[0])
        return None, f"sqlglot: {first}"
    connection = apsw.Connection(":memory:")
    connection.deserialize("main", image)
    answers = []
    try:
        for statement in statements:
            cursor = connection.cursor()
            rows = [list(row) for row in cursor.execute(statement)]
            if statement.lstrip("( ").upper().startswith(("SELECT", "WITH", "VALUES")):
                answers.append(rows)
    except apsw.Error as error:
        return None, f"sqlite: {error}"
    finally:
        connection.close()
    return answers, None


def differences(binary, database, texts):
    """Text by text what sqlglot's way comes to, where it is not what chatdb's does; and how many agree."""
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    image = connection.serialize("main")
    connection.close()
    found, agreed, answered = {}, 0, 0
    for text in texts:
        mine, refusal = ask_chatdb(binary, database, text)
        theirs, error = ask_sqlglot(image, text)
        ordered = re.search(r"\border\s+by\b", text, re.I) is not None
        if refusal is None and error is None:
            same = comparable(mine, ordered) == comparable(theirs, ordered)
        else:
            same = refusal is not None and error is not None
        agreed += same
        answered += same and error is None
        if not same:
            found[text] = (error or written(theirs)).rstrip()
    return found, agreed, answered


def printed(binary):
    """Every query and finding in T-SQL as `chatdb sql` prints it, by its path."""
    files = sorted([*ROOT.glob("reports/*.sql"), *ROOT.glob("reports/findings/*.sql")])
    for file in files:
        if re.search(r"^-- dialect: tsql$", file.read_text(encoding="utf-8"), re.M):
            command = [binary, "sql", file.stem]
            run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
            yield file.relative_to(ROOT).as_posix(), run.stdout.strip("\n")


def not_a_query(text):
    """Why sqlglot does not see declarations and one query in a text; nothing when it does."""
    try:
        trees = [tree for tree in sqlglot.parse(text, read="tsql") if tree]
    except sqlglot.errors.SqlglotError as error:
        return str(error)
    kinds = [type(tree) for tree in trees]
    declared = all(issubclass(kind, exp.Declare) for kind in kinds[:-1])
    reads = kinds and issubclass(kinds[-1], exp.Query) and not trees[-1].find(exp.Into)
    return None if declared and reads else f"sqlglot sees {', '.join(kind.__name__ for kind in kinds)}"


def explained(page):
    """The differences that a page in the form of tsql_differences.txt explains."""
    found = re.findall(r"(.*?)\n--> ?(.*?)\nbecause:([^\n]*)\n(?:\n|\Z)", page.partition("\n\n")[2], re.S)
    return [Difference(text, theirs, why.strip()) for text, theirs, why in found]


def write(found, reasons):
    entries = []
    for text, theirs in found.items():
        entries += [f"\n{text}\n-->{' ' * bool(theirs)}{theirs}\n", f"because: {reasons.get(text, '')}".rstrip() + "\n"]
    LIST.write_text(HEAD + "".join(entries), encoding="utf-8")


def judge(found, entries):
    """Lines on what is not explained, and on what is explained and is not so."""
    known = {entry.text: entry for entry in entries}
    if len(known) != len(entries):
        yield "a text is explained twice"
    for text, theirs in found.items():
        entry = known.pop(text, None)
        if entry is None or not entry.why:
            yield f"not explained:\n{text}\n  theirs: {theirs}"
        elif entry.theirs != theirs:
            yield f"explained is another difference:\n{text}\n  theirs was {entry.theirs}\n  theirs is  {theirs}"
    for text in known:
        yield f"explained, and there is no difference:\n{text}"


def prove_the_judge():
    """What this program is for, on made-up differences: each of its complaints comes when it should."""
    entry = Difference("a", "1", "so it is")
    assert not list(judge({"a": "1"}, [entry]))
    for found, entries in [
        ({"a": "1", "b": "2"}, [entry]),
        ({"a": "1"}, [entry._replace(why="")]),
        ({"a": "2"}, [entry]),
        ({}, [entry]),
        ({"a": "1"}, [entry, entry]),
    ]:
        assert list(judge(found, entries)), (found, entries)
    assert not not_a_query("declare @a int = 1;\nselect @a")
    for text in ("select from", "update t set a = 1; select 1", "select a into #t from u", "declare @a int"):
        assert not_a_query(text), text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", help="the chatdb to test")
    parser.add_argument("--write", action="store_true", help="take down the differences")
    options = parser.parse_args()
    # That it passes something on as it stands shows in what SQLite says of it.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    prove_the_judge()

    with tempfile.TemporaryDirectory(prefix="tsql_peers_") as folder:
        tables, chats = Path(folder, "tables.sqlite"), Path(folder, "chats.sqlite")
        connection = apsw.Connection(str(tables))
        connection.execute((TEXTS / "tables.sql").read_text(encoding="utf-8"))
        connection.close()
        replay = [options.binary, "replay", "services_failure", "--until", "20", "--db", str(chats)]
        subprocess.run(replay, check=True, capture_output=True)

        handed = dict(printed(options.binary))
        pages = [(TEXTS / name).read_text(encoding="utf-8") for name in ("features.txt", "pasted.txt")]
        runs = [
            (tables, texts_of(pages[0])),
            (chats, [*texts_of(pages[1]), *(handed[path] for path in handed if "/findings/" not in path)]),
        ]
        found, agreed, answered = {}, 0, 0
        for database, texts in runs:
            more, same, both = differences(options.binary, database, texts)
            found.update(more)
            agreed, answered = agreed + same, answered + both

    entries = explained(LIST.read_text(encoding="utf-8")) if LIST.exists() else []
    if options.write:
        write(found, {entry.text: entry.why for entry in entries})
        entries = explained(LIST.read_text(encoding="utf-8"))
    complaints = list(judge(found, entries))
    complaints += [f"{path} as printed: {wrong}" for path, text in handed.items() if (wrong := not_a_query(text))]
    if len(handed) < 2 or answered < 75:
        complaints.append(f"the texts prove little: {len(handed)} are printed, {answered} answered alike")
    print("\n".join(complaints + [""] * bool(complaints)), end="")
    print(
        f"{sum(len(texts) for _, texts in runs)} texts of T-SQL: chatdb and sqlglot answer {answered} alike, refuse"
        f" {agreed - answered} both, and differ in {len(found)}, each explained"
        if not complaints
        else f"{len(complaints)} complaints"
    )
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
