"""The rows that every form writes: the columns of the product's tables, and the values that trip readers up.

A value is None (NULL), an int, a str, a Stamp (a datetime, in its text form with three decimals) or a Raw (binary, as
`0x...`). Types come from the schema, so that a column has one declared type in the whole project.
"""
import pathlib
import re

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "migrations" / "egpl" / "V1__create_egpl_tables.sql"


class Stamp(str):
    """A datetime: `2011-07-12 14:49:55.000`."""


class Raw(str):
    """A binary value: `0x00000000000007D1`."""


class Column:
    """A column's name as the file spells it, and its declared type."""

    def __init__(self, name, kind, size=0):
        self.name, self.kind, self.size = name, kind, size

    def named(self, name):
        return Column(name, self.kind, self.size)

    @property
    def is_number(self):
        return self.kind in ("numeric", "smallint")


def read_schema():
    """Every table of the schema: its columns in order, by lower-case name."""
    tables, table = {}, None
    for line in SCHEMA.read_text(encoding="utf-8").splitlines():
        made = re.match(r"CREATE TABLE (\w+) \(", line)
        if made:
            table = tables.setdefault(made.group(1), {})
        part = re.match(r'    ([a-z]\w*) +"?([A-Z]+)(?:\((\w+)(?:,0)?\))?', line)
        if table is not None and part:
            name, kind, size = part.groups()
            size = {None: 0, "MAX": 1 << 30}.get(size) if size in (None, "MAX") else int(size)
            table[name] = Column(name, kind.lower(), size)
        if line.startswith(");"):
            table = None
    return tables


TABLES = read_schema()
ACTIVITY = "egpl_casemgmt_activity"
USER = "egpl_user"
QUEUE = "egpl_routing_queue"
SESSION = "eglv_session"
EVENT = "egpl_event_history_case_mgmt"

# The columns that most exports of this folder have: five texts, so that a quote can lead in each of five places.
NASTY = ("activity_id contact_point_data activity_type activity_status activity_sub_status subject description "
         "last_action_reason visitor_session_id assigned_to queue_id when_created").split()
# What people pick by hand.
TEN = ("activity_id activity_type activity_status activity_sub_status queue_id assigned_to contact_point_data "
       "when_created when_modified delete_flag").split()
# As older releases list the table: without the two later columns.
FULL = [name for name in TABLES[ACTIVITY] if name not in ("issue_type_id", "is_authenticated")]
# A set in which two columns, assigned_by and contact_point_type, are in no public list.
WITH_UNKNOWN = ("activity_id case_id department_id activity_mode activity_type activity_sub_type activity_status "
                "activity_sub_status activity_priority queue_id assigned_to assigned_by customer_id "
                "contact_person_id contact_point_id contact_point_data contact_point_type subject description "
                "locked when_created when_modified due_date delete_flag").split()
UNKNOWN = {"assigned_by": Column("assigned_by", "numeric", 18),
           "contact_point_type": Column("contact_point_type", "smallint"),
           "password": Column("password", "nvarchar", 255),
           "case_insensitive_password": Column("case_insensitive_password", "nvarchar", 255)}
USERS = ("user_id user_name password case_insensitive_password screen_name first_name last_name "
         "email_address_primary login_logout_time login_ip user_state when_created who_created delete_flag "
         "department_id authentication_type").split()
QUEUES = ("queue_id queue_name queue_state department_id queue_type queue_routing_type queue_chat_routing_type "
          "who_created when_created queue_description max_chat_queue_depth chat_queue_priority "
          "chat_alternate_engagement").split()
SESSIONS = list(TABLES[SESSION])
EVENTS = list(TABLES[EVENT])
# The documented query of open chats, in its order.
ANSWER = (("contact_point_data", ACTIVITY), ("queue_name", QUEUE), ("activity_id", ACTIVITY),
          ("activity_status", ACTIVITY), ("activity_sub_status", ACTIVITY), ("login_ip", USER),
          ("assigned_to", ACTIVITY), ("when_created", ACTIVITY), ("user_name", USER), ("screen_name", USER))

