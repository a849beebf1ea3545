#!/usr/bin/env python3
"""Writes an export to measure with, and measures chatdb beside its peers on it.

    cargo build --profile dist
    pip install duckdb-cli
    python3 benches/exports.py target/dist/chatdb --rows 1000000 --folder /dev/shm

Standard library only; peers are programs. Each pair runs side by side: in every round each command runs once, one after
the other, and every second round in the opposite order. What is printed is the median of the rounds, the median of the
ratios within a round, and the most memory that the kernel saw the process hold. `--only import,query` chooses.

    python3 benches/exports.py --write DIR --rows 1000000

only writes the export: activities, a later export of them with one row in a thousand different, users and queues. The
same numbers give the same bytes. A third of the activities are chats, one in three hundred of those is open; texts
hold commas, doubled quotes and line breaks, and some values are NULL.
"""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

COLUMNS = [
    ("activity_id", "BIGINT"), ("case_id", "BIGINT"), ("department_id", "BIGINT"), ("activity_mode", "BIGINT"),
    ("activity_type", "BIGINT"), ("activity_sub_type", "BIGINT"), ("activity_status", "BIGINT"),
    ("activity_sub_status", "BIGINT"), ("activity_priority", "BIGINT"), ("queue_id", "BIGINT"),
    ("assigned_to", "BIGINT"), ("user_last_worked", "BIGINT"), ("customer_id", "BIGINT"),
    ("contact_person_id", "BIGINT"), ("contact_point_id", "BIGINT"), ("contact_point_data", "VARCHAR"),
    ("language_id", "BIGINT"), ("subject", "VARCHAR"), ("description", "VARCHAR"), ("locked", "VARCHAR"),
    ("when_created", "TIMESTAMP"), ("when_modified", "TIMESTAMP"), ("due_date", "TIMESTAMP"), ("pinned", "VARCHAR"),
]
USERS, QUEUES = 2500, 250
WORDS = ("account address answer billing broken card change charge code contract credit delay device error invoice "
         "line login modem number order parcel payment phone plan price question refund repair reset return router "
         "screen service setup signal speed status tariff ticket transfer update voice wrong").split()

QUESTION = """SELECT b.contact_point_data, a.queue_name, b.activity_id, b.activity_status, b.activity_sub_status,
c.login_ip, b.assigned_to, b.when_created, c.user_name, c.screen_name
FROM egpl_routing_queue a, egpl_casemgmt_activity b, egpl_user c
WHERE a.queue_id = b.queue_id AND b.assigned_to = c.user_id AND b.activity_type = 2000 AND b.activity_status <> 9000
AND b.activity_sub_status NOT IN (9100, 9200) ORDER BY b.when_created ASC"""


# THE EXPORT ------------------------------------------------------------------------------------------------------

def stamp(minute, ms):
    """A time of 2011, so many minutes after its first, in months of 28 days."""
    day, minute = divmod(minute, 1440)
    month, day = divmod(day, 28)
    return f"2011-{month % 12 + 1:02}-{day + 1:02} {minute // 60:02}:{minute % 60:02}:{ms // 1000:02}.{ms % 1000:03}"


def quoted(text):
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\n') else text


def activity(rng, row, minute):
    number = rng.randrange
    chat = rng.random() < 0.3
    is_open = chat and rng.random() < 1 / 300
    status, sub_status = (5000, 5900) if is_open else (9000, rng.choice((9100, 9100, 9200)))
    text = lambda least, most: " ".join(rng.choices(WORDS, k=number(least, most)))
    subject, description = text(3, 9), text(6, 16)
    odd = rng.random()
    if odd < 0.15:
        subject = f"{subject}, {rng.choice(WORDS)}"
    elif odd < 0.2:
        description = f'They said "{description}", again'
    elif odd < 0.25:
        description = f"{description}\n{text(3, 8)}"
    elif odd < 0.3:
        description = "NULL"
    agent = "NULL" if rng.random() < 0.05 else 1000 + number(USERS)
    domain = rng.choice(("example.com", "example.org", "m\u00fcller.example"))
    created = stamp(minute, number(60_000))
    modified = stamp(minute + number(3000), number(60_000))
    due = "NULL" if rng.random() < 0.6 else stamp(minute + 4320, 0)
    return [
        1000 + row, 1000 + row // 2, 1000 + number(4), 100 if chat else 200, 2000 if chat else 1,
        2001 if chat else number(1, 5), status, sub_status, number(1, 10), 1000 + number(QUEUES), agent, agent,
        100_000 + number(300_000), 100_000 + number(200_000), number(500_000),
        f"{rng.choice(WORDS)}.{rng.choice(WORDS)}{number(90_000)}@{domain}", 1, quoted(subject), quoted(description),
        number(2), created, modified, due, "n",
    ]


