#!/usr/bin/env python3
"""Holds chatdb's reading of T-SQL against sqlglot's.

    python3 -m pip install -r tests/peers/requirements.txt
    python3 tests/peers/tsql_peers.py target/debug/chatdb

Each text of tests/tsql/ is answered twice on the same rows: by `chatdb query`, and by what sqlglot makes of it for
SQLite, run there. Where the two differ, tsql_differences.txt beside this file must say why, text by text; what it
says of a text on which they agree, or differ otherwise, is stale. Every query that `chatdb sql` prints must be T-SQL
to sqlglot as well.

So is each finding, on rows at random (rows.py) that chatdb imports. Functions of SQL Server that sqlglot cannot say in
SQLite are given to it as they are publicly defined, so that the rest of the finding is what is compared; what a handed
out finding declares is bound; and what it makes of change data capture, a copy has as tables.

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
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import apsw
import sqlglot
from sqlglot import exp

import rows

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ROOT / "tests" / "tsql"
LIST = Path(__file__).with_name("tsql_differences.txt")
NOW = "2011-07-15 12:34:56.000"
# What the findings are asked with: an outage, and thresholds that few rows reach.
GIVEN = {
    "outage_from": "2011-07-11 09:00:00.000",
    "outage_to": "2011-07-13 15:00:00.000",
    "outage_from": "2011-07-11 09:00:00.000",
    "outage_to": "2011-07-13 15:00:00.000",
    "utc_offset_minutes": "0",
    "gap_minutes": "600",
    "others_assigned": "1",
    "least_expected": "1",
    "least_days": "1",
}
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


def ask_chatdb(binary, database, text, asked=("-",)):
    """Its answers, or its error."""
    command = [binary, "query", *asked, "--db", database, "--as-of", NOW, "--format", "json", "--include-pii"]
    run = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8", check=False)
    if run.returncode not in (0, 1, 2, 3, 5):
        sys.exit(f"{text}\nexit {run.returncode}\n{run.stderr}")
    if run.returncode != 0:
        return None, run.stderr.splitlines()[0]
    return [[list(row.values()) for row in listing["rows"]] for listing in json.loads(run.stdout)["listings"]], None


def at_home(node):
    """What is no matter of translation is made the same for both: the time, and the one database there is."""
    if isinstance(node, exp.CurrentTimestamp):
        return exp.Literal.string(NOW)
    if isinstance(node, (exp.Table, exp.Column)):
        # Where WITH gives a table's name to something else, the qualified name is still the table's.
        if isinstance(node, exp.Column) or node.args.get("db") is not None:
            here = exp.to_identifier("main") if isinstance(node, exp.Table) and node.name[:1] != "#" else None
            node.set("db", here)
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


# FINDINGS --------------------------------------------------------------------------------------------------------

EPOCH = datetime(1970, 1, 1)
UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


def dateadd(unit, number, value):
    if number is None or value is None:
        return None
    at = datetime.fromisoformat(value) + timedelta(seconds=int(number) * UNITS[unit])
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}"


def datediff(unit, start, end):
    """The boundaries of the unit between two times."""
    if start is None or end is None:
        return None
    boundary = lambda value: (datetime.fromisoformat(value) - EPOCH) // timedelta(seconds=UNITS[unit])
    return boundary(end) - boundary(start)


def stuff(text, start, length, instead):
    if text is None or not 1 <= start <= len(text):
        return None
    return text[:start - 1] + (instead or "") + text[start - 1 + length:]


def is_text(node):
    if isinstance(node, exp.Case):
        return any(is_text(branch.args["true"]) for branch in node.args["ifs"])
    if isinstance(node, (exp.Add, exp.DPipe)):
        return is_text(node.left) or is_text(node.right)
    return is_text(node.this) if isinstance(node, exp.Paren) else isinstance(node, exp.Literal) and node.is_string


def with_functions(node):
    """The functions that sqlglot has no twin of in SQLite, by name; a time is text there."""
    unit = lambda: exp.Literal.string(node.args["unit"].name.lower())
    bare = lambda inner: inner.this if isinstance(inner, (exp.TimeStrToTime, exp.TsOrDsToTimestamp)) else inner
    if isinstance(node, exp.DateAdd):
        return exp.Anonymous(this="tsql_dateadd", expressions=[unit(), node.expression, bare(node.this)])
    if isinstance(node, exp.DateDiff):
        return exp.Anonymous(this="tsql_datediff", expressions=[unit(), bare(node.expression), bare(node.this)])
    # That is no function; sqlglot does not follow types here, by which `+` joins texts.
    if isinstance(node, exp.Add) and is_text(node):
        return exp.DPipe(this=node.left, expression=node.right)
    return node


def bound(item):
    """The name and the value of a declaration."""
    value, name = item.args["default"], item.this[0].name
    if isinstance(value, exp.Null):
        return name, None
    if item.args["kind"].this == exp.DataType.Type.DATETIME:
        return name, value.name.replace("T", " ")
    return name, int(value.name) if isinstance(value, exp.Literal) and not value.is_string else value.name


def ask_sqlglot_finding(path, text):
    """The rows of SQLite for its translation of a finding as it is handed out, or the first error."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    for name, count, function in (("tsql_dateadd", 3, dateadd), ("tsql_datediff", 3, datediff), ("stuff", 4, stuff)):
        connection.create_scalar_function(name, function, count)
    try:
        *declared, tree = [tree for tree in sqlglot.parse(text, read="tsql") if tree]
        values = dict(bound(item) for statement in declared for item in statement.expressions)
        tables = {name for name, in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        for cte in list(tree.ctes):
            if cte.alias in tables:
                cte.pop()
        # From within outwards: what is replaced is not looked into again.
        for node in reversed(list(tree.walk())):
            node.replace(with_functions(node))
        tree = tree.transform(at_home)
        sql = tree.sql(dialect="sqlite", comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE)
        return [[list(row) for row in connection.execute(sql, values)]], None
    except sqlglot.errors.SqlglotError as error:
        first = re.sub(r"\x1b\[\d*m", "", str(error).splitlines()[0])
        return None, f"sqlglot: {first}"
    except apsw.Error as error:
        return None, f"sqlite: {error}"
    finally:
        connection.close()


def imported(binary, folder):
    """A copy of the rows at random."""
    copy = folder / "copy.sqlite"
    for name, text in rows.files(NOW).items():
        file = folder / f"{name}.csv"
        file.write_text(text, encoding="utf-8")
        table = "egpl_casemgmt_activity" if "activity" in name.split("_")[0] or name.startswith("cdc.") else name
        day = 14 if name == "activity_before" else 15
        command = [binary, "import", file, "--input-format", "ads_csv", "--table", table, "--db", copy, "--exported-at",
                   f"2011-07-{day} 12:00:00"]
        subprocess.run(command, check=True, capture_output=True)
    return copy


def finding_differences(binary, copy):
    """As [`differences`], finding by finding; and how many answers have rows."""
    found, with_rows = {}, 0
    for file in sorted(ROOT.glob("reports/findings/*.sql")):
        page = file.read_text(encoding="utf-8")
        sets = [word for name, value in GIVEN.items() if f"-- parameter: {name} " in page
                for word in ("--set", f"{name}={value}")]
        command = [binary, "sql", file.stem, *sets]
        run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
        mine, refusal = ask_chatdb(binary, copy, "", (file.stem, *sets))
        theirs, error = ask_sqlglot_finding(copy, run.stdout)
        if refusal is not None:
            sys.exit(f"{file.stem}: {refusal}")
        with_rows += bool(mine[0])
        if error is not None or comparable(mine, False) != comparable(theirs, False):
            found[f"finding {file.stem}"] = error or both_have(mine[0], theirs[0])
    return found, with_rows


def both_have(mine, theirs):
    lines = lambda rows_of: Counter("|".join(map(show, row)) for row in rows_of)
    common = (lines(mine) & lines(theirs)).total()
    return f"{len(theirs)} rows, of which chatdb has {common} of its {len(mine)}"


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
    assert datediff("minute", "2011-07-12 14:49:59.990", "2011-07-12 14:50:00.000") == 1
    assert datediff("minute", "1970-01-01", "1969-12-31 23:59:59.000") == -1
    assert dateadd("minute", -10, "2011-07-12 00:05:00.250") == "2011-07-11 23:55:00.250"
    assert stuff("; a; b", 1, 2, "") == "a; b" and stuff("", 1, 2, "") is None
    assert not comparable([[[1, "a"]]], False) == comparable([[["1", "a"]]], False)


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
        copy = imported(options.binary, Path(folder))
        more, with_rows = finding_differences(options.binary, copy)
        found.update(more)
        findings = len(list(ROOT.glob("reports/findings/*.sql")))

    entries = explained(LIST.read_text(encoding="utf-8")) if LIST.exists() else []
    if options.write:
        write(found, {entry.text: entry.why for entry in entries})
        entries = explained(LIST.read_text(encoding="utf-8"))
    complaints = list(judge(found, entries))
    complaints += [f"{path} as printed: {wrong}" for path, text in handed.items() if (wrong := not_a_query(text))]
    if len(handed) < 2 or answered < 75:
        complaints.append(f"the texts prove little: {len(handed)} are printed, {answered} answered alike")
    if with_rows < findings - 3 or len(more) > 3:
        few = f"{with_rows} of {findings} findings answer with any, {len(more)} differ"
        complaints.append(f"the rows prove little: {few}")
    print("\n".join(complaints + [""] * bool(complaints)), end="")
    print(
        f"{sum(len(texts) for _, texts in runs)} texts of T-SQL: chatdb and sqlglot answer {answered} alike, refuse"
        f" {agreed - answered} both, and differ in {len(found)}, each explained"
        if not complaints
        else f"{len(complaints)} complaints"
    )
    print(f"{findings} findings: {findings - len(more)} answered alike, {with_rows} of all with rows")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