CREATED = Stamp("2011-07-12 14:49:55.000")
DEFAULTS = {
    "activity_id": 1347, "case_id": 1211, "department_id": 999, "activity_mode": 100, "activity_type": 2000,
    "activity_sub_type": 1, "activity_status": 5000, "activity_sub_status": 5900, "activity_priority": 1,
    "when_created": CREATED, "who_created": 1, "when_modified": Stamp("2011-07-12 14:52:03.123"), "due_date": None,
    "user_last_worked": 1003, "assigned_to": 1003, "subject": "Chat", "description": "Help me!", "language_id": 1,
    "customer_id": 1102, "contact_person_id": 1103, "queue_id": 1001, "contact_point_id": 1104,
    "contact_point_data": "customer@awesome.com", "last_action_reason": None, "pinned": "n", "locked": "n",
    "activity_access": 1, "folder_id": None, "last_department_id": None, "save_draft_flag": 0, "leave_open_flag": 0,
    "num_notes": 0, "num_attachments": 0, "case_type": 1, "delete_flag": "n", "conference_flag": "n",
    "is_escalated": "n", "create_date": CREATED, "update_version": Raw("0x00000000000007D1"), "outbound_failed": 0,
    "visitor_session_id": "s-1", "visitor_user_id": None, "cust_account_id": None, "delay_time_in_min": None,
    "assigned_by": None, "contact_point_type": 1,
    "user_id": 1003, "user_name": "DMarino", "password": "8F3C-not-for-you", "first_name": "Dana",
    "case_insensitive_password": "8f3c-nor-this", "screen_name": "DMarino", "last_name": "Marino",
    "email_address_primary": "dmarino@dslab.test", "login_logout_time": Stamp("2011-07-12 14:40:10.250"),
    "login_ip": "43app", "user_state": 1, "authentication_type": 0,
    "queue_name": "CIM_WIM", "queue_state": 1, "queue_type": 1, "queue_routing_type": 1,
    "queue_chat_routing_type": 1, "queue_description": "Chats, and nothing else", "max_chat_queue_depth": -1,
    "chat_queue_priority": 1, "chat_alternate_engagement": 0,
    "entry_point_id": 1000, "cust_connection_status": 1, "chat_status": 4, "service_interval": 0,
    "user_agent": "Mozilla/5.0 (Windows NT 6.1; rv:5.0)", "referrer_url": "http://43web/?a=1,2&b=\"3\"",
    "referrer_name": "", "cust_display_name": "Zoë", "client_ip": "10.1.2.3",
    "event_id": 90071992547409921, "event_date": 1310496595000, "object_operation": 410, "application_id": 1,
    "session_id": 5, "object_type": 1, "event_json_data": '{"a": "b, c"}',
}


def column(table, name):
    """The column of `table` called `name`, in any letter case; password columns and unknown ones too."""
    low = name.lower()
    found = TABLES[table].get(low) or UNKNOWN[low]
    return found.named(name)


def columns(table, names):
    return [column(table, name) for name in names]


def row(**given):
    """A row with the usual values, but for those given."""
    return {**DEFAULTS, **given}


def reference():
    """One plain row: what the document prints."""
    return [row()]


def plain():
    """Rows that every form can carry unharmed: no text needs care, NULL stands in numbers and times only."""
    return [
        row(),
        row(activity_id=1348, activity_status=9000, activity_sub_status=9100, subject="Order 12",
            contact_point_data="second@example.com", visitor_session_id="s-2", last_action_reason="done",
            when_modified=Stamp("2011-07-12 15:00:00.000"), when_created=Stamp("2011-07-12 14:50:01.007")),
        row(activity_id=1349, assigned_to=None, activity_status=4000, activity_sub_status=4100, subject="Refund",
            visitor_session_id="s-3", last_action_reason="none", when_modified=None, queue_id=1002,
            when_created=Stamp("2011-12-31 23:59:59.997")),
    ]


LONG = "".join("word%03d " % n for n in range(38))[:299] + "."
TEXTS = ("contact_point_data", "subject", "description", "last_action_reason", "visitor_session_id")


def nasty():
    """The reference row, then one awkward value a row."""
    rows = [row(activity_id=1347, last_action_reason="why")]

    def add(**given):
        rows.append(row(**{"activity_id": 1347 + len(rows), "last_action_reason": "why", **given}))

    add(**{name: None for name in TEXTS}, assigned_to=None, queue_id=None)        # 1348
    add(**{name: "" for name in TEXTS})                                           # 1349
    add(subject="NULL")                                                           # 1350
    add(subject="Smith, John")                                                    # 1351
    add(subject="left\tright")                                                    # 1352
    add(subject='say "hi" now')                                                   # 1353
    for name in TEXTS:
        add(**{name: '"hi there'})                                                # 1354 to 1358
    add(subject="one\rtwo")                                                       # 1359
    add(subject="one\ntwo")                                                       # 1360
    add(subject="one\r\ntwo")                                                     # 1361
    add(subject="café Zoë")                                                       # 1362
    add(subject="日本")                                                            # 1363
    add(subject="wave \U0001F44B end")                                            # 1364
    add(subject=" leading")                                                       # 1365
    add(subject="trailing ")                                                      # 1366
    add(subject="=1+1")                                                           # 1367
    add(description=LONG)                                                         # 1368
    add(subject="007", description="1,5")                                         # 1369
    return rows


def without(rows, wrong):
    """The rows of which no text has any of the characters in `wrong`."""
    def bad(value):
        return isinstance(value, str) and any(c in value for c in wrong)
    return [r for r in rows if not any(bad(r[name]) for name in TEXTS)]


def cells(names, rows):
    """The rows as lists, in the order of `names` (any letter case)."""
    return [[r.get(name.lower()) for name in names] for r in rows]
