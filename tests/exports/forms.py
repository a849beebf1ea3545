"""The forms: one function for each way in which a tool writes a grid, byte by byte.

A function takes columns and rows of values and gives text or bytes. No writer of a library is used, so that what a
tool gets wrong is wrong here too. Grades: [S] read in a source, [U] known from practice only.
"""
import html

from rows import Raw, Stamp

BOM = "\ufeff"
CRLF = "\r\n"


def plain_text(value, null="NULL"):
    return null if value is None else str(value)


def utf16(text, bom=True):
    return (BOM if bom else "").encode("utf-16-le") + text.encode("utf-16-le")


def utf8(text, bom=False):
    return (BOM if bom else "").encode("utf-8") + text.encode("utf-8")


def flat(text):
    """SSMS puts a blank for each character of a line break, unless told to keep them [S]."""
    return text.replace("\r", " ").replace("\n", " ")


def joined(columns, rows, separator, end=CRLF, header=True, field=plain_text):
    """Fields side by side. `field` makes the text of a value, quoted if the form quotes."""
    lines = []
    if header:
        lines.append(separator.join(c.name for c in columns) + end)
    for row in rows:
        lines.append(separator.join(field(value) for value in row) + end)
    return "".join(lines)


# SSMS -----------------------------------------------------------------------------------------------------

def ssms_grid(columns, rows, separator=",", header=True, quote=False, keep=False):
    """Results saved from the grid, F01 to F05, or copied, F06: nothing is quoted, unless asked for, and then only a
    field that has the separator in it [S]. Whether a quote inside is doubled is [U]: no row here has both."""
    def field(value):
        text = plain_text(value)
        text = text if keep else flat(text)
        return '"' + text + '"' if quote and separator in text else text
    return joined(columns, rows, separator, header=header, field=field)


def ssms_width(column):
    """How wide Results to Text makes a column: 256 characters of a text at most, unless told otherwise [S]."""
    declared = {"numeric": 39, "smallint": 6, "datetime": 23, "binary": 2 + 2 * column.size}
    return max(declared.get(column.kind, min(column.size or 1, 256)), len(column.name))


def units(text):
    """How many places SSMS takes for a text: UTF-16 units [U]."""
    return len(text.encode("utf-16-le")) // 2


def cut(text, width):
    while units(text) > width:
        text = text[:-1]
    return text


def aligned(columns, rows, width, measure=units, right=lambda column: False, separator=" ", end=CRLF):
    """A fixed-width grid: names, dashes, rows; every column padded, the last one too."""
    widths = [width(c) for c in columns]

    def pad(text, column, size):
        text = cut(text, size)
        room = " " * (size - measure(text))
        return room + text if right(column) else text + room

    lines = [separator.join(c.name + " " * (w - len(c.name)) for c, w in zip(columns, widths)),
             separator.join("-" * w for w in widths)]
    for row in rows:
        lines.append(separator.join(pad(plain_text(v), c, w) for v, c, w in zip(row, columns, widths)))
    return end.join(lines) + end


def completion(count, word="rows affected", at="2026-10-02T15:58:11.1234567+02:00"):
    """What SSMS adds below: the count, and since 18.2 the time [S]."""
    text = CRLF + "(%d %s)%s" % (count, word, CRLF)
    return text + (CRLF + "Completion time: " + at + CRLF if at else "")


def results_to_text(columns, rows, footer=None):
    """Results to Text, F07, or to a file, F08: aligned on the left, line breaks as they are [S]."""
    return aligned(columns, rows, ssms_width) + (completion(len(rows)) if footer is None else footer)


def results_to_file(columns, rows, separator, footer=None, decimal="."):
    """Results to File with a separator, F08: no dashes; decimals as the locale has them [S]."""
    def field(value):
        return str(value).replace(".", decimal) if isinstance(value, float) else plain_text(value)
    grid = joined(columns, rows, separator, field=field)
    return grid + (completion(len(rows)) if footer is None else footer)


# sqlcmd, go-sqlcmd, mail ----------------------------------------------------------------------------------

