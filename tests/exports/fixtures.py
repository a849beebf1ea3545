"""Every fixture: which rows a form writes, and what a reader has to get back from the bytes.

What is expected follows from the form, from what the tool loses, never from what our reader prints. A cell is written
`NULL`, `5000`, `2011-07-12 14:49:55.000` or `"text"` with JSON's escapes; a list of cells means any one of them. A row
that the form itself makes doubtful, a comma in a field that is not quoted, may come back whole or be rejected with one
of the codes given, and never come back as anything else.
"""
import gzip
import json
import shutil
import subprocess

import forms
import workbook
from rows import (ACTIVITY, ANSWER, CREATED, EVENT, EVENTS, FULL, LONG, NASTY, QUEUE, QUEUES, SESSION, SESSIONS, TABLES,
                  TEN, TEXTS, USER, USERS, WITH_UNKNOWN, Column, Raw, Stamp, cells, column, columns, nasty, plain,
                  reference, row, without)

NOT_TEXT, TRUNCATED, UNCLOSED, AFTER_QUOTE, RAGGED = ("CHATDB-I00%d" % n for n in range(1, 6))
NOT_A_NUMBER, NOT_A_DATE, OUT_OF_RANGE, NUL = ("CHATDB-I00%d" % n for n in range(6, 10))
TWO_READINGS, SERVER_ERROR = "CHATDB-I018", "CHATDB-I019"
(TOO_LONG, REPEATED, SECOND_SET, DUPLICATE, NO_KEY, SPOILED, WRAPPED, REPLACED) = (
    "CHATDB-I0%d" % n for n in range(10, 18))
ANY = "any"
KEYS = {ACTIVITY: "activity_id", USER: "user_id", QUEUE: "queue_id", SESSION: "activity_id", EVENT: "event_id"}

FOLDERS = {}


class Any(tuple):
    """Any one of these values."""


class File:
    """A file of a folder, and what is expected of it."""

    def __init__(self, name, data, **expected):
        self.name, self.data, self.expected, self.tables, self.answers, self.rejects = name, data, expected, [], [], []

    def table(self, name, names, rows, lost=lambda value, column: value, doubt=lambda cells: None, count=True):
        """The rows that come back, as the form leaves them. `doubt` gives the codes with which a row may be rejected;
        `count` says that the table then has these rows and no others."""
        made, either = [], []
        for values in cells(names, rows):
            codes = doubt(values)
            if codes:
                either.append((len(made), codes))
            made.append([lost(v, column(name, n)) for v, n in zip(values, names)])
        self.tables.append((name, [n.lower() for n in names], made, either, count))
        return self

    def answer(self, sql, rows):
        self.answers.append((sql, rows))
        return self

    def reject(self, line, code, text=None):
        self.rejects.append((line, code, text))
        return self


def folder(name, grade, about):
    """A folder named `name`; what its form is, and how far that is known."""
    FOLDERS[name] = (grade, about, [], {})


def add(where, name, data, **expected):
    file = File(name, data, **expected)
    FOLDERS[where][2].append(file)
    return file


def beside(where, name, data):
    """A file that is not read for itself."""
    FOLDERS[where][3][name] = data


# What forms lose ------------------------------------------------------------------------------------------

def is_text(value):
    return isinstance(value, str) and not isinstance(value, (Stamp, Raw))


def word_null(value, column=None):
    """The text NULL is NULL's word."""
    return None if value == "NULL" else value


def flat(value, column=None):
    value = word_null(value)
    return forms.flat(value) if is_text(value) else value


def padded(width):
    """Blanks at the end are padding; what is longer than the column is cut."""
    def lost(value, column):
        value = word_null(value)
        return forms.cut(value, width(column)).rstrip(" ") if is_text(value) else value
    return lost


def trimmed(value, column=None):
    value = word_null(value)
    return value.rstrip(" ") if is_text(value) else value


def no_empty(value, column):
    """NULL and '' are the same; which one it was cannot be told."""
    of_text = column.kind in ("nvarchar", "char")
    return Any((None, "")) if of_text and value in (None, "") else value


def no_null(value, column):
    return no_empty(word_null(value), column)


def holds(values, wrong):
    return any(is_text(v) and any(c in v for c in wrong) for v in values)


def doubtful(wrong, *codes):
    """A row with one of the characters in `wrong` in a text may be rejected."""
    return lambda values: (codes or (RAGGED,)) if holds(values, wrong) else None


def leads(values):
    return any(is_text(v) and v.startswith('"') for v in values)


