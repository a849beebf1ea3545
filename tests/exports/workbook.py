"""Excel's files: the XML written by hand, the zip by zipfile with a fixed time, so that the bytes are always the same.
"""
import datetime
import html
import io
import zipfile

from rows import Stamp

EPOCH_1900 = datetime.datetime(1899, 12, 30)
EPOCH_1904 = datetime.datetime(1904, 1, 1)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="utf-8"?>'


def letters(column):
    """A for 0, AA for 26."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def serial(stamp, epoch):
    time = datetime.datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S.%f")
    return (time - epoch) / datetime.timedelta(days=1)


def text_xml(text):
    keep = ' xml:space="preserve"' if text != text.strip() or "\n" in text else ""
    return "<t%s>%s</t>" % (keep, html.escape(text, quote=False).replace("\r", "&#xD;"))


def pack(parts):
    """A zip of the given texts, in order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in parts:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 0
            archive.writestr(entry, text, compresslevel=9)
    return out.getvalue()


def parts(sheets, formats, extra=(), date1904=False, strings=None):
    """The parts of a workbook around the XML of its sheets."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml."
    types = "".join('<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="%sworksheet+xml"/>' % (n, kind)
                    for n in range(1, len(sheets) + 1))
    links = "".join('<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>' % (n, OFFICE, n)
                    for n in range(1, len(sheets) + 1))
    named = "".join('<sheet name="Sheet%d" sheetId="%d" r:id="rId%d"/>' % (n, n, n)
                    for n in range(1, len(sheets) + 1))
    if strings is not None:
        types += '<Override PartName="/xl/sharedStrings.xml" ContentType="%ssharedStrings+xml"/>' % kind
        links += '<Relationship Id="rId90" Type="%s/sharedStrings" Target="sharedStrings.xml"/>' % OFFICE
    codes = "".join('<numFmt numFmtId="%d" formatCode="%s"/>' % (164 + n, f) for n, f in enumerate(formats))
    looks = "".join('<xf numFmtId="%d" xfId="0" applyNumberFormat="1"/>' % (164 + n) for n in range(len(formats)))
    made = [
        ("[Content_Types].xml", HEAD + '<Types xmlns="%s/content-types"><Default Extension="rels" ContentType='
         '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
         'ContentType="%ssheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="%sstyles+xml"/>%s</Types>'
         % (PACKAGE, kind, kind, types)),
        ("_rels/.rels", HEAD + '<Relationships xmlns="%s/relationships"><Relationship Id="rId1" Type="%s/'
         'officeDocument" Target="xl/workbook.xml"/></Relationships>' % (PACKAGE, OFFICE)),
        ("xl/workbook.xml", HEAD + '<workbook xmlns="%s" xmlns:r="%s">%s<sheets>%s</sheets></workbook>'
         % (MAIN, OFFICE, '<workbookPr date1904="1"/>' if date1904 else "", named)),
        ("xl/_rels/workbook.xml.rels", HEAD + '<Relationships xmlns="%s/relationships">%s<Relationship Id="rId99" '
         'Type="%s/styles" Target="styles.xml"/></Relationships>' % (PACKAGE, links, OFFICE)),
        ("xl/styles.xml", HEAD + '<styleSheet xmlns="%s"><numFmts count="%d">%s</numFmts><fonts count="1"><font/>'
         '</fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/>'
         '</cellStyleXfs><cellXfs count="%d"><xf xfId="0"/>%s</cellXfs></styleSheet>'
         % (MAIN, len(formats), codes, len(formats) + 1, looks)),
    ]
    if strings is not None:
        made.append(("xl/sharedStrings.xml", HEAD + '<sst xmlns="%s" count="%d" uniqueCount="%d">%s</sst>'
                     % (MAIN, len(strings), len(strings), "".join("<si>%s</si>" % text_xml(s) for s in strings))))
    made += [("xl/worksheets/sheet%d.xml" % n, xml) for n, xml in enumerate(sheets, 1)]
    return made + list(extra)


def sheet(lines):
    """The XML of a sheet, given the XML of the cells of each row."""
    rows = "".join('<row r="%d">%s</row>' % (n, line) for n, line in enumerate(lines, 1))
    return HEAD + '<worksheet xmlns="%s" xmlns:r="%s"><sheetData>%s</sheetData></worksheet>' % (MAIN, OFFICE, rows)


def studio(columns, sheets):
    """Azure Data Studio's workbook, F22: texts inline, NULL no cell at all, times as serials in style 1, and one from
    before March 1900 as the text of its date; each sheet begins with the names [S]."""
    def cell(at, line, value):
        place = "%s%d" % (letters(at), line)
        if value is None:
            return ""
        if isinstance(value, Stamp) and value >= "1900-03-01":
            return '<c r="%s" s="1"><v>%r</v></c>' % (place, serial(value, EPOCH_1900))
        if isinstance(value, str):
            text = value[:10] if isinstance(value, Stamp) else value
            return '<c r="%s" t="inlineStr"><is>%s</is></c>' % (place, text_xml(text))
        return '<c r="%s"><v>%s</v></c>' % (place, value)

    made = []
    for rows in sheets:
        grid = [[c.name for c in columns]] + rows
        made.append(sheet("".join(cell(at, n, v) for at, v in enumerate(row)) for n, row in enumerate(grid, 1)))
    return pack(parts(made, ["yyyy-mm-dd hh:mm:ss"]))


def excel(columns, rows, date1904=False, shown="mm:ss.0", raw=lambda value: None):
    """A grid pasted into Excel and saved, F25: shared strings, NULL the word, times as serials shown as `mm:ss.0`, so
    that the value is whole though it does not look so; digits of long numbers lost [S, U for what is shown]. `raw`
    gives the XML of a cell's value where the test wants another."""
    strings, epoch = [], EPOCH_1904 if date1904 else EPOCH_1900

    def cell(at, line, value):
        place = "%s%d" % (letters(at), line)
        if raw(value) is not None:
            look = ' s="1"' if isinstance(value, Stamp) else ""
            return '<c r="%s"%s><v>%s</v></c>' % (place, look, raw(value))
        if isinstance(value, Stamp):
            return '<c r="%s" s="1"><v>%r</v></c>' % (place, serial(value, epoch))
        if isinstance(value, int):
            return '<c r="%s"><v>%d</v></c>' % (place, value)
        text = "NULL" if value is None else value
        if text not in strings:
            strings.append(text)
        return '<c r="%s" t="s"><v>%d</v></c>' % (place, strings.index(text))

    grid = [[c.name for c in columns]] + rows
    lines = ["".join(cell(at, n, v) for at, v in enumerate(row)) for n, row in enumerate(grid, 1)]
    return pack(parts([sheet(lines)], [shown], date1904=date1904, strings=strings))


def sparse_bomb():
    """Two cells, in opposite corners: a reader that keeps the rectangle between them takes 17 thousand million."""
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    xml = HEAD + '<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (MAIN, rows)
    return pack(parts([xml], ["0"]))


def ratio_bomb(megabytes=24):
    """One text of one letter, so long that the zip holds a thousandth of it."""
    filler = "A" * (megabytes << 20)
    row = '<row r="1"><c r="A1" t="inlineStr"><is><t>%s</t></is></c></row>' % filler
    xml = HEAD + '<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (MAIN, row)
    return pack(parts([xml], ["0"]))


def entity_bomb():
    """A text of entities that would be a thousand million letters, if they were followed."""
    lines = ['<!ENTITY a0 "aaaaaaaaaa">']
    lines += ['<!ENTITY a%d "%s">' % (n, "&a%d;" % (n - 1) * 10) for n in range(1, 9)]
    row = '<row r="1"><c r="A1" t="inlineStr"><is><t>&a8;</t></is></c></row>'
    xml = HEAD + '<!DOCTYPE worksheet [%s]><worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (
        "".join(lines), MAIN, row)
    return pack(parts([xml], ["0"]))
