"""Rows at random for the findings to be asked of, in the files that chatdb imports: few values for each column, so that
they meet. The same every time."""

import random
from datetime import datetime, timedelta

AGENTS = range(1001, 1013)
IDLE = 1013  # has two chats that stand still, and nothing else
QUEUES = range(1, 6)
STATUS = [(3000, 3100), (4000, 4100), (4000, 4105), (5000, 5100), (5000, 5900), (5000, 5900), (9000, 9100),
          (9000, 9200), (5000, 9100), (9000, 5900), (6000, 1)]
EVENTS = [205, 209, 213, 409, 410, 412, 414, 540, 544, 545, 546, 547, 548, 2210, 2212]
ACTIVITY = ["activity_id", "activity_type", "activity_sub_type", "activity_mode", "activity_status",
            "activity_sub_status", "assigned_to", "queue_id", "when_created", "when_modified"]


def some(rng, values, none=0.1):
    return None if rng.random() < none else rng.choice(list(values))


def written(header, rows):
    """CSV as the mssql extension of Azure Data Studio writes it."""
    cell = lambda value: "NULL" if value is None else str(value)
    return "\n".join([",".join(header), *(",".join(map(cell, row)) for row in rows)]) + "\n"


def activity(rng, number, before):
    status, sub_status = rng.choice(STATUS)
    created = before(20 * 1440)
    modified = max(created, before(1440 if rng.random() < 0.5 else 20 * 1440))
    return [number, rng.choice((1, 2000, 2000, 2000, 7)), rng.randrange(1, 6), rng.choice((100, 200, 300)), status,
            sub_status, some(rng, [*AGENTS, 1099]), some(rng, [*QUEUES, 9]), created, modified]


def files(now):
    """Every file by the table that it is of: the activities twice, as they were a day before and as they are, and once
    more as change data capture has some of them."""
    rng = random.Random(1347)
    now = datetime.fromisoformat(now)

    def before(minutes):
        at = now - timedelta(minutes=rng.randrange(minutes), milliseconds=rng.randrange(60_000))
        return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}"

    def utc_ms(minutes):
        at = now - timedelta(minutes=rng.randrange(minutes)) - datetime(1970, 1, 1)
        return int(at.total_seconds() * 1000)

    later = [activity(rng, number, before) for number in range(1, 401)]
    still = before(2880)
    later += [[number, 2000, 1, 100, 5000, 5900, IDLE, 1, still, still] for number in (401, 402)]
    earlier = [list(row) for row in later if rng.random() < 0.8]
    for row in earlier:
        if rng.random() < 0.2:
            row[4], row[5] = rng.choice(STATUS)
        if rng.random() < 0.05:
            row[9] = before(600)
    # The files have what both have, but for a few that the later one lacks.
    gone = {row[0] for row in earlier if row[4] == 9000 and rng.random() < 0.03}
    later = [row for row in later if row[0] not in gone]
    changes = []
    for lsn, row in enumerate(rng.sample(later, 40)):
        old = activity(rng, row[0], before)
        changes += [[f"0x{lsn:020X}", "0x01", 3, *old], [f"0x{lsn:020X}", "0x01", 4, *row]]
    for lsn in range(40, 46):
        changes.append([f"0x{lsn:020X}", "0x01", 1, *activity(rng, 1000 + lsn, before)])
    ids = [row[0] for row in later]
    users = [[user, f"agent{user}", f"10.0.0.{user % 3}", before(60 if user == IDLE else 4320),
              "Y" if user % 4 == 0 else "N", rng.randrange(3)] for user in (*AGENTS, IDLE)]
    return {
        "activity_before": written(ACTIVITY, earlier),
        "activity": written(ACTIVITY, later),
        "cdc.dbo_EGPL_CASEMGMT_ACTIVITY_CT": written(["__$start_lsn", "__$seqval", "__$operation", *ACTIVITY], changes),
        "egpl_user": written(
            ["user_id", "user_name", "login_ip", "login_logout_time", "delete_flag", "user_state"], users),
        "egpl_routing_queue": written(["queue_id", "queue_name", "queue_state"], [[q, f"Q{q}", 1] for q in QUEUES]),
        "egpl_event_history_case_mgmt": written(
            ["event_id", "event_date", "object_operation", "activity_id", "user_id", "create_date"],
            [[n, utc_ms(20 * 1440), rng.choice(EVENTS), rng.choice(ids), some(rng, AGENTS),
              some(rng, [before(9000)], 0.5)] for n in range(1, 1501)]),
        "egpl_event_history_user": written(
            ["event_id", "event_date", "application_id", "object_operation", "user_id"],
            [[n, utc_ms(3 * 1440), 1, rng.choice((5, 6)), rng.choice(AGENTS)] for n in range(1, 60)]),
        "eglv_session": written(["activity_id", "chat_status", "when_modified"],
                                [[n, 4, before(5 * 1440)] for n in ids if rng.random() < 0.5]),
        "eglv_session_chat_event": written(
            ["activity_id", "user_id", "agent_last_response_time", "customer_last_message_time"],
            [[n, rng.choice(AGENTS), some(rng, [before(9000)]), some(rng, [before(9000)])]
             for n in ids if rng.random() < 0.5]),
        "eglv_session_content": written(["activity_id", "content"],
                                        [[n, rng.choice(("EGLV-EXIT", "hello"))] for n in ids if rng.random() < 0.3]),
        "egicm_user": written(["user_id", "skill_target_id"], [[user, 5000 + user] for user in AGENTS if user % 2]),
        "egicm_concurrent_task": written(["user_id", "queue_id", "concurrent_task_limit"],
                                         [[user, q, 1 + (user + q) % 4] for user in AGENTS for q in (1, 2, 3)]),
    }
