-- The platform model, laid over the product's tables for replays only. It is chatdb's own: no name in this
-- set is the vendor's.
--
-- Three kinds of table, and who writes them:
--   master data   server, entry_point                     seeds
--   causes        what somebody or something did          steps and seeds, by INSERT
--   effects       what follows from causes and rules      the triggers of this set, nobody else
-- Rules are the next migration, triggers and views the ones after it.
--
-- Things settle when the clock moves: mail is fetched, waiting activities are assigned, a desktop times out.
-- Whoever writes causes moves the clock before and, be it to the same time, after.

-- The scenario clock: one row, a time on the servers' wall clock. Every trigger and view reads the time here.
CREATE TABLE chatdb_clock (
    now DATETIME NOT NULL
);

-- MASTER DATA ---------------------------------------------------------------------------------------------

-- The three servers of the document. `bit` makes a set of servers a number: application 1, services 2,
-- messaging 4.
CREATE TABLE server (
    server NVARCHAR(20) NOT NULL PRIMARY KEY,
    bit    SMALLINT NOT NULL UNIQUE,
    title  NVARCHAR(40) NOT NULL,
    host   NVARCHAR(255)                     -- the name in login_ip; set by a seed
) WITHOUT ROWID;

-- Where customers come in: a page for chats, an address for e-mail.
CREATE TABLE entry_point (
    entry_point_id NUMERIC(18,0) NOT NULL PRIMARY KEY,
    channel        NVARCHAR(10) NOT NULL CHECK (channel IN ('chat', 'e-mail')),
    name           NVARCHAR(100) NOT NULL,   -- as the page's address names it
    page_title     NVARCHAR(100),
    web_host       NVARCHAR(255),
    banner         NVARCHAR(255),
    address        NVARCHAR(255),            -- the address that replies come from
    address_label  NVARCHAR(100),
    queue_id       NUMERIC(18,0) NOT NULL,
    department_id  NUMERIC(18,0) NOT NULL
);

-- CAUSES --------------------------------------------------------------------------------------------------
-- A cause can only be added. `at` is the clock's time, and a key of its own is counted by the model: a trigger
-- refuses both where a step writes them, and every id that names nothing.

CREATE TABLE server_event (
    server_event_id INTEGER PRIMARY KEY,
    at     DATETIME,
    server NVARCHAR(20) NOT NULL CHECK (server IN ('application', 'services', 'messaging')),
    event  NVARCHAR(10) NOT NULL CHECK (event IN ('stops', 'starts'))
);

-- A customer asks for a chat at an entry point.
CREATE TABLE chat_request (
    activity_id    INTEGER PRIMARY KEY,
    at             DATETIME,
    entry_point_id NUMERIC(18,0) NOT NULL,
    customer_name  NVARCHAR(100) NOT NULL,
    email_address  NVARCHAR(255) NOT NULL,
    browser        NVARCHAR(100) NOT NULL,
    text           NVARCHAR(4000) NOT NULL
);

-- An e-mail reaches the mail server.
CREATE TABLE email_arrival (
    activity_id    INTEGER PRIMARY KEY,
    at             DATETIME,
    entry_point_id NUMERIC(18,0) NOT NULL,
    from_address   NVARCHAR(255) NOT NULL,
    to_address     NVARCHAR(255) NOT NULL,
    subject        NVARCHAR(255) NOT NULL,
    body           NVARCHAR(4000) NOT NULL
);

-- The customer or the agent types a chat message and sends it off.
CREATE TABLE message (
    message_id  INTEGER PRIMARY KEY,
    at          DATETIME,
    activity_id NUMERIC(18,0) NOT NULL,
    author      NVARCHAR(10) NOT NULL CHECK (author IN ('customer', 'agent')),
    text        NVARCHAR(4000) NOT NULL
);

-- The agent logs in or out, opens a part of the console (a chat by its activity_id), completes a chat, or
-- transfers one to another agent. A chat that cannot be completed or transferred at that moment is left as it
-- is, and the row is not added.
CREATE TABLE agent_action (
    agent_action_id INTEGER PRIMARY KEY,
    at           DATETIME,
    user_id      NUMERIC(18,0) NOT NULL,
    action       NVARCHAR(10) NOT NULL CHECK (action IN ('logs in', 'logs out', 'opens', 'completes', 'transfers')),
    console_part NVARCHAR(20) REFERENCES console_part,
    activity_id  NUMERIC(18,0),
    to_user_id   NUMERIC(18,0),
    CHECK ((action = 'opens') = (console_part IS NOT NULL)),
    CHECK ((action = 'transfers') = (to_user_id IS NOT NULL)),
    CHECK (action IN ('opens', 'completes', 'transfers') OR activity_id IS NULL)
);