def sqlcmd_width(column):
    """Display widths by type [S]; 256 for a text without a declared length."""
    declared = {"numeric": column.size + 2, "smallint": 6, "datetime": 23, "binary": 2 + 2 * column.size}
    size = 256 if column.size > 4000 else column.size or 1
    return max(declared.get(column.kind, size), len(column.name))


def is_right(column):
    return column.kind in ("numeric", "smallint", "datetime")


def sqlcmd(columns, rows, separator=" ", end=CRLF, measure=units, one="rows", footer=True):
    """sqlcmd by default, F10, F11, F14, F28: one blank between, numbers and times on the right [S]."""
    grid = aligned(columns, rows, sqlcmd_width, measure, is_right, separator, end)
    word = one if len(rows) == 1 else "rows"
    return grid + (end + "(%d %s affected)%s" % (len(rows), word, end) if footer else "")


def wrapped(text, width=80, end=CRLF):
    """As a screen of `width` characters has it: each longer line goes on in the next one [S]."""
    lines = text.split(end)
    return end.join(end.join(line[at:at + width] for at in range(0, max(len(line), 1), width)) for line in lines)


def sqlcmd_trimmed(columns, rows, separator=",", end=CRLF, header=True, footer=True, one="rows"):
    """sqlcmd -W -s, F12: blanks at the end of a field are taken off, a dash for each character of a name, one for a
    column without one [S]. With -h -1, F13, no names; with NOCOUNT no count."""
    text = ""
    if header:
        text += separator.join(c.name for c in columns) + end
        text += separator.join("-" * max(len(c.name), 1) for c in columns) + end
    for row in rows:
        text += separator.join(plain_text(v).rstrip(" ") for v in row) + end
    word = one if len(rows) == 1 else "rows"
    return text + (end + "(%d %s affected)%s" % (len(rows), word, end) if footer else "")


def vertical(columns, rows, end="\n"):
    """go-sqlcmd -F vertical, F16: a line for each cell, a blank line after each row [S]."""
    room = max(len(c.name) for c in columns) + 1
    text = ""
    for row in rows:
        for column, value in zip(columns, row):
            text += column.name.ljust(room) + plain_text(value) + end
        text += end
    return text + end + "(%d %s affected)%s" % (len(rows), "row" if len(rows) == 1 else "rows", end)


def boxed(columns, rows, end="\n"):
    """go-sqlcmd -F ascii, F16: a box of +, - and | [S for the option, U for its details]."""
    table = [[c.name for c in columns]] + [[plain_text(v) for v in row] for row in rows]
    widths = [max(len(line[at]) for line in table) for at in range(len(columns))]
    rule = "+" + "+".join("-" * (w + 2) for w in widths) + "+" + end
    lines = ["|" + "|".join(" " + text.ljust(w) + " " for text, w in zip(line, widths)) + "|" + end for line in table]
    count = "(%d %s affected)" % (len(rows), "row" if len(rows) == 1 else "rows")
    return rule + lines[0] + rule + "".join(lines[1:]) + rule + end + count + end


# bcp, the wizard ------------------------------------------------------------------------------------------

def bcp_text(value):
    """NULL is nothing, and the empty text is one NUL [S]."""
    return "" if value is None else "\0" if value == "" else plain_bcp(value)


def plain_bcp(value):
    return value[2:] if isinstance(value, Raw) else str(value)


def bcp(columns, rows, field_terminator="\t", row_terminator=CRLF):
    """bcp out -c or -w, F17 to F19: no names, nothing quoted, any ends [S]."""
    return joined(columns, rows, field_terminator, row_terminator, header=False, field=bcp_text)


def wizard(columns, rows, separator=",", header=True, qualifier=""):
    """The Import and Export Wizard, F20: a qualifier goes around every text, NULL and '' are both nothing [U]."""
    def field(value, column):
        text = "" if value is None else plain_bcp(value)
        is_text = column.kind in ("nvarchar", "char")
        return qualifier + text.replace(qualifier, qualifier * 2) + qualifier if qualifier and is_text else text
    text = separator.join(qualifier + c.name + qualifier for c in columns) + CRLF if header else ""
    for row in rows:
        text += separator.join(field(v, c) for v, c in zip(row, columns)) + CRLF
    return text