def filler(size, start=""):
    """A text of so many characters that packs well, but not as well as a bomb."""
    return (start + "".join("%06d %s" % (n, "x" * 190) for n in range(size // 190 + 1)))[:size]


def compress(data):
    return gzip.compress(data, 9, mtime=0)


def upper(cols):
    return [c.named(c.name.upper()) for c in cols]


def mixed(cols):
    return [c.named("_".join(part.capitalize() for part in c.name.split("_"))) for c in cols]


def grid(names, rows, table=ACTIVITY):
    return columns(table, names), cells(names, rows)


# SSMS -----------------------------------------------------------------------------------------------------

FULL_NASTY = grid(FULL, nasty())
OPEN_CHATS = ("SELECT b.contact_point_data, a.queue_name, b.activity_id, b.activity_status, b.activity_sub_status, "
              "c.login_ip, b.assigned_to, b.when_created, c.user_name, c.screen_name FROM egpl_routing_queue a "
              "JOIN egpl_casemgmt_activity b ON a.queue_id = b.queue_id JOIN egpl_user c ON b.assigned_to = c.user_id "
              "ORDER BY b.activity_id")
ANSWER_COLUMNS = [column(table, name) for name, table in ANSWER]
ANSWER_ROWS = cells([name for name, _ in ANSWER], [
    row(), row(activity_id=1351, contact_point_data="second@example.com", queue_name="Sales, tier 2", queue_id=1002,
               assigned_to=1004, user_name="JDoe", screen_name="John", login_ip="44app",
               when_created=Stamp("2011-07-12 14:58:00.123"))])
PLAIN_ANSWER = [ANSWER_ROWS[0], [v if v != "Sales, tier 2" else "Sales" for v in ANSWER_ROWS[1]]]


def ssms():
    where = "f01_ssms_grid_csv"
    folder(where, "S", "SSMS, Save Results As, CSV, as it comes: UTF-8 with BOM, no names, nothing quoted, NULL the "
                       "word, line breaks as blanks.")
    add(where, "activity.csv", forms.utf8(forms.ssms_grid(*FULL_NASTY, header=False), True), form="F01",
        encoding="UTF-8", header=False, records=23).table(ACTIVITY, NASTY, nasty(), flat, doubtful(","))
    add(where, "open_chats.csv", forms.utf8(forms.ssms_grid(ANSWER_COLUMNS, PLAIN_ANSWER, header=False), True),
        form="F01", encoding="UTF-8", header=False, records=2, loaded=2, rejected=0).answer(OPEN_CHATS, PLAIN_ANSWER)
    narrow = grid(TEN, plain())
    add(where, "unknown_columns.csv", forms.utf8(forms.ssms_grid(*narrow, header=False), True), form="F01",
        header=False, ask="must", why="ten columns of the table without their names: nothing says which they are")

    where = "f02_ssms_grid_csv_names"
    folder(where, "S", "SSMS, Save Results As, CSV, with column names; every quote is a character like others.")
    cols, rows = grid(NASTY, nasty())
    add(where, "activity.csv", forms.utf8(forms.ssms_grid(cols, rows), True), form="F02", encoding="UTF-8",
        header=True, records=23).table(ACTIVITY, NASTY, nasty(), flat, doubtful(","))
    add(where, "reference.csv", forms.utf8(forms.ssms_grid(*grid(NASTY, reference())), True), form="F02",
        also=["F03", "F04"], header=True, records=1, loaded=1, rejected=0).table(ACTIVITY, NASTY, reference(), flat)
    add(where, "no_rows.csv", forms.utf8(forms.ssms_grid(cols, []), True), form="F02", also=["F03", "F04", "F20"],
        header=True, records=0, loaded=0, rejected=0)
    add(where, "full_upper.csv", forms.utf8(forms.ssms_grid(upper(FULL_NASTY[0]), cells(FULL, plain())), True),
        form="F02", also=["F03", "F04"], header=True, records=3, loaded=3,
        rejected=0).table(ACTIVITY, NASTY, plain(), flat)
    data = grid(WITH_UNKNOWN, plain())
    add(where, "unknown_mixed_case.csv", forms.utf8(forms.ssms_grid(mixed(data[0]), data[1]), True), form="F02",
        also=["F03", "F04"], header=True, records=3, loaded=3, rejected=0,
        unknown=["assigned_by", "contact_point_type"]).table(
            ACTIVITY, [n for n in WITH_UNKNOWN if n not in ("assigned_by", "contact_point_type")], plain(), flat)
    for name in ("dbo.EGPL_CASEMGMT_ACTIVITY_9000.csv", "VIEW_EGPL_CASEMGMT_ACTIVITY.csv",
                 "[eGActiveDB].[dbo].[egpl_casemgmt_activity].csv"):
        closed = [row(activity_status=9000, activity_sub_status=9100)]
        add(where, name, forms.utf8(forms.ssms_grid(*grid(TEN, closed)), True), form="F02", also=["F03", "F04"],
            header=True, records=1, loaded=1, rejected=0).table(ACTIVITY, TEN, closed, flat)
    users = [row(description=None), row(user_id=1004, user_name="JDoe", screen_name="John", login_ip=None,
                                        email_address_primary="", last_name="O'Brien")]
    kept = [name for name in USERS if "password" not in name]
    add(where, "users.csv", forms.utf8(forms.ssms_grid(*grid(USERS, users, USER)), True), form="F02",
        also=["F03", "F04"], header=True, records=2, loaded=2, rejected=0,
        dropped=["password", "case_insensitive_password"],
        absent=["8F3C-not-for-you", "8f3c-nor-this"]).table(USER, kept, users, flat)
    queues = [row(queue_description="Chats"), row(queue_id=1002, queue_name="Sales", queue_description=None)]
    add(where, "queues.csv", forms.utf8(forms.ssms_grid(*grid(QUEUES, queues, QUEUE)), True), form="F02",
        also=["F03", "F04"], header=True, records=2, loaded=2, rejected=0).table(QUEUE, QUEUES, queues, flat)
    sessions = [row(referrer_url="http://43web/?a=1"), row(activity_id=1348, chat_status=None, client_ip="")]
    sessions[1]["referrer_url"] = None
    add(where, "sessions.csv", forms.utf8(forms.ssms_grid(*grid(SESSIONS, sessions, SESSION)), True), form="F02",
        also=["F03", "F04"], header=True, encoding="UTF-8", records=2, loaded=2,
        rejected=0).table(SESSION, SESSIONS, sessions, flat)
    add(where, "open_chats.csv", forms.utf8(forms.ssms_grid(ANSWER_COLUMNS, PLAIN_ANSWER), True), form="F02",
        also=["F03", "F04"], header=True, records=2, loaded=2, rejected=0).answer(OPEN_CHATS, PLAIN_ANSWER)
    doubled_names(where)
    latin = without(nasty(), "日\U0001F44B,")
    add(where, "saved_with_encoding_1252.csv", forms.ssms_grid(*grid(NASTY, latin)).encode("cp1252"), form="F02",
        also=["F03", "F04"], encoding="windows-1252", header=True, records=len(latin),
        loaded=len(latin), rejected=0).table(ACTIVITY, NASTY, latin, flat)
    safe = without(nasty(), ",")
    add(where, "saved_with_encoding_unicode.csv", forms.utf16(forms.ssms_grid(*grid(NASTY, safe))), form="F02",
        also=["F03", "F04"], encoding="UTF-16LE", header=True, records=len(safe), loaded=len(safe),
        rejected=0).table(ACTIVITY, NASTY, safe, flat)
    add(where, "activity.csv.zst", ("zstd", forms.utf8(forms.ssms_grid(*grid(NASTY, safe)), True)), form="F02",
        encoding="UTF-8", header=True, records=len(safe), loaded=len(safe),
        rejected=0).table(ACTIVITY, NASTY, safe, flat)

    where = "f03_ssms_grid_csv_quoting"
    folder(where, "S, but for a quote inside, which is U", "SSMS, CSV, with \"Quote strings containing list "
           "separators\": only fields with the separator in them are quoted.")
    calm = [r for r in nasty() if not leads(list(r.values()))]
    for name, separator in (("activity.csv", ","), ("activity_semicolon.csv", ";")):
        some = calm if separator == "," else calm + [row(activity_id=1390, subject="one; two")]
        data = forms.ssms_grid(*grid(NASTY, some), separator=separator, quote=True)
        add(where, name, forms.utf8(data, True), form="F03", encoding="UTF-8", header=True, records=len(some),
            loaded=len(some), rejected=0).table(ACTIVITY, NASTY, some, flat)
    data = forms.ssms_grid(*grid(NASTY, nasty()), quote=True)
    add(where, "quotes_lead.csv", forms.utf8(data, True), form="F03", header=True).table(
        ACTIVITY, NASTY, nasty(), flat, lambda v: (UNCLOSED, AFTER_QUOTE, RAGGED))

    where = "f04_ssms_grid_csv_line_breaks"
    folder(where, "S", "SSMS, CSV, with \"Retain CR/LF on copy or save\": line breaks stand in fields, unquoted, or "
                       "quoted where the other option is on and the field has a comma.")
    data = forms.ssms_grid(*grid(NASTY, nasty()), keep=True)
    add(where, "unquoted.csv", forms.utf8(data, True), form="F04", encoding="UTF-8", header=True).table(
        ACTIVITY, NASTY, nasty(), word_null, doubtful(",\r\n"))
    some = [row(), row(activity_id=1348, subject="one, then\r\ntwo"), row(activity_id=1349, subject="x, \ny"),
            row(activity_id=1350)]
    data = forms.ssms_grid(*grid(NASTY, some), keep=True, quote=True)
    add(where, "quoted.csv", forms.utf8(data, True), form="F04", also=["F03", "F20"], header=True, records=4, loaded=4,
        rejected=0).table(ACTIVITY, NASTY, some, word_null)

    where = "f05_ssms_grid_tab"
    folder(where, "S", "SSMS, Save Results As, Text (tab delimited).")
    add(where, "activity.txt", forms.utf8(forms.ssms_grid(*grid(NASTY, nasty()), separator="\t"), True), form="F05",
        encoding="UTF-8", header=True, records=23).table(ACTIVITY, NASTY, nasty(), flat, doubtful("\t"))
    add(where, "no_names.txt", forms.utf8(forms.ssms_grid(*FULL_NASTY, separator="\t", header=False), True),
        form="F05", encoding="UTF-8", header=False, records=23).table(ACTIVITY, NASTY, nasty(), flat, doubtful("\t"))
    events = [row(), row(event_id=90071992547409922, object_operation=412, client_ip=None, event_json_data="")]
    add(where, "events.txt", forms.utf8(forms.ssms_grid(*grid(EVENTS, events, EVENT), separator="\t"), True),
        form="F05", header=True, records=2, loaded=2, rejected=0).table(
            EVENT, [n for n in EVENTS if n != "update_version"], events, flat)

    where = "f06_ssms_grid_copied"
    folder(where, "S", "SSMS, copied from the grid and pasted into a file: tabs, no BOM.")
    for name, header, names in (("with_headers.txt", True, NASTY), ("without.txt", False, FULL)):
        data = forms.ssms_grid(*grid(names, nasty()), separator="\t", header=header)
        add(where, name, forms.utf8(data), form="F06", encoding="UTF-8", header=header, records=23).table(
            ACTIVITY, NASTY, nasty(), flat, doubtful("\t"))
    blank = [row(activity_id=1347 + n, subject="", case_id=1, last_action_reason="", visitor_user_id="",
                 cust_account_id="", folder_id=1, last_department_id=1, due_date=CREATED, delay_time_in_min=0)
             for n in range(3)]
    add(where, "like_bcp.txt", forms.utf8(forms.ssms_grid(*grid(FULL, blank), separator="\t", header=False)),
        form="F06", header=False, ask="must", give="F06", records=3, loaded=3, rejected=0,
        why="empty texts and no word NULL: copied from SSMS they are '', written by bcp they are NULL").table(
            ACTIVITY, NASTY, blank, flat)

    where = "f07_ssms_results_to_text"
    folder(where, "S", "SSMS, Results to Text: aligned columns under dashes, texts cut at 256 characters, the count "
                       "and the completion time below.")
    data = forms.results_to_text(*grid(NASTY, nasty()))
    text_doubt = doubtful("\r\n\U0001F44B日", RAGGED, WRAPPED, NOT_A_NUMBER, NOT_A_DATE, NO_KEY)
    add(where, "activity.txt", forms.utf8(data), form="F07", also=["F08"], encoding="UTF-8", header=True, footer=23,
        taken_at="2026-10-02T15:58:11.123+02:00").table(
            ACTIVITY, NASTY, nasty(), padded(forms.ssms_width), text_doubt)
    safe = without(nasty(), "\r\n\t日\U0001F44B")
    data = forms.results_to_text(*grid(NASTY, safe))
    add(where, "no_line_breaks.txt", forms.utf8(data), form="F07", also=["F08"], header=True, footer=len(safe),
        records=len(safe), loaded=len(safe), rejected=0,
        taken_at="2026-10-02T15:58:11.123+02:00").table(ACTIVITY, NASTY, safe, padded(forms.ssms_width))
    data = forms.results_to_text(*grid(NASTY, plain()), footer=forms.completion(3, at=None))
    add(where, "no_completion_time.txt", forms.utf8(data), form="F07", also=["F08"], header=True, footer=3, records=3,
        loaded=3, rejected=0).table(ACTIVITY, NASTY, plain(), padded(forms.ssms_width))
    data = forms.results_to_text(*grid(NASTY, plain()), footer=forms.completion(4, at=None))
    add(where, "a_row_is_missing.txt", forms.utf8(data), form="F07", also=["F08"], header=True, footer=4,
        disagrees=True, records=3, why="the count below says 4 and 3 rows stand above").table(
            ACTIVITY, NASTY, plain(), padded(forms.ssms_width), lambda v: (ANY,), count=False)

    results_to_file()


def doubled_names(where):
    """select top(10) egpl_routing_queue.queue_name, * from activity left outer join queue."""
    queue = TABLES[QUEUE]
    cols = [queue["queue_name"]] + columns(ACTIVITY, FULL) + list(queue.values())
    owned = {"department_id": 998, "who_created": 7, "when_created": Stamp("2010-01-01 08:00:00.000"),
             "who_modified": 8, "when_modified": Stamp("2010-06-01 08:00:00.000"), "queue_description": "Chats"}
    first, second, third = (row(activity_id=n, queue_id=q) for n, q in ((1349, 1001), (1348, 1001), (1347, None)))
    rows = []
    for activity in (first, second, third):
        own = {**activity, **owned} if activity["queue_id"] else {}
        rows.append([own.get("queue_name")] + cells(FULL, [activity])[0] + cells(list(queue), [own])[0])
    add(where, "queue_name_and_star.csv", forms.utf8(forms.ssms_grid(cols, rows), True), form="F02",
        also=["F03", "F04"], header=True, records=3, loaded=3, rejected=0).table(
            ACTIVITY, NASTY + ["department_id", "who_created"], [first, second, third], flat).table(
            QUEUE, ["queue_id", "queue_name", "department_id", "who_created", "when_created"], [{**first, **owned}],
            flat)


def results_to_file():
    where = "f08_ssms_results_to_file"
    folder(where, "S", "SSMS, Results to File (.rpt): aligned, or with a separator and then without dashes.")
    safe = without(nasty(), "\r\n\t日\U0001F44B")
    for name, write in (("aligned.rpt", lambda t: forms.utf8(t, True)), ("aligned_unicode.rpt", forms.utf16)):
        add(where, name, write(forms.results_to_text(*grid(NASTY, safe))), form="F08", also=["F07"], header=True,
            encoding="UTF-8" if name == "aligned.rpt" else "UTF-16LE", records=len(safe), loaded=len(safe), rejected=0,
            footer=len(safe), taken_at="2026-10-02T15:58:11.123+02:00").table(
                ACTIVITY, NASTY, safe, padded(forms.ssms_width))
    for name, separator in (("comma.rpt", ","), ("tab.rpt", "\t")):
        some = without(nasty(), "\r\n" + separator)
        data = forms.results_to_file(*grid(NASTY, some), separator)
        add(where, name, forms.utf8(data, True), form="F08", encoding="UTF-8", header=True, records=len(some),
            loaded=len(some), rejected=0, footer=len(some), taken_at="2026-10-02T15:58:11.123+02:00").table(
                ACTIVITY, NASTY, some, word_null)
    cols, rows = grid(NASTY, plain())
    data = forms.results_to_file(cols + [Column("score", "float")], [r + [0.7] for r in rows], ";", decimal=",")
    add(where, "semicolon_decimal_comma.rpt", forms.utf8(data, True), form="F08", header=True, records=3, loaded=3,
        rejected=0, footer=3, taken_at="2026-10-02T15:58:11.123+02:00", unknown=["score"]).table(
            ACTIVITY, NASTY, plain(), word_null)

    where = "f09_other_wording"
    folder(where, "S for the old English wording, U for other languages",
           "The count below, as SSMS up to 17 and as localised versions word it.")
    for name, word in (("ssms_17.txt", "row(s) affected"), ("spanish.txt", "filas afectadas"),
                       ("german.txt", "Zeilen betroffen"), ("french.txt", "lignes affectées")):
        data = forms.results_to_text(*grid(NASTY, plain()), footer=forms.completion(3, word, None))
        add(where, name, forms.utf8(data), form="F09", also=["F07", "F08"], header=True, footer=3, records=3, loaded=3,
            rejected=0).table(ACTIVITY, NASTY, plain(), padded(forms.ssms_width))


# sqlcmd, go-sqlcmd, bcp -----------------------------------------------------------------------------------

NARROW = [n for n in NASTY if n not in ("description", "last_action_reason", "visitor_session_id")]


def sqlcmd():
    where = "f10_sqlcmd"
    folder(where, "S", "sqlcmd by default: aligned, numbers and times on the right, a count below; lines go on in the "
                       "next one after 80 characters, unless -w is given.")
    lost = padded(forms.sqlcmd_width)
    some = [r for r in without(nasty(), "\r\n\t日\U0001F44Bé,") if r["description"] != LONG]
    add(where, "wide.txt", forms.utf8(forms.sqlcmd(*grid(NARROW, some))), form="F10", also=["F15"], header=True,
        records=len(some), loaded=len(some), rejected=0, footer=len(some)).table(ACTIVITY, NARROW, some, lost)
    latin = [row(), row(activity_id=1348, subject="café")]
    add(where, "oem_850.txt", forms.sqlcmd(*grid(NARROW, latin)).encode("cp850"), form="F10", also=["F15"],
        header=True, records=2, footer=2, options={"encoding": "cp850"},
        why="the code page of a console, which nothing in the file tells").table(
            ACTIVITY, NARROW, latin, lost, doubtful("é", NOT_TEXT))
    add(where, "line_breaks.txt", forms.utf8(forms.sqlcmd(*grid(NARROW, nasty()[:20]))), form="F10", also=["F15"],
        header=True, footer=20).table(ACTIVITY, NARROW, nasty()[:20], lost, doubtful(
            "\r\n\U0001F44B日é", RAGGED, WRAPPED, NOT_A_NUMBER, NOT_A_DATE, NO_KEY))
    add(where, "wrapped_at_80.txt", forms.utf8(forms.wrapped(forms.sqlcmd(*grid(NARROW, plain())))), form="F10",
        also=["F15"], header=True, records=3, loaded=3, rejected=0, footer=3).table(ACTIVITY, NARROW, plain(), lost)
    broken = [row(), row(activity_id=1348, subject="one\r\ntwo"), row(activity_id=1349)]
    add(where, "wrapped_and_broken.txt", forms.utf8(forms.wrapped(forms.sqlcmd(*grid(NARROW, broken)))), form="F10",
        also=["F15"], header=True, loaded=2, footer=3, disagrees=True, shows=[WRAPPED]).table(
            ACTIVITY, NARROW, broken, lost, doubtful("\n", WRAPPED))

    some = [r for r in without(nasty(), "\r\n\t日\U0001F44Bé") if r["description"] != LONG]
    data = forms.without_dashes(forms.sqlcmd(*grid(NARROW, some)))
    add(where, "no_dashes.txt", forms.utf8(data), form="F10", also=["F15"], header=True, records=len(some),
        loaded=len(some), rejected=0, footer=len(some)).table(ACTIVITY, NARROW, some, lost)
    cols, rows = grid(FULL, some)
    data = forms.sqlcmd(cols, rows, footer=False).split(forms.CRLF, 2)[2]
    widths = ",".join(str(forms.sqlcmd_width(c) + 1) for c in cols[:-1]) + ",*"
    add(where, "no_names.txt", forms.utf8(data), form="F10", also=["F15"], header=False, records=len(some),
        loaded=len(some), rejected=0, options={"widths": widths}).table(ACTIVITY, NARROW, some, lost)
    add(where, "no_names_no_widths.txt", forms.utf8(data), form="F10", ask="must",
        why="-h -1 without a separator: a blank that all rows share may be inside a value")

    where = "f11_sqlcmd_unicode"
    folder(where, "S", "sqlcmd -u -o: UTF-16 LE without a byte-order mark.")
    some = [r for r in without(nasty(), "\r\n\t\U0001F44B日") if r["description"] != LONG]
    add(where, "wide.txt", forms.utf16(forms.sqlcmd(*grid(NARROW, some)), bom=False), form="F11", also=["F10", "F15"],
        encoding="UTF-16LE", header=True, records=len(some), loaded=len(some), rejected=0, footer=len(some)).table(
            ACTIVITY, NARROW, some, lost)
    add(where, "comma.txt", forms.utf16(forms.sqlcmd_trimmed(*grid(NASTY, plain())), bom=False), form="F11",
        also=["F12"], encoding="UTF-16LE", header=True, records=3, loaded=3, rejected=0, footer=3).table(
            ACTIVITY, NASTY, plain(), trimmed)

    where = "f12_sqlcmd_separator"
    folder(where, "S", "sqlcmd -W -s: a separator, no padding, dashes as long as the names.")
    some = without(nasty(), "\r\n,")
    add(where, "comma.csv", forms.utf8(forms.sqlcmd_trimmed(*grid(NASTY, some))), form="F12", encoding="UTF-8",
        header=True, records=len(some), loaded=len(some), rejected=0, footer=len(some)).table(
            ACTIVITY, NASTY, some, trimmed)
    add(where, "comma_in_data.csv", forms.utf8(forms.sqlcmd_trimmed(*grid(NASTY, nasty()))), form="F12",
        encoding="UTF-8", header=True, footer=23).table(ACTIVITY, NASTY, nasty(), trimmed, doubtful(",\r\n"))
    cols, rows = grid(NASTY, plain())
    data = forms.sqlcmd_trimmed(cols + [Column("", "int")], [r + [7] for r in rows])
    add(where, "unnamed_column.csv", forms.utf8(data), form="F12", header=True, records=3, loaded=3, rejected=0,
        footer=3).table(ACTIVITY, NASTY, plain(), trimmed)

    where = "f13_sqlcmd_no_names"
    folder(where, "S", "sqlcmd -h -1 -W -s\"|\" with NOCOUNT on: rows and nothing else.")
    some = without(nasty(), "\r\n")
    data = forms.sqlcmd_trimmed(*grid(FULL, some), separator="|", header=False, footer=False)
    add(where, "activity.txt", forms.utf8(data), form="F13", encoding="UTF-8", header=False, records=len(some),
        loaded=len(some), rejected=0).table(ACTIVITY, NASTY, some, trimmed)

    where = "f14_sqlcmd_cut"
    folder(where, "S", "sqlcmd: texts of (max) columns are cut at 256 characters, without a word.")
    long = [row(activity_id=1347 + n, content=LONG[:256]) for n in range(3)]
    names = ["activity_id", "content"]
    data = forms.sqlcmd([TABLES["eglv_session_content"][n] for n in names], cells(names, long))
    add(where, "contents.txt", forms.utf8(data), form="F14", also=["F10", "F15"], header=True, records=3, loaded=3,
        rejected=0, footer=3, cut=[256])

    where = "f15_go_sqlcmd"
    folder(where, "S", "go-sqlcmd: as sqlcmd, but UTF-8, never wrapped, and `(1 row affected)`; -u has a BOM.")
    some = [r for r in without(nasty(), "\r\n\t") if r["description"] != LONG]
    data = forms.sqlcmd(*grid(NARROW, some), end="\n", measure=len, one="row")
    add(where, "activity.txt", forms.utf8(data), form="F15", also=["F10"], encoding="UTF-8", header=True,
        records=len(some), loaded=len(some), rejected=0, footer=len(some)).table(ACTIVITY, NARROW, some, lost)
    data = forms.sqlcmd(*grid(NARROW, reference()), measure=len, one="row")
    add(where, "one_row_unicode.txt", forms.utf16(data), form="F15", also=["F10", "F11"], encoding="UTF-16LE",
        header=True, records=1, loaded=1, rejected=0, footer=1).table(ACTIVITY, NARROW, reference(), lost)

    where = "f16_go_sqlcmd_shapes"
    folder(where, "S for the options, U for the box's details", "go-sqlcmd, vertical and as an ASCII box.")
    some = [r for r in without(nasty(), "\r\n\t日\U0001F44B|") if r["subject"] not in ("trailing ", " leading")]
    add(where, "vertical.txt", forms.utf8(forms.vertical(*grid(NASTY, some))), form="F16", header=True,
        records=len(some), loaded=len(some), rejected=0, footer=len(some)).table(ACTIVITY, NASTY, some, word_null)
    add(where, "ascii.txt", forms.utf8(forms.boxed(*grid(NASTY, some))), form="F16", header=True,
        records=len(some), loaded=len(some), rejected=0, footer=len(some)).table(ACTIVITY, NASTY, some, word_null)


def bcp():
    where = "f17_bcp_character"
    folder(where, "S, but for the form of times", "bcp -c: tabs, the client's code page, no names; NULL is nothing and "
           "'' is one NUL byte.")
    latin = without(nasty(), "日\U0001F44B")
    broken = doubtful("\t\r\n", RAGGED, NOT_A_NUMBER, NOT_A_DATE, NO_KEY)
    calm = without(latin, "\t\r\n")
    add(where, "activity_1252.txt", forms.bcp(*grid(FULL, calm)).encode("cp1252"), form="F17", header=False,
        encoding="windows-1252", records=len(calm), loaded=len(calm), rejected=0).table(ACTIVITY, NASTY, calm)
    add(where, "tabs_and_line_breaks.txt", forms.bcp(*grid(FULL, latin)).encode("cp1252"), form="F17", header=False,
        encoding="windows-1252").table(ACTIVITY, NASTY, latin, doubt=broken)
    add(where, "activity_850.txt", forms.bcp(*grid(FULL, calm)).encode("cp850"), form="F17", header=False,
        records=len(calm), options={"encoding": "cp850"},
        why="the code page of a console, which nothing in the file tells").table(
            ACTIVITY, NASTY, calm, doubt=doubtful("é", NOT_TEXT))
    where = "f18_bcp_unicode"
    folder(where, "S", "bcp -w: UTF-16 LE with a BOM, tabs, no names; '' is U+0000.")
    calm = without(nasty(), "\t\r\n")
    add(where, "activity.txt", forms.utf16(forms.bcp(*grid(FULL, calm))), form="F18", also=["F17"],
        encoding="UTF-16LE", header=False, records=len(calm), loaded=len(calm), rejected=0).table(
            ACTIVITY, NASTY, calm)
    add(where, "tabs_and_line_breaks.txt", forms.utf16(forms.bcp(*grid(FULL, nasty()))), form="F18", also=["F17"],
        encoding="UTF-16LE", header=False).table(ACTIVITY, NASTY, nasty(), doubt=broken)
    where = "f19_bcp_terminators"
    folder(where, "S", "bcp -c -C 65001 with ends of one's own: `-t\",\"`, or `|^` and `^|` for texts with anything in "
                       "them.")
    calm = without(nasty(), ",\r\n")
    add(where, "comma.csv", forms.utf8(forms.bcp(*grid(FULL, calm), field_terminator=",")), form="F19", encoding="UTF-8",
        header=False, records=len(calm), loaded=len(calm), rejected=0).table(ACTIVITY, NASTY, calm)
    for name, field_terminator, row_terminator in (("bar_caret.txt", "|^", "^|\n"), ("tilde_bars.txt", "~||~", "~||~\r\n")):
        data = forms.bcp(*grid(FULL, nasty()), field_terminator=field_terminator, row_terminator=row_terminator)
        add(where, name, forms.utf8(data), form="F19", encoding="UTF-8", header=False, ask="may", give="F19",
            options={"field_terminator": field_terminator, "row_terminator": row_terminator}, records=23, loaded=23, rejected=0).table(
                ACTIVITY, NASTY, nasty())


# The wizard, Azure Data Studio, DBeaver, PowerShell, Excel ------------------------------------------------

def wizard():
    where = "f20_wizard"
    folder(where, "S for the options, U for defaults", "The Import and Export Wizard's flat file: code page 1252 or "
           "Unicode, with or without names and a qualifier; fixed width, and ragged right.")
    latin = without(nasty(), "日\U0001F44B")
    calm = without(latin, ",\r\n")
    add(where, "unqualified_1252.txt", forms.wizard(*grid(NASTY, calm)).encode("cp1252"), form="F20",
        encoding="windows-1252", header=True, ask="may", give="F20", records=len(calm), loaded=len(calm),
        rejected=0).table(ACTIVITY, NASTY, calm, no_empty)
    data = forms.wizard(*grid(NASTY, nasty()), qualifier='"')
    add(where, "qualified_unicode.txt", forms.utf16(data), form="F20", also=["F24"], encoding="UTF-16LE", header=True,
        ask="may", give="F20", records=23, loaded=23, rejected=0).table(ACTIVITY, NASTY, nasty(), no_empty)
    data = forms.wizard(*grid(FULL, nasty()), qualifier='"', header=False)
    add(where, "qualified_no_names.txt", forms.utf8(data), form="F20", also=["F24"], encoding="UTF-8", header=False,
        ask="may", give="F20", records=23, loaded=23, rejected=0).table(ACTIVITY, NASTY, nasty(), no_empty)
    fixed()


def fixed():
    where = "f20_wizard"
    lost = (lambda value, column: no_empty(value.rstrip(" ") if is_text(value) else value, column))
    narrow = [n for n in TEN if n != "contact_point_data"] + ["contact_point_data"]
    data = forms.wizard_fixed(*grid(narrow, plain()), names=True, ragged=True)
    add(where, "ragged_right.txt", forms.utf8(data), form="F20", encoding="UTF-8", header=True, records=3, loaded=3,
        rejected=0).table(ACTIVITY, narrow, plain(), lost)
    short = [r for r in nasty() if r["description"] != LONG]
    whole = without(short, "\r\n")
    names = NASTY[:-2] + ["when_created", "queue_id"]
    data = forms.wizard_fixed(*grid(names, whole), names=True, ragged=True)
    add(where, "ragged_right_unicode.txt", forms.utf16(data), form="F20", encoding="UTF-16LE", header=True,
        records=len(whole), loaded=len(whole), rejected=0).table(ACTIVITY, names, whole, lost)
    data = forms.wizard_fixed(*grid(names, short), names=True, ragged=True)
    add(where, "ragged_right_line_breaks.txt", forms.utf16(data), form="F20", encoding="UTF-16LE", header=True).table(
        ACTIVITY, names, short, lost, lambda v: (RAGGED,))
    data = forms.wizard_fixed(*grid(narrow, plain()))
    add(where, "fixed.txt", forms.utf8(data), form="F20", ask="must",
        why="no names, no line breaks: the widths stand in the wizard's package only")
    latin = without(short, "日\U0001F44B")
    cols, rows = grid(NASTY, latin)
    add(where, "fixed_described.txt", forms.wizard_fixed(cols, rows).encode("cp1252"), form="F20",
        encoding="windows-1252", options={"encoding": "windows-1252"}, header=False, records=len(latin),
        loaded=len(latin), rejected=0).table(ACTIVITY, NASTY, latin, lost)
    beside(where, "fixed_described.fmt", forms.utf8(forms.fixed_format(cols)))
    cols, rows = grid(NASTY, short)
    add(where, "fixed_unicode.dat", forms.utf16(forms.wizard_fixed(cols, rows)), form="F20", encoding="UTF-16LE",
        header=False, records=len(short), loaded=len(short), rejected=0).table(ACTIVITY, NASTY, short, lost)
    beside(where, "fixed_unicode_Format.fmt", forms.utf8(forms.fixed_format(cols, wide=True)))
    add(where, "fixed_names.txt", forms.utf16(forms.wizard_fixed(*grid(NASTY, without(short, "\r\n")), names=True)),
        form="F20", encoding="UTF-16LE", header=True, records=len(whole), loaded=len(whole), rejected=0).table(
            ACTIVITY, NASTY, whole, lost)
    widths = ",".join(str(forms.sqlcmd_width(c)) for c in cols)
    full = grid(FULL, short)
    data = forms.wizard_fixed(*full, end=forms.CRLF)
    add(where, "fixed_rows.txt", forms.utf16(data), form="F20", encoding="UTF-16LE", header=False,
        options={"widths": ",".join(str(forms.sqlcmd_width(c)) for c in full[0])}, records=len(short),
        loaded=len(short), rejected=0).table(ACTIVITY, NASTY, short, lost)
    data = forms.wizard_fixed(cols, rows, names=True, end=forms.CRLF)
    add(where, "fixed_rows_names.txt", forms.utf16(data), form="F20", encoding="UTF-16LE", header=True,
        options={"widths": widths}, records=len(short), loaded=len(short), rejected=0).table(
            ACTIVITY, NASTY, short, lost)
    cut = forms.wizard_fixed(*grid(NASTY, without(short, "\r\n")), names=True)[:-7]
    add(where, "fixed_names_cut.txt", forms.utf16(cut), form="F20", ask="may", give="fixed_width", refused=TRUNCATED,
        why="the last record is not whole, so none can be trusted to begin where it should")


def studio():
    where = "f21_azure_data_studio_csv"
    folder(where, "S", "Azure Data Studio and the mssql extension: UTF-8 without BOM, quoted where needed, NULL the "
                       "word, and the text NULL the same.")
    cols, rows = grid(NASTY, nasty())
    add(where, "activity.csv", forms.utf8(forms.studio(cols, rows)), form="F21", encoding="UTF-8", header=True,
        records=23, loaded=23, rejected=0).table(ACTIVITY, NASTY, nasty(), word_null)
    add(where, "activity_linux.csv", forms.utf8(forms.studio(cols, rows, end="\n")), form="F21", encoding="UTF-8",
        header=True, records=23, loaded=23, rejected=0).table(ACTIVITY, NASTY, nasty(), word_null)
    add(where, "activity_semicolon.csv", forms.utf8(forms.studio(cols, rows, ";")), form="F21", encoding="UTF-8",
        header=True, records=23, loaded=23, rejected=0).table(ACTIVITY, NASTY, nasty(), word_null)
    add(where, "no_names.csv", forms.utf8(forms.studio(*FULL_NASTY, header=False)), form="F21", encoding="UTF-8",
        header=False, records=23, loaded=23, rejected=0).table(ACTIVITY, NASTY, nasty(), word_null)
    add(where, "open_chats.csv", forms.utf8(forms.studio(ANSWER_COLUMNS, ANSWER_ROWS)), form="F21", header=True,
        records=2, loaded=2, rejected=0).answer(OPEN_CHATS, ANSWER_ROWS)
    long = [row(), row(activity_id=1348, description=filler(69993) + "70000.."), row(activity_id=1349)]
    assert len(long[1]["description"]) == 70000
    add(where, "text_of_70000.csv.gz", compress(forms.utf8(forms.studio(*grid(NASTY, long)))), form="F21",
        header=True, records=3, loaded=3, rejected=0).table(
            ACTIVITY, [n for n in NASTY if n != "description"], long, word_null).answer(
            "SELECT length(description), substr(description, -7) FROM egpl_casemgmt_activity WHERE activity_id = 1348",
            [[70000, "70000.."]])
    for size in (256, 8192, 43680, 65535):
        some = [row(activity_id=1347 + n, description=filler(size, "cut %d " % n)) for n in range(4)]
        data = forms.utf8(forms.studio(*grid(NASTY, some)))
        name = "cut_at_%d.csv" % size + (".gz" if size > 256 else "")
        add(where, name, compress(data) if size > 256 else data, form="F21", header=True, also=["F02"], records=4,
            loaded=4, rejected=0, cut=[size]).table(ACTIVITY, [n for n in NASTY if n != "description"], some, word_null)
    add(where, "bomb.csv.gz", compress(forms.utf8(forms.studio(cols, rows)) + b"1,2\r\n" * (6 << 20)), form="F21",
        refused="ratio", why="a thousand times its size when unpacked")

    where = "f22_azure_data_studio_xlsx"
    folder(where, "S", "Azure Data Studio's workbook: texts inline, NULL no cell, times as serials, the names again "
                       "on each further sheet.")
    kept = nasty()

    def lost(value, column):
        if is_text(value) and "\r" in value:
            return Any((value, value.replace("\r\n", "\n").replace("\r", "\n")))
        return value
    old = row(activity_id=1380, when_created=Stamp("1899-12-31 00:00:00.000"))
    kept.append(old)
    add(where, "activity.xlsx", workbook.studio(cols, [cells(NASTY, kept)]), form="F22", header=True, records=24,
        loaded=24, rejected=0).table(ACTIVITY, NASTY, kept, lost)
    first, second = plain()[:2], plain()[2:]
    sheets = [cells(NASTY, first), cells(NASTY, second)]
    add(where, "two_sheets.xlsx", workbook.studio(cols, sheets), form="F22", header=True, records=3, loaded=3,
        rejected=0).table(ACTIVITY, NASTY, plain())
    add(where, "sparse_bomb.xlsx", workbook.sparse_bomb(), refused="cells", form="F22", also=["F25"],
        why="two cells a million rows and sixteen thousand columns apart")
    add(where, "ratio_bomb.xlsx", workbook.ratio_bomb(), refused="ratio", form="F22", also=["F25"],
        why="a part that is a thousand times its size when unpacked")
    add(where, "entities.xlsx", workbook.entity_bomb(), refused="entities", form="F22", also=["F25"],
        why="a document type whose entities name each other, which no tool writes")

    where = "f23_azure_data_studio_other"
    folder(where, "S", "Azure Data Studio and SSMS 22: Markdown, JSON, XML.")

    def broken(value, column):
        value = word_null(value)
        return value.replace("\r\n", "\n").replace("\r", "\n") if is_text(value) else value
    add(where, "activity.md", forms.utf8(forms.studio_markdown(cols, rows)), form="F23", encoding="UTF-8", header=True,
        records=23, loaded=23, rejected=0).table(
            ACTIVITY, NASTY, nasty(), lambda v, c: Any((broken(v, c), v.replace("\r", "\n"))) if is_text(v) and
            "\r" in v else broken(v, c))
    add(where, "activity.json", forms.utf8(forms.studio_json(cols, rows)), form="F23", encoding="UTF-8", header=True,
        records=23, loaded=23, rejected=0).table(ACTIVITY, NASTY, nasty())
    add(where, "activity.xml", forms.utf8(forms.studio_xml(cols, rows), True), form="F23", encoding="UTF-8",
        header=True, records=23, loaded=23, rejected=0).table(
            ACTIVITY, NASTY, nasty(), lambda v, c: broken(no_empty(v, c), c) if v != "NULL" else v)


def dbeaver():
    where = "f24_dbeaver"
    folder(where, "S", "DBeaver's CSV: '' is `\"\"` and NULL is nothing; texts that begin with a digit are quoted.")
    cols, rows = grid(NASTY, nasty())
    for name, header, bom in (("activity.csv", "top", False), ("activity_bom.csv", "top", True),
                              ("names_at_both_ends.csv", "both", False), ("names_below.csv", "bottom", False)):
        file = add(where, name, forms.utf8(forms.dbeaver(cols, rows, header=header), bom), form="F24",
                   encoding="UTF-8", header=True, records=23, loaded=23, rejected=0)
        if header != "top":
            file.expected.update(ask="may", give="F24")
        file.table(ACTIVITY, NASTY, nasty())
    add(where, "no_names.csv", forms.utf8(forms.dbeaver(*FULL_NASTY, header="none")), form="F24", encoding="UTF-8",
        header=False, records=23, loaded=23, rejected=0).table(ACTIVITY, NASTY, nasty())


def excel():
    where = "f25_excel"
    folder(where, "S, but for how times are shown, which is U", "A grid pasted into Excel and saved: shared strings, "
           "the word NULL, times as serials that Excel shows as `49:55.0` and still has whole.")
    cols, _ = grid(NASTY, [])
    some = [r for r in nasty() if r["subject"] not in ("007", "=1+1", "one\rtwo", "one\r\ntwo", "")]
    for name, date1904 in (("activity.xlsx", False), ("activity_1904.xlsx", True)):
        add(where, name, workbook.excel(cols, cells(NASTY, some), date1904), form="F25", header=True,
            records=len(some), loaded=len(some), rejected=0).table(ACTIVITY, NASTY, some, word_null)
    # Beyond every year, before every year, the 29th of February 1900 that never was, no day at all, no number.
    wild = [row()] + [row(activity_id=1348 + n, when_created=Stamp(serial))
                      for n, serial in enumerate(("1.9e19", "-3000000", "60", "0", "INF"))]
    data = workbook.excel(cols, cells(NASTY, wild),
                          raw=lambda v: v if isinstance(v, Stamp) and not v.startswith("2011") else None)
    add(where, "wild_serials.xlsx", data, form="F25", header=True, records=6, loaded=1, rejected=5,
        shows=[NOT_A_DATE], why="serials that are no day").table(ACTIVITY, NASTY, wild[:1], word_null)
    number = [row(activity_id=1234567890123456789)]
    data = workbook.excel(cols, cells(NASTY, number), raw=lambda v: "1.23456789012346E+18" if v == 1234567890123456789
                          else None)
    add(where, "digits_lost.xlsx", data, form="F25", header=True, records=1, loaded=0, rejected=1,
        shows=[NOT_A_NUMBER], also_shows=[OUT_OF_RANGE], why="an id of 19 digits, of which Excel keeps 15")

    where = "f26_csv_saved_by_excel"
    folder(where, "U", "A CSV that Excel opened and saved: of the times only what the cells showed is left.")
    minutes = lambda stamp: stamp[14:21]
    day_first = lambda stamp: "%s/%s/%s %s" % (stamp[8:10], stamp[5:7], stamp[:4], stamp[11:16])
    cols, rows = grid(NASTY, plain())
    add(where, "minutes.csv", forms.resaved(cols, rows, ",", minutes).encode("cp1252"), form="F26", header=True,
        refused=SPOILED, names_column="when_created")
    add(where, "semicolon_day_first.csv", forms.utf8(forms.resaved(cols, rows, ";", day_first), True), form="F26",
        header=True, refused=NOT_A_DATE, names_column="when_created",
        why="12/07/2011 is a day in July or in December, and the seconds are gone")
    add(where, "empty_at_the_end.csv", forms.resaved(cols, rows, ",", minutes, 3, 4).encode("cp1252"), form="F26",
        header=True, refused=SPOILED, names_column="when_created")

    where = "f27_powershell"
    folder(where, "S for `>`, U for the rest", "Invoke-Sqlcmd and Export-Csv: everything quoted, NULL and '' both "
           "empty, times as the culture has them; version 5 begins with `#TYPE`.")
    some = without(nasty(), "")
    iso = [row(), row(activity_id=1348, subject='a, "b"\r\nc'), row(activity_id=1349, subject="", assigned_to=None)]
    add(where, "version_7.csv", forms.utf8(forms.powershell(*grid(NASTY, some), kind_line=False)), form="F27",
        also=["F20"], header=True, encoding="UTF-8", records=23, loaded=23, rejected=0).table(
            ACTIVITY, NASTY, some, no_empty)
    add(where, "version_5.csv", forms.powershell(*grid(NASTY, iso)).encode("ascii"), form="F27", header=True,
        records=3, loaded=3, rejected=0).table(ACTIVITY, NASTY, iso, no_empty)
    add(where, "redirected_unicode.csv", forms.utf16(forms.powershell(*grid(NASTY, some))), form="F27", header=True,
        encoding="UTF-16LE", records=23, loaded=23, rejected=0).table(ACTIVITY, NASTY, some, no_empty)

    def american(stamp):
        hour = int(stamp[11:13])
        return "%d/%d/%s %d:%s %s" % (int(stamp[5:7]), int(stamp[8:10]), stamp[:4], hour % 12 or 12, stamp[14:19],
                                      "PM" if hour > 11 else "AM")
    early = [row(activity_id=1347 + n, when_created=Stamp("2011-07-%02d 14:49:55.000" % (n + 1))) for n in range(3)]
    data = forms.powershell(*grid(NASTY, early), stamp=american).encode("ascii")
    add(where, "american.csv", data, form="F27", header=True, refused=NOT_A_DATE, also_refused=[SPOILED],
        names_column="when_created", why="7/1/2011 is in July or in January")
    add(where, "american_told.csv", data, form="F27", header=True, records=3, loaded=3, rejected=0,
        options={"date_format": "%m/%d/%Y %I:%M:%S %p"}).table(ACTIVITY, NASTY, early, no_empty)


# Mail, print, the product's own ---------------------------------------------------------------------------

def others():
    where = "f28_mail_attachment"
    folder(where, "S", "sp_send_dbmail's attachment: UTF-16 LE with a BOM, padded, with dashes and a count.")
    some = [r for r in without(nasty(), "\r\n\t日\U0001F44B,") if r["description"] != LONG]
    lost = padded(forms.sqlcmd_width)
    add(where, "padded.txt", forms.utf16(forms.sqlcmd(*grid(NARROW, some))), form="F28", also=["F10", "F11", "F15"],
        encoding="UTF-16LE", header=True, records=len(some), loaded=len(some), rejected=0, footer=len(some)).table(
            ACTIVITY, NARROW, some, lost)
    add(where, "comma_padded.csv", forms.utf16(forms.sqlcmd(*grid(NARROW, some), separator=",")), form="F28",
        also=["F10", "F11", "F12", "F15"], encoding="UTF-16LE", header=True, records=len(some), loaded=len(some),
        rejected=0, footer=len(some)).table(ACTIVITY, NARROW, some, lost)

    where = "f29_printed_grid"
    folder(where, "S", "A grid printed or pasted as a Markdown table; SSMS's row number in a column of its own, or "
                       "run into the first one.")
    for name, number, escape in (("number_own_column.md", "own", True), ("number_merged.md", "merged", False),
                                 ("no_number.md", "none", True)):
        file = add(where, name, forms.utf8(forms.printed(ANSWER_COLUMNS, ANSWER_ROWS, number, escape)), form="F29",
                   header=True, records=2, loaded=2, rejected=0)
        if number == "none":
            file.expected["also"] = ["F23"]
        file.answer(OPEN_CHATS, ANSWER_ROWS)

    where = "bulk_export"
    folder(where, "S, but for NULL and '', which are U", "The product's own bulk export: UTF-16 LE with `<EOFD>` and "
           "`<EORD>`, a bcp format file for each table, and a manifest.")
    users = [row(), row(user_id=1004, user_name="JDoe", screen_name='"John", \r\n the\t2nd', login_ip=None,
                        email_address_primary="")]
    kept = [name for name in USERS if "password" not in name]
    named = upper(columns(USER, USERS))
    add(where, "EGPL_USER.dat", forms.bulk(named, cells(USERS, users)), form="bulk", encoding="UTF-16LE",
        header=False, records=2, loaded=2, rejected=0, dropped=["password", "case_insensitive_password"],
        absent=["8F3C-not-for-you", "8f3c-nor-this"]).table(USER, kept, users)
    beside(where, "EGPL_USER_Format.fmt", forms.utf8(forms.format_file(named)))
    events = [row(), row(event_id=90071992547409922, object_operation=412, client_ip=None, event_json_data="")]
    named = upper(columns(EVENT, EVENTS))
    add(where, "EGPL_EVENT_HISTORY_CASE_MGMT.dat", forms.bulk(named, cells(EVENTS, events)), form="bulk",
        encoding="UTF-16LE", header=False, records=2, loaded=2, rejected=0).table(
            EVENT, [n for n in EVENTS if n != "update_version"], events)
    beside(where, "EGPL_EVENT_HISTORY_CASE_MGMT_Format.fmt", forms.utf8(forms.format_file(named)))
    beside(where, "manifest_file_20261002.csv", forms.utf8(
        "TABLE_NAME,FILE_NAME,EXPORT_TYPE\r\nEGPL_USER,EGPL_USER.dat,FULL\r\n"
        "EGPL_EVENT_HISTORY_CASE_MGMT,EGPL_EVENT_HISTORY_CASE_MGMT.dat,INCREMENTAL\r\n"))
    data = forms.bulk(named, cells(EVENTS, events))
    add(where, "EGPL_EVENT_HISTORY_CASE_MGMT_cut.dat", data[:-61], form="bulk", header=False, records=2, loaded=1,
        rejected=1, shows=[TRUNCATED], why="ends inside the second row").table(
            EVENT, [n for n in EVENTS if n != "update_version"], events[:1])
    beside(where, "EGPL_EVENT_HISTORY_CASE_MGMT_cut_Format.fmt", forms.utf8(forms.format_file(named)))
    captured()


def captured():
    where = "change_data_capture"
    folder(where, "S", "A change table of SQL Server, saved from SSMS: several rows for an activity, `__$operation` 1 "
                       "for a delete, 2 for an insert, 3 before and 4 after an update.")
    own = [Column("__$start_lsn", "binary", 10), Column("__$end_lsn", "binary", 10), Column("__$seqval", "binary", 10),
           Column("__$operation", "int"), Column("__$update_mask", "varbinary", 128)]
    names = [n for n in NASTY if n != "description"]
    done = {"activity_status": 9000, "activity_sub_status": 9100}
    waiting = {"activity_status": 4000, "activity_sub_status": 4100, "assigned_to": None}
    changes = [(2, row(**waiting)), (3, row(**waiting)), (4, row()), (3, row()), (4, row(**done)),
               (2, row(activity_id=1348)), (1, row(activity_id=1348)), (2, row(activity_id=1349))]
    rows = [[Raw("0x00000027%012X" % (176 + n // 2)), None, Raw("0x00000027%012X" % (160 + n)), operation,
             Raw("0x1C" if operation > 2 else "0x7F")] + cells(names, [r])[0] + [n % 2 + 1]
            for n, (operation, r) in enumerate(changes)]
    cols = own + columns(ACTIVITY, names) + [Column("__$command_id", "int")]
    file = add(where, "cdc.dbo_EGPL_CASEMGMT_ACTIVITY_CT.csv", forms.utf8(forms.ssms_grid(cols, rows), True),
               form="F02", also=["F03", "F04", "cdc"], header=True, records=8, loaded=8, rejected=0)
    file.table(ACTIVITY, names, [row(**done), row(activity_id=1349)], flat, count=False)


# Spoiled copies -------------------------------------------------------------------------------------------

def spoiled():
    where = "f30_spoiled"
    folder(where, "made", "Copies of the forms above that were cut, mixed or edited.")
    cols, rows = grid(NASTY, plain())
    whole = forms.utf8(forms.studio(cols, rows))
    add(where, "cut_in_a_record.csv", whole[:-70], form="F21", also=["F02"], header=True, records=3, loaded=2,
        rejected=1, shows=[TRUNCATED], also_shows=[RAGGED]).table(ACTIVITY, NASTY, plain()[:2], word_null)
    quoted = forms.utf8(forms.studio(*grid(NASTY, [row(), row(activity_id=1348, subject='say "hi", then more')])))
    at = quoted.index(b'""hi')
    add(where, "cut_in_quotes.csv", quoted[:at + 3], form="F21", header=True, records=2, loaded=1, rejected=1,
        shows=[TRUNCATED], also_shows=[UNCLOSED, RAGGED]).table(ACTIVITY, NASTY, reference(), word_null)
    odd = forms.utf16(forms.bcp(*grid(FULL, plain())))
    add(where, "odd_utf16.txt", odd[:-51], form="F18", also=["F17"], encoding="UTF-16LE", header=False, records=3,
        loaded=2, rejected=1, shows=[TRUNCATED]).table(ACTIVITY, NASTY, plain()[:2])
    data = forms.utf8(forms.ssms_grid(cols, cells(NASTY, [row(), row(activity_id=1348, subject="日本"),
                                                         row(activity_id=1349, subject="CAFE"),
                                                         row(activity_id=1350)])), True)
    add(where, "one_line_1252.csv", data.replace(b"CAFE", "café".encode("cp1252")), form="F02", also=["F03", "F04"],
        encoding="UTF-8", header=True, records=4, loaded=3, rejected=1).table(
            ACTIVITY, NASTY, [row(), row(activity_id=1348, subject="日本"), row(activity_id=1350)], flat).reject(
                4, NOT_TEXT)
    data = forms.utf16(forms.ssms_grid(cols, rows)) + forms.utf8(
        forms.ssms_grid(*grid(NASTY, [row(activity_id=1360), row(activity_id=1361)]), header=False))
    add(where, "utf8_appended_to_utf16.csv", data, form="F02", also=["F03", "F04"], ask="may", header=True).table(
        ACTIVITY, NASTY, plain(), flat, lambda v: (ANY,))
    counts = "hour_of_day how_many\r\n----------- --------\r\n9           14      \r\n\r\n(1 row affected)\r\n"
    two = forms.results_to_text(cols, rows, forms.completion(3, at=None)) + forms.CRLF + counts
    add(where, "two_result_sets.txt", forms.utf8(two), form="F07", also=["F08"], header=True,
        shows=[SECOND_SET]).table(ACTIVITY, NASTY, plain(), padded(forms.ssms_width), lambda v: (SECOND_SET,),
                                  count=False)
    lines = forms.studio(cols, rows) + forms.studio(*grid(QUEUES, reference(), QUEUE))
    add(where, "two_result_sets.csv", forms.utf8(lines), form="F21", also=["F02"], header=True).table(
        ACTIVITY, NASTY, plain(), word_null).table(QUEUE, QUEUES, reference(), word_null)
    twice = forms.studio(cols, rows[:2]) + forms.studio(cols, rows[2:])
    add(where, "names_again.csv", forms.utf8(twice), form="F21", also=["F02"], header=True, records=3, loaded=3,
        rejected=0).table(ACTIVITY, NASTY, plain(), word_null)
    text = forms.sqlcmd(*grid(NARROW, plain()))
    head, _, rest = text.split("\r\n", 2)
    add(where, "dashes_missing.txt", forms.utf8(head + "\r\n" + rest), form="F10", also=["F07", "F15"], ask="may",
        header=True, footer=3, why="without the dashes nothing says where a column ends").table(
            ACTIVITY, NARROW, plain(), padded(forms.sqlcmd_width), lambda v: (ANY,), count=False)
    one_each(where, cols)


def one_each(where, cols):
    """One file for each reason to reject a record: its line, its code."""
    def studio(name, line, code, lines, loaded, also=()):
        data = forms.utf8(forms.studio(cols, cells(NASTY, lines)))
        file = add(where, name, data, form="F21", also=["F02", *also], header=True, records=len(lines),
                   loaded=len(loaded), rejected=len(lines) - len(loaded))
        return file.table(ACTIVITY, NASTY, loaded, word_null).reject(line, code)

    good, last = row(), row(activity_id=1349, subject="a, b")
    bad = row(activity_id=1348)
    studio("not_a_number.csv", 3, NOT_A_NUMBER, [good, {**bad, "activity_status": "open"}, last], [good, last])
    studio("two_readings.csv", 3, TWO_READINGS, [good, {**bad, "activity_status": "5,000"}, last], [good, last])
    studio("not_a_date.csv", 3, NOT_A_DATE, [good, {**bad, "when_created": Stamp("2011-02-30 00:00:00.000")}, last],
           [good, last])
    studio("number_out_of_range.csv", 3, OUT_OF_RANGE, [good, {**bad, "assigned_to": "99999999999999999999"}, last],
           [good, last])
    studio("key_missing.csv", 3, NO_KEY, [good, {**bad, "activity_id": None}, last], [good, last])
    studio("nul.csv", 3, NUL, [good, {**bad, "subject": "a\0b"}, last], [good, last])
    studio("replacement_character.csv", 3, REPLACED, [good, {**bad, "subject": "caf\ufffd"}, last], [good, last])
    other = {**good, "activity_status": 9000, "activity_sub_status": 9100}
    studio("same_key_other_values.csv", 3, DUPLICATE, [good, other, last], [good, last])
    text = forms.studio(cols, cells(NASTY, [good, bad, last])).split("\r\n")

    def edited(name, line, code, change):
        lines = text[:2] + [change(text[2])] + text[3:]
        file = add(where, name, forms.utf8("\r\n".join(lines)), form="F21", also=["F02"], header=True, records=3,
                   loaded=2, rejected=1)
        file.table(ACTIVITY, NASTY, [good, last], word_null).reject(line, code)
    edited("a_field_too_many.csv", 3, RAGGED, lambda line: line + ",9")
    edited("a_field_too_few.csv", 3, RAGGED, lambda line: line.rsplit(",", 2)[0])
    edited("text_after_quote.csv", 3, AFTER_QUOTE, lambda line: line.replace(",Chat,", ',"Chat" and more,'))
    lines = text[:3] + [text[3].replace(',"a, b",', ',"a, b,'), ""]
    add(where, "unclosed_quote.csv", forms.utf8("\r\n".join(lines)), form="F21", also=["F02"], header=True, records=3,
        loaded=2, rejected=1, shows=[UNCLOSED], also_shows=[TRUNCATED]).table(ACTIVITY, NASTY, [good, bad], word_null)
    same = add(where, "same_row_twice.csv", forms.utf8(forms.studio(cols, cells(NASTY, [good, good, last]))),
               form="F21", also=["F02"], header=True, records=3, loaded=3, rejected=0,
               why="the same row twice says nothing twice; neither copy is wrong")
    same.table(ACTIVITY, NASTY, [good, last], word_null)
    error = ("Msg 1205, Level 13, State 51, Server SQL01, Line 1\r\n"
             "Transaction (Process ID 52) was deadlocked on lock resources with another process.\r\n")
    cut = forms.studio(cols, cells(NASTY, plain()[:2])) + error
    add(where, "server_error.csv", forms.utf8(cut), form="F21", also=["F02"], header=True, records=3, loaded=2,
        rejected=1, shows=[SERVER_ERROR]).table(ACTIVITY, NASTY, plain()[:2], word_null).reject(4, SERVER_ERROR)


def every():
    """The folders, by name."""
    if not FOLDERS:
        for part in (ssms, sqlcmd, bcp, wizard, studio, dbeaver, excel, others, spoiled):
            part()
    return FOLDERS


# expected.toml --------------------------------------------------------------------------------------------

def quoted(text):
    """A TOML string."""
    if "'" not in text and text.isprintable():
        return "'%s'" % text
    return json.dumps(text, ensure_ascii=False)


def cell(value):
    if isinstance(value, Any):
        return "[%s]" % ", ".join(cell(v) for v in dict.fromkeys(value))
    if is_text(value):
        return quoted(json.dumps(value, ensure_ascii=True))
    return quoted("NULL" if value is None else str(value))


def word(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return "[%s]" % ", ".join(word(v) for v in value)
    if isinstance(value, dict):
        return "{ %s }" % ", ".join("%s = %s" % (k, word(v)) for k, v in value.items())
    return json.dumps(value, ensure_ascii=False)


def expectation(name):
    """The text of a folder's expected.toml."""
    grade, about, files, extra = every()[name]
    out = ["about = %s" % word(about), "grade = %s" % word(grade)]
    if extra:
        out.append("beside = %s" % word(sorted(extra)))
    for file in files:
        out += ["", "[[file]]", "name = %s" % word(file.name)]
        out += ["%s = %s" % (key, word(value)) for key, value in file.expected.items()]
        for table, names, rows, either, count in file.tables:
            out += ["", "[[file.table]]", "name = %s" % word(table), "key = %s" % word(KEYS[table]),
                    "all = %s" % word(count), "columns = %s" % word(names), "rows = ["]
            out += ["    [%s]," % ", ".join(cell(v) for v in r) for r in rows]
            out.append("]")
            if either:
                out.append("either = [")
                out += ["    { row = %d, codes = %s }," % (at, word(list(codes))) for at, codes in either]
                out.append("]")
        for sql, rows in file.answers:
            out += ["", "[[file.answer]]", "sql = %s" % word(sql), "rows = ["]
            out += ["    [%s]," % ", ".join(cell(v) for v in r) for r in rows]
            out.append("]")
        for line, code, text in file.rejects:
            out += ["", "[[file.reject]]", "line = %d" % line, "code = %s" % word(code)]
            if text is not None:
                out.append("text = %s" % word(text))
    return "\n".join(out) + "\n"


def zstd(data):
    """The data compressed by the zstd tool, or None without it."""
    tool = shutil.which("zstd")
    return subprocess.run([tool, "-19", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout \
        if tool else None