-- The agent types an answer into the reply pane of an e-mail.
CREATE TABLE email_reply (
    email_reply_id INTEGER PRIMARY KEY,
    at          DATETIME,
    user_id     NUMERIC(18,0) NOT NULL,
    activity_id NUMERIC(18,0) NOT NULL,
    text        NVARCHAR(4000) NOT NULL
);

-- The customer leaves the chat, by its own button or by closing the browser.
CREATE TABLE customer_leaves (
    activity_id INTEGER PRIMARY KEY,
    at          DATETIME
);

-- EFFECTS -------------------------------------------------------------------------------------------------

-- Times during which a server was down. Outages that overlap belong to one episode.
CREATE TABLE outage (
    outage_id  INTEGER PRIMARY KEY,
    episode    INTEGER NOT NULL,
    server     NVARCHAR(20) NOT NULL,
    stopped_at DATETIME NOT NULL,
    started_at DATETIME                      -- NULL while it is down
);

-- Which servers the newest episode took down, as the sum of their bits, and how it stands. One row.
--   phase  'none'     nothing has failed yet
--          'during'   all servers of the episode are down
--          'partly'   some are back
--          'after'    all are back
--          'repeated' this is not the first episode
CREATE TABLE situation (
    servers SMALLINT NOT NULL,
    phase   NVARCHAR(10) NOT NULL
);

-- The effects of which the document speaks in this very situation; 'all' before anything has failed. Whatever
-- is not here is extrapolated.
CREATE TABLE documented_now (
    effect NVARCHAR(60) NOT NULL PRIMARY KEY
) WITHOUT ROWID;

-- What is missing now: a capability of a chat (by activity_id), of an agent (by user_id) or of the system (0),
-- which server is in the way, and since when. No row: it works.
CREATE TABLE lacks (
    subject    NVARCHAR(10) NOT NULL,
    subject_id NUMERIC(18,0) NOT NULL,
    capability NVARCHAR(40) NOT NULL,
    server     NVARCHAR(20) NOT NULL,
    since      DATETIME NOT NULL,
    PRIMARY KEY (subject, subject_id, capability, server)
) WITHOUT ROWID;

-- Log-ins that succeeded. A log-in that finds an older one still on record, because a failure kept it from being
-- ended, found a session in progress.
CREATE TABLE agent_login (
    agent_login_id INTEGER PRIMARY KEY,
    user_id        NUMERIC(18,0) NOT NULL,
    at             DATETIME NOT NULL,
    found_login_id INTEGER,
    ended_at       DATETIME,
    ended_by       NVARCHAR(10)              -- 'log-out' or 'log-in'
);

-- The console program on the agent's desk: it opens with a log-in and closes with a log-out, whatever the
-- servers make of either; in between it can time out.
CREATE TABLE desktop (
    user_id        NUMERIC(18,0) NOT NULL PRIMARY KEY,
    agent_login_id INTEGER NOT NULL,
    opened_at      DATETIME NOT NULL,
    state          NVARCHAR(10) NOT NULL,    -- 'open', 'closed', 'timed out'
    -- The last causes before it was opened: what it shows came after them.
    after_action   INTEGER NOT NULL,
    after_message  INTEGER NOT NULL,
    after_reply    INTEGER NOT NULL
);

-- What became of a message: it is delivered where the servers let it through and both ends are in the chat.
CREATE TABLE delivery (
    message_id   INTEGER PRIMARY KEY,
    delivered    SMALLINT NOT NULL,
    user_id      NUMERIC(18,0),              -- the agent in the chat at that moment, NULL for none
    session_lost SMALLINT NOT NULL,          -- whether the customer's session was gone
    lost_to      NVARCHAR(100)               -- the servers in the way, and who is missing; NULL when delivered
);

-- What came of opening a part of the console.
CREATE TABLE opening (
    agent_action_id INTEGER PRIMARY KEY,
    result          NVARCHAR(20) NOT NULL,   -- 'loads', 'does not load', 'no desktop'
    times_out       SMALLINT NOT NULL,       -- whether the desktop waits for it until it times out
    lost_to         NVARCHAR(100)
);

-- Who was given which chat, and when.
CREATE TABLE chat_assignment (
    chat_assignment_id INTEGER PRIMARY KEY,
    at          DATETIME NOT NULL,
    activity_id NUMERIC(18,0) NOT NULL,
    user_id     NUMERIC(18,0) NOT NULL
);

-- When the agent to whom a chat was given first opened it.
CREATE TABLE chat_pickup (
    chat_pickup_id INTEGER PRIMARY KEY,
    activity_id    NUMERIC(18,0) NOT NULL,
    at             DATETIME NOT NULL,
    user_id        NUMERIC(18,0) NOT NULL
);

INSERT INTO situation (servers, phase) VALUES (0, 'none');
INSERT INTO documented_now (effect) VALUES ('all');