def wizard_fixed(columns, rows, names=False, end="", ragged=False, measure=units):
    """The wizard's fixed-width form, F20: nothing between columns; after a row nothing, `end`, or, when the right is
    ragged, a line break and no padding before it. Names are a line of their own [S for the options, U for the
    details]."""
    def line(texts):
        parts = [text + " " * (sqlcmd_width(c) - measure(text)) for text, c in zip(texts, columns)]
        return "".join(parts[:-1]) + (texts[-1] if ragged else parts[-1])
    end = CRLF if ragged else end
    text = line([c.name for c in columns]) + (end or CRLF) if names else ""
    return text + "".join(line([plain_text(v, "") for v in row]) + end for row in rows)


def fixed_format(columns, wide=False, end=""):
    """A bcp format file that gives lengths, in bytes, and no ends [S]."""
    lines = ["14.0", str(len(columns))]
    for at, column in enumerate(columns, 1):
        kind, size = ("SQLNCHAR", 2) if wide else ("SQLCHAR", 1)
        last = end.replace("\r", "\\r").replace("\n", "\\n") if at == len(columns) else ""
        collation = '""' if column.is_number or column.kind == "datetime" else "SQL_Latin1_General_CP1_CI_AS"
        lines.append('%-7d %-10s %5d %7d   "%s" %5d %-28s %s' % (
            at, kind, 0, size * sqlcmd_width(column), last, at, column.name, collation))
    return CRLF.join(lines) + CRLF


def without_dashes(text, end=CRLF):
    """Aligned text whose second line was cut off."""
    names, _, rest = text.split(end, 2)
    return names + end + rest


# Azure Data Studio, DBeaver, PowerShell, Excel ------------------------------------------------------------

def doubled(text):
    return '"' + text.replace('"', '""') + '"'


def studio(columns, rows, separator=",", header=True, end=CRLF):
    """Azure Data Studio's CSV, F21: quoted when it must be, or begins or ends in a blank or a tab; NULL is the word,
    and so is the text NULL [S]."""
    def field(value):
        text = plain_text(value)
        odd = any(c in text for c in (separator, '"', "\r", "\n"))
        return doubled(text) if odd or text[:1] in (" ", "\t") or text[-1:] in (" ", "\t") and text else text
    return joined(columns, rows, separator, end, header, field)


def studio_markdown(columns, rows, end=CRLF):
    """Azure Data Studio's Markdown, F23: no blanks around, HTML's entities, line breaks as `<br />` [S]."""
    def field(text):
        text = html.escape(text).replace("&#x27;", "&#39;")
        text = "".join("&#%d;" % ord(c) if 160 <= ord(c) < 256 or ord(c) > 0xFFFF else c for c in text)
        return text.replace("|", "\\|").replace("\r\n", "\n").replace("\r", "\n").replace("\n", "<br />")
    lines = ["|" + "|".join(field(c.name) for c in columns) + "|", "|" + "---|" * len(columns)]
    lines += ["|" + "|".join(field(plain_text(v)) for v in row) + "|" for row in rows]
    return end.join(lines) + end


def json_text(text):
    short = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(short.get(c, c) for c in text) + '"'


def studio_json(columns, rows, end=CRLF):
    """Azure Data Studio's JSON, F23: indented, every value a text, null for NULL [S]."""
    objects = []
    for row in rows:
        pairs = ["    %s: %s" % (json_text(c.name), "null" if v is None else json_text(str(v)))
                 for c, v in zip(columns, row)]
        objects.append("  {" + end + ("," + end).join(pairs) + end + "  }")
    return "[" + end + ("," + end).join(objects) + end + "]"


def studio_xml(columns, rows, end=CRLF):
    """Azure Data Studio's XML, F23: `<data><row>`, an element for each column; NULL and '' are both empty [S]."""
    text = '<?xml version="1.0" encoding="utf-8"?>' + end + "<data>" + end
    for row in rows:
        text += "  <row>" + end
        for column, value in zip(columns, row):
            inner = html.escape(plain_text(value, ""), quote=False)
            text += "    <%s>%s</%s>" % (column.name, inner, column.name) if inner else "    <%s />" % column.name
            text += end
        text += "  </row>" + end
    return text + "</data>"