def write(folder, rows):
    """Writes activity.csv, activity_later.csv, users.csv and queues.csv."""
    rng = random.Random(20110712)
    folder.mkdir(parents=True, exist_ok=True)
    header = ",".join(name for name, _ in COLUMNS) + "\n"
    with open(folder / "activity.csv", "w", encoding="utf-8", newline="") as first, \
            open(folder / "activity_later.csv", "w", encoding="utf-8", newline="") as later:
        first.write(header)
        later.write(header)
        for row in range(rows):
            cells = activity(rng, row, row * 450_000 // max(rows, 1))
            line = ",".join(map(str, cells)) + "\n"
            first.write(line)
            fate = rng.random()
            if fate < 0.0008:
                cells[6], cells[7] = 9000, 9999
                line = ",".join(map(str, cells)) + "\n"
            if not 0.0008 <= fate < 0.0009:
                later.write(line)
        for row in range(rows, rows + rows // 10_000):
            later.write(",".join(map(str, activity(rng, row, 450_000))) + "\n")
    with open(folder / "users.csv", "w", encoding="utf-8", newline="") as file:
        file.write("user_id,user_name,screen_name,login_ip,department_id\n")
        for user in range(1000, 1000 + USERS):
            file.write(f"{user},agent{user},Agent {user},10.0.{user % 8}.{user % 250},1000\n")
    with open(folder / "queues.csv", "w", encoding="utf-8", newline="") as file:
        file.write("queue_id,queue_name,department_id\n")
        for queue in range(1000, 1000 + QUEUES):
            file.write(f"{queue},Queue {queue},1000\n")


# RUNNING ---------------------------------------------------------------------------------------------------------

class Command(NamedTuple):
    name: str
    argv: list
    peer: str = ""  # the command that it is held against
    stdin: str = "/dev/null"
    fresh: tuple = ()  # files that are taken away before it runs
    codes: tuple = (0,)


class Took(NamedTuple):
    wall: float  # s
    cpu: float  # s, user and system
    memory: float  # MiB


def run(command):
    """One process, from before it is made until it has ended."""
    for path in command.fresh:
        Path(path).unlink(missing_ok=True)
    stdin = os.open(command.stdin, os.O_RDONLY)
    devnull = os.open("/dev/null", os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, devnull, 1), (os.POSIX_SPAWN_DUP2, devnull, 2)]
    start = time.perf_counter()
    pid = os.posix_spawnp(command.argv[0], command.argv, os.environ, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    os.close(stdin)
    os.close(devnull)
    if not os.WIFEXITED(status) or os.WEXITSTATUS(status) not in command.codes:
        sys.exit(f"{command.name}: wait status {status}")
    return Took(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measure(title, commands, rounds):
    times = {command.name: [] for command in commands}
    for number in range(rounds + 1):
        for command in commands if number % 2 else reversed(commands):
            took = run(command)
            if number:  # The first round warms the caches.
                times[command.name].append(took)
    print(f"\n### {title}\n\n| command | wall s | cpu s | MiB | ratio, wall | ratio, cpu |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for command in commands:
        took = times[command.name]
        median = lambda of: statistics.median(of(one) for one in took)
        ratios = ["", ""]
        if command.peer:
            for at, of in enumerate((lambda one: one.wall, lambda one: one.cpu)):
                pairs = sorted(of(a) / max(of(b), 1e-9) for a, b in zip(took, times[command.peer]))
                ratios[at] = f"{statistics.median(pairs):.2f} ({pairs[0]:.2f}-{pairs[-1]:.2f})"
        print(f"| {command.name} | {median(lambda one: one.wall):.3f} | {median(lambda one: one.cpu):.3f} "
              f"| {max(one.memory for one in took):.0f} | {ratios[0]} | {ratios[1]} |", flush=True)
    return times


def output(argv, stdin=None):
    return subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False).stdout


# THE PAIRS -------------------------------------------------------------------------------------------------------

class Bench:
    def __init__(self, chatdb, duckdb, sqlite3, folder, export, rounds):
        self.chatdb, self.duckdb, self.sqlite3 = chatdb, duckdb, sqlite3
        self.folder, self.rounds = folder, rounds
        # The peers make no pseudonyms.
        self.plain = ["--include-pii", "--format", "csv"]
        self.activity = str(export / "activity.csv")
        self.later = str(export / "activity_later.csv")
        self.files = [self.activity, str(export / "users.csv"), str(export / "queues.csv")]
        self.db = str(folder / "copy.sqlite")
        self.duck = str(folder / "copy.duckdb")
        types = ",".join(f"'{name}':'{kind}'" for name, kind in COLUMNS)
        reader = (f"read_csv('{self.activity}', columns={{{types}}}, header=true, nullstr='NULL', quote='\"', "
                  "escape='\"', delim=',', new_line='\\n', auto_detect=false)")
        others = "".join(f"CREATE {{0}} {table} AS SELECT * FROM read_csv('{path}', nullstr='NULL');\n"
                         for table, path in zip(("egpl_user", "egpl_routing_queue"), self.files[1:]))
        every = f"CREATE {{0}} egpl_casemgmt_activity AS SELECT * FROM {reader};\n".replace("{'", "{{'") \
            .replace("'}", "'}}") + others
        self.script("tables.sql", every.format("TABLE"))
        self.script("views.sql", every.format("VIEW") + QUESTION + ";\n")
        self.script("question.sql", QUESTION + ";\n")
        self.script("lite.sql", self.lite())

    def script(self, name, text):
        (self.folder / name).write_text(text)

    def path(self, name):
        return str(self.folder / name)

    def lite(self):
        """What the sqlite3 shell is told to import everything, typed."""
        kinds = {"BIGINT": "INTEGER", "VARCHAR": "TEXT", "TIMESTAMP": "TEXT"}
        columns = ", ".join(f"{name} {kinds[kind]}" for name, kind in COLUMNS)
        columns = columns.replace("INTEGER", "INTEGER PRIMARY KEY", 1)
        return (f"CREATE TABLE egpl_casemgmt_activity ({columns});\n"
                "CREATE TABLE egpl_user "
                "(user_id INTEGER PRIMARY KEY, user_name, screen_name, login_ip, department_id);\n"
                "CREATE TABLE egpl_routing_queue (queue_id INTEGER PRIMARY KEY, queue_name, department_id);\n"
                ".mode csv\n" + "".join(f".import --skip 1 {path} {table}\n" for path, table in zip(
                    self.files, ("egpl_casemgmt_activity", "egpl_user", "egpl_routing_queue"))))

    def load(self, name="chatdb import", peer=""):
        return Command(name, [self.chatdb, "import", *self.files, "--db", self.db], peer, fresh=(self.db,))

    def ctas(self):
        return Command("DuckDB CREATE TABLE AS", [self.duckdb, self.duck], "", self.path("tables.sql"), (self.duck,))

    def imports(self):
        lite = str(self.folder / "lite.sqlite")
        measure("Import, typed and indexed", [
            Command("sqlite3 .import", [self.sqlite3, lite], "", self.path("lite.sql"), (lite,)),
            self.ctas(),
            self.load(peer="DuckDB CREATE TABLE AS"),
            self.load("chatdb import, beside .import", "sqlite3 .import"),
        ], self.rounds)

    def stored(self):
        for command in (self.load(), self.ctas()):
            run(command)

    def query(self):
        self.stored()
        measure("The documented query after import", [
            Command("DuckDB", [self.duckdb, "-readonly", self.duck], "", self.path("question.sql")),
            Command("chatdb query --db", [self.chatdb, "query", "open_chats", "--db", self.db, *self.plain],
                    "DuckDB"),
        ], self.rounds)

    def layer(self):
        """The documented query through the T-SQL layer, and the same SQL put to the sqlite3 shell, on one file."""
        self.stored()
        question = QUESTION.replace("\n", " ")
        plan = output([self.chatdb, "query", question, "--db", self.db, "--explain"])
        print(f"\n```\n{plan.strip()}\n```")
        measure("The documented query by T-SQL and by sqlite3, on the same file", [
            Command("sqlite3", [self.sqlite3, "-readonly", "-csv", self.db], "", self.path("question.sql")),
            Command("chatdb query", [self.chatdb, "query", question, "--db", self.db, *self.plain], "sqlite3"),
        ], self.rounds * 3)

    def scan(self):
        measure("The documented query straight from CSV, nothing stored", [
            Command("DuckDB view", [self.duckdb, "-csv"], "", self.path("views.sql")),
            Command("chatdb query EXPORT...", [self.chatdb, "query", "open_chats", *self.files, *self.plain],
                    "DuckDB view"),
        ], self.rounds)
        ours = output([self.chatdb, "query", "open_chats", *self.files, *self.plain]).count("\n")
        theirs = output([self.duckdb, "-csv"], (self.folder / "views.sql").read_text()).count("\n")
        print(f"\nlines of the answer: chatdb {ours}, DuckDB {theirs}")

    def analyze(self):
        measure("Every finding, cold from CSV", [
            self.ctas(),
            Command("chatdb analyze", [self.chatdb, "analyze", *self.files], "DuckDB CREATE TABLE AS", codes=(0, 1)),
        ], self.rounds)

    def diff(self):
        columns = ",".join(f"'{name}':'VARCHAR'" for name, _ in COLUMNS)
        keyed = lambda path: (f"SELECT activity_id k, hash(a) h FROM read_csv('{path}', header=true, quote='\"', "
                              f"escape='\"', delim=',', new_line='\\n', auto_detect=false, columns={{{columns}}}) a")
        self.script("diff.sql", f"WITH x AS ({keyed(self.activity)}), y AS ({keyed(self.later)}) SELECT "
                    "count(*) FILTER (x.k IS NULL), count(*) FILTER (y.k IS NULL), count(*) FILTER (x.h <> y.h) "
                    "FROM x FULL JOIN y ON x.k = y.k;\n")
        measure("Keyed diff of two files, one row in a thousand different", [
            Command("DuckDB full join of hashes", [self.duckdb], "", self.path("diff.sql")),
            Command("chatdb diff", [self.chatdb, "diff", self.activity, self.later, "--key", "activity_id"],
                    "DuckDB full join of hashes", codes=(1,)),
        ], self.rounds)


PAIRS = {"import": Bench.imports, "query": Bench.query, "scan": Bench.scan, "diff": Bench.diff, "layer": Bench.layer,
         "analyze": Bench.analyze}


def program(name, why):
    found = shutil.which(name) or sys.exit(f"{name}: not there; {why}")
    return os.path.abspath(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chatdb", nargs="?", default="target/dist/chatdb")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", help="where everything is written; a folder in memory measures best")
    parser.add_argument("--write", help="only write the export, here")
    parser.add_argument("--export", help="measure on the export that was written here")
    parser.add_argument("--only", default=",".join(PAIRS), help=f"some of {', '.join(PAIRS)}")
    parser.add_argument("--duckdb", default="duckdb")
    options = parser.parse_args()
    if options.write:
        return write(Path(options.write), options.rows)
    chatdb = program(options.chatdb, "cargo build --profile dist")
    duckdb = program(options.duckdb, "pip install duckdb-cli")
    sqlite3 = program("sqlite3", "install it")
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        export = Path(options.export or folder).absolute()
        if not options.export:
            write(folder, options.rows)
        size = os.path.getsize(export / "activity.csv")
        print(f"activities of {size / 1e6:.0f} MB; {options.rounds} rounds; DuckDB "
              f"{output([duckdb, '--version']).split()[0]}, sqlite3 {output([sqlite3, '--version']).split()[0]}; "
              f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        bench = Bench(chatdb, duckdb, sqlite3, folder, export, options.rounds)
        for pair in options.only.split(","):
            PAIRS[pair](bench)
    print("\nMedians; in brackets the lowest and the highest ratio of a round.")


if __name__ == "__main__":
    main()