def dbeaver(columns, rows, separator=",", header="top", end="\n"):
    """DBeaver's CSV, F24: '' is `""` and NULL nothing; a text that begins with a digit is quoted [S]."""
    def field(value):
        if value is None:
            return ""
        text = str(value)
        is_text = isinstance(value, str) and not isinstance(value, Stamp)
        odd = text == "" or any(c in text for c in (separator, '"', "\r", "\n")) or is_text and text[0].isdigit()
        return doubled(text) if odd else text
    names = separator.join(c.name for c in columns) + end
    body = joined(columns, rows, separator, end, False, field)
    return (names if header in ("top", "both") else "") + body + (names if header in ("bottom", "both") else "")


def powershell(columns, rows, kind_line=True, stamp=str, end=CRLF):
    """Export-Csv of PowerShell, F27: everything quoted, names too, NULL is nothing; version 5 begins with the type.
    Windows PowerShell writes `""` for '' and for NULL alike, since a DBNull is '' [U]."""
    def field(value):
        return doubled("" if value is None else stamp(value) if isinstance(value, Stamp) else str(value))
    text = "#TYPE System.Data.DataRow" + end if kind_line else ""
    text += ",".join(doubled(c.name) for c in columns) + end
    return text + joined(columns, rows, ",", end, False, field)


def resaved(columns, rows, separator, stamp, empty_columns=0, empty_rows=0):
    """A CSV that Excel opened and saved, F26: times as the cell showed them, empty columns and rows at the end [U]."""
    def field(value):
        text = stamp(value) if isinstance(value, Stamp) else plain_text(value)
        return doubled(text) if any(c in text for c in (separator, '"', "\r", "\n")) else text
    tail = separator * empty_columns
    text = separator.join(c.name for c in columns) + tail + CRLF
    for row in rows:
        text += separator.join(field(v) for v in row) + tail + CRLF
    return text + (separator * (len(columns) - 1) + tail + CRLF) * empty_rows


# Printed grids --------------------------------------------------------------------------------------------

def printed(columns, rows, number="own", escape=True):
    """A grid printed or pasted as a Markdown table, F29, aligned. The grid's row number has a column of its own, or
    has run into the first one."""
    names = [c.name.replace("_", "\\_") if escape else c.name for c in columns]
    lines = [[plain_text(v).replace("|", "\\|") for v in row] for row in rows]
    if number == "own":
        names, lines = [""] + names, [[str(at + 1)] + line for at, line in enumerate(lines)]
    elif number == "merged":
        lines = [["%d %s" % (at + 1, line[0])] + line[1:] for at, line in enumerate(lines)]
    widths = [max(3, *(len(line[at]) for line in [names] + lines)) for at in range(len(names))]
    text = "|" + "|".join(" " + n.ljust(w) + " " for n, w in zip(names, widths)) + "|\n"
    text += "|" + "|".join("-" * (w + 2) for w in widths) + "|\n"
    for line in lines:
        text += "|" + "|".join(" " + t.ljust(w) + " " for t, w in zip(line, widths)) + "|\n"
    return text


# The product's own ----------------------------------------------------------------------------------------

FIELD_END, ROW_END = "<EOFD>", "<EORD>"


def bulk(columns, rows):
    """The bulk export's data file: UTF-16 LE, `<EOFD>` between fields, `<EORD>` after a row [S]; NULL is nothing, ''
    is NUL, as bcp has it [U]. A byte-order mark is bcp's habit [S]."""
    return utf16("".join(FIELD_END.join(bcp_text(v) for v in row) + ROW_END for row in rows))


def format_file(columns):
    """The bcp format file beside it: version, number of columns, and a line for each one [S]."""
    lines = ["14.0", str(len(columns))]
    for at, column in enumerate(columns, 1):
        end = ROW_END if at == len(columns) else FIELD_END
        wide = "".join(c + "\\0" for c in end)
        collation = '""' if column.is_number or column.kind == "datetime" else "SQL_Latin1_General_CP1_CI_AS"
        size = 0 if column.size > 8000 else 2 * max(column.size, 24)
        lines.append('%-7d SQLNCHAR %11d %7d   "%s" %5d %-28s %s' % (at, 0, size, wide, at, column.name, collation))
    return CRLF.join(lines) + CRLF
