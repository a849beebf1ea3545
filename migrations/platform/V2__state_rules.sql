-- The rules of the platform model, as rows. All behaviour in all scenarios follows from them.
-- `lines` count the lines of the source document. A statement counts as documented where the document makes
-- it for exactly the servers that are down, and as extrapolated everywhere else (see `evidence`).

INSERT INTO server (server, bit, title) VALUES
    ('application', 1, 'Application server'),
    ('services',    2, 'Services server'),
    ('messaging',   4, 'Messaging server');

-- CAPABILITIES: what works while nothing has failed. ------------------------------------------------------

-- `subject` says whose it is: a chat's, an agent's, or the system's.
CREATE TABLE capability (
    capability NVARCHAR(40) NOT NULL PRIMARY KEY,
    subject    NVARCHAR(10) NOT NULL CHECK (subject IN ('chat', 'agent', 'system')),
    position   SMALLINT NOT NULL UNIQUE,
    what       NVARCHAR(200) NOT NULL
) WITHOUT ROWID;

INSERT INTO capability (position, capability, subject, what) VALUES
    (10, 'exchange messages',     'chat',   'messages are delivered between customer and agent'),
    (20, 'keep the session',      'chat',   'the customer''s chat session continues'),
    (30, 'keep the history',      'chat',   'earlier messages can be shown to the agent again'),
    (40, 'keep the log-in',       'agent',  'the agent''s log-in stays valid'),
    (50, 'open chat',             'agent',  'the chat part of the console loads'),
    (51, 'open inbox',            'agent',  'the inbox loads'),
    (52, 'open case',             'agent',  'the Case tab loads'),
    (53, 'open customer',         'agent',  'the Customer tab loads'),
    (54, 'open knowledge base',   'agent',  'the knowledge base loads'),
    (60, 'outlast an error',      'agent',  'the desktop stays open when a part does not load'),
    (70, 'complete a chat',       'agent',  'completing or transferring a chat changes its activity row'),
    (80, 'work on other activities', 'agent', 'the agent can send a reply to an e-mail'),
    (90, 'receive new activities', 'agent', 'waiting activities are assigned to the agent'),
    (100, 'number a reply',       'agent',  'the subject of a reply carries the activity number'),
    (110, 'see the chat''s connection', 'agent', 'the console''s connection indicator is green'),
    (120, 'hold the connection to the server', 'agent', 'the title bar of the console does not flash'),
    (130, 'log in',               'system', 'an agent can log in'),
    (140, 'take a chat request',  'system', 'a request at an entry point becomes an activity'),
    (150, 'fetch e-mail',         'system', 'an e-mail on the mail server becomes an activity');

-- THE MATRIX: capability x server. ------------------------------------------------------------------------

-- `needed` 1: the capability is gone while the server is down, and comes back when `recovers` says: 'at once'
-- with the server, at the agent's next 'log-in' after it, or 'never' (for the chat that lived through it).
-- Every cell says what it is read from: a cell is documented where `evidence` holds the document's word on
-- an outage of that server alone; for any other, `reading` says how it was arrived at. `shown` is 0 where what
-- the document has a person do or see does not show that the cell is right: where a cell that is not needed could be
-- needed, and come back in one way or another, or one that is needed not be, and nobody would see it. A test finds
-- these cells in the replays.
CREATE TABLE server_rule (
    capability NVARCHAR(40) NOT NULL REFERENCES capability,
    server     NVARCHAR(20) NOT NULL REFERENCES server,
    needed     SMALLINT NOT NULL CHECK (needed IN (0, 1)),
    recovers   NVARCHAR(10) CHECK (recovers IN ('at once', 'log-in', 'never')),
    reading    NVARCHAR(400) NOT NULL,
    shown      SMALLINT NOT NULL DEFAULT 1 CHECK (shown IN (0, 1)),
    PRIMARY KEY (capability, server),
    CHECK ((needed = 1) = (recovers IS NOT NULL))
) WITHOUT ROWID;

INSERT INTO server_rule (capability, server, needed, recovers, reading) VALUES
    ('exchange messages', 'application', 1, 'never',   'messages sent after the failure are lost and a new session is needed'),
    ('exchange messages', 'services',    0, NULL,      'agent and customer go on chatting'),
    ('exchange messages', 'messaging',   1, 'at once', 'not exchanged while it is down; the chat continues once it is back'),
    ('keep the session',  'application', 1, 'never',   'the customer must start a new session'),
    ('keep the session',  'services',    0, NULL,      'the chat is still in progress'),
    ('keep the session',  'messaging',   0, NULL,      'the same chat session is re-established'),
    ('keep the history',  'application', 1, 'never',   'chat history is lost'),
    ('keep the history',  'services',    0, NULL,      'a chat that continues is assumed to keep its history'),
    ('keep the history',  'messaging',   0, NULL,      'the transcript after the restore begins with the lines from before'),
    ('keep the log-in',   'application', 1, 'log-in',  'the agent has to log back in'),
    ('keep the log-in',   'services',    0, NULL,      'the agent is told to log out, so the log-in is still there'),
    ('keep the log-in',   'messaging',   0, NULL,      'the console goes on after the restore without a new log-in'),
    ('open chat',           'application', 1, 'log-in', 'pop-up errors, depending on the part of the console (line 36), which names none; this one is assumed to be among them'),
    ('open chat',           'services',    0, NULL,     'the chat goes on, so its part loads'),
    ('open chat',           'messaging',   0, NULL,     'line 130 calls the failure similar; the chat is still on the screen (lines 133-174)'),
    ('open inbox',          'application', 1, 'log-in', 'pop-up errors, depending on the part of the console (line 36), which names none; this one is assumed to be among them'),
    ('open inbox',          'services',    0, NULL,     'the e-mail reply is on the screen, only its buttons are grey'),
    ('open inbox',          'messaging',   0, NULL,     'not mentioned; pages come from the Application server, so it is assumed to load'),
    ('open case',           'application', 1, 'log-in', 'pop-up errors, depending on the part of the console (line 36), which names none; this one is assumed to be among them'),
    ('open case',           'services',    0, NULL,     'not mentioned; pages come from the Application server, so it is assumed to load'),
    ('open case',           'messaging',   0, NULL,     'it fails when Messaging and Application are both down; pages come from the Application server'),
    ('open customer',       'application', 1, 'log-in', 'pop-up errors, depending on the part of the console (line 36), which names none; this one is assumed to be among them'),
    ('open customer',       'services',    0, NULL,     'not mentioned; pages come from the Application server, so it is assumed to load'),
    ('open customer',       'messaging',   0, NULL,     'not mentioned; pages come from the Application server, so it is assumed to load'),
    ('open knowledge base', 'application', 1, 'log-in', 'pop-up errors, depending on the part of the console (line 36), which names none; this one is assumed to be among them'),
    ('open knowledge base', 'services',    0, NULL,     'not mentioned; pages come from the Application server, so it is assumed to load'),
    ('open knowledge base', 'messaging',   0, NULL,     'not mentioned; pages come from the Application server, so it is assumed to load'),
    ('outlast an error', 'application', 0, NULL,      'with it down, pop-up errors appear, and no time-out is mentioned'),
    ('outlast an error', 'services',    0, NULL,      'not mentioned in the note'),
    ('outlast an error', 'messaging',   1, 'at once', 'with both it and Application down, a tab does not load and the desktop times out (line 179)'),
    ('complete a chat', 'application', 1, 'log-in',  'without its pages the agent has nothing to complete a chat with'),
    ('complete a chat', 'services',    0, NULL,      'completed in the database while it is down'),
    ('complete a chat', 'messaging',   0, NULL,      'completing a chat writes a row, and sends no message'),
    ('work on other activities', 'application', 1, 'log-in', 'parts of the console answer with errors'),
    ('work on other activities', 'services',    1, 'log-in', 'the buttons of the reply are greyed out; the agent must log out, and back in once it is restored'),
    ('work on other activities', 'messaging',   0, NULL,     'not mentioned; a reply is written in a page and sent by a service'),
    ('receive new activities', 'application', 1, 'log-in',  'an agent whose log-in is lost is assigned nothing'),
    ('receive new activities', 'services',    1, 'log-in',  'no new activities while it is down; they arrive again after the new log-in'),
    ('receive new activities', 'messaging',   1, 'at once', 'an assignment is announced to the console, and announcements are sent as messages'),
    ('number a reply', 'application', 1, 'log-in', 'the reply pane is one of its pages'),
    ('number a reply', 'services',    1, 'log-in', 'the subject is printed without the number while it is down, and with it after the restore'),
    ('number a reply', 'messaging',   0, NULL,     'not mentioned in the note'),
    ('see the chat''s connection', 'application', 1, 'log-in',  'with all servers down the indicator changes; a new console starts afresh'),
    ('see the chat''s connection', 'services',    0, NULL,      'the chat goes on'),
    ('see the chat''s connection', 'messaging',   1, 'at once', 'a triangle while it is down, a green circle once it is back'),
    ('hold the connection to the server', 'application', 1, 'log-in', 'stated only with all servers down; the console is served by the Application server'),
    ('hold the connection to the server', 'services',    0, NULL,     'the agent continues in the chat, and no such text is mentioned'),
    ('hold the connection to the server', 'messaging',   0, NULL,     'the console shows a triangle, and no such text is mentioned'),
    ('log in', 'application', 1, 'at once', 'log-in is a page of the Application server'),
    ('log in', 'services',    0, NULL,      'not mentioned in the note; the product''s service list has no log-in'),
    ('log in', 'messaging',   0, NULL,      'not mentioned in the note'),
    ('take a chat request', 'application', 1, 'at once', 'a public docwiki page on chat routing: the Application server inserts the activity'),
    ('take a chat request', 'services',    0, NULL,      'requests wait in their queue, so they are accepted'),
    ('take a chat request', 'messaging',   0, NULL,      'not mentioned in the note'),
    ('fetch e-mail', 'application', 0, NULL,      'the product''s administration guide: the retriever is a service'),
    ('fetch e-mail', 'services',    1, 'at once', 'the product''s administration guide: the retriever is a service'),
    ('fetch e-mail', 'messaging',   0, NULL,      'the product''s administration guide: the retriever is a service');

UPDATE server_rule SET shown = 0 WHERE (capability, server) IN (VALUES
    ('complete a chat', 'application'),
    ('complete a chat', 'messaging'),
    ('fetch e-mail', 'application'),
    ('fetch e-mail', 'messaging'),
    ('hold the connection to the server', 'messaging'),
    ('keep the history', 'messaging'),
    ('keep the history', 'services'),
    ('log in', 'application'),
    ('log in', 'messaging'),
    ('log in', 'services'),
    ('number a reply', 'application'),
    ('number a reply', 'messaging'),
    ('open chat', 'messaging'),
    ('open customer', 'messaging'),
    ('open customer', 'services'),
    ('open inbox', 'messaging'),
    ('open knowledge base', 'messaging'),
    ('open knowledge base', 'services'),
    ('outlast an error', 'services'),
    ('receive new activities', 'application'),
    ('receive new activities', 'messaging'),
    ('take a chat request', 'application'),
    ('take a chat request', 'messaging'),
    ('work on other activities', 'application'),
    ('work on other activities', 'messaging'));

-- LAB RULES. ----------------------------------------------------------------------------------------------

-- The rules and times that a lab sets for itself: by name, where it says so, and what the built-in rule says.
-- None in the scenarios that are built in.
CREATE TABLE lab_rule (
    rule     NVARCHAR(60) NOT NULL PRIMARY KEY,
    place    NVARCHAR(400) NOT NULL,
    built_in NVARCHAR(60) NOT NULL
) WITHOUT ROWID;

-- SIMILARITIES. -------------------------------------------------------------------------------------------

-- Where the note calls one failure similar to another, it does not say in what. What is taken to be meant follows
-- from the lines after it.
CREATE TABLE similarity_rule (
    similarity NVARCHAR(60) NOT NULL PRIMARY KEY,
    lines      NVARCHAR(40) NOT NULL,
    what       NVARCHAR(200) NOT NULL,
    reading    NVARCHAR(400) NOT NULL
) WITHOUT ROWID;

INSERT INTO similarity_rule (similarity, lines, what, reading) VALUES
    ('Messaging like Application', '130',
     'in the respects that the next lines mention: messages are not delivered, and the console shows a lost connection',
     'the session goes on (line 153), so the loss of the session, its notices and the pop-up errors are not meant'),
    ('Messaging and Application like Application', '178',
     'in everything: messages, session, notices and pop-up errors',
     'line 179 adds a tab that does not load and a desktop that times out, and takes nothing back'),
    ('all three like each', '193',
     'anything lost with one of them is lost with all of them; the worse loss counts',
     'we read "combination" as: everything that is lost with any of them');

-- TIMES. --------------------------------------------------------------------------------------------------

-- The document says that something takes a while, never how long; `seconds` is our reading, and `reading`
-- says within which bounds the prints leave it free.
CREATE TABLE time_rule (
    time_rule NVARCHAR(40) NOT NULL PRIMARY KEY,
    seconds   INTEGER NOT NULL CHECK (seconds >= 0),
    lines     NVARCHAR(40) NOT NULL,
    what      NVARCHAR(200) NOT NULL,
    reading   NVARCHAR(400) NOT NULL
) WITHOUT ROWID;

INSERT INTO time_rule (time_rule, seconds, lines, what, reading) VALUES
    ('a few minutes', 180, '23, 31',
     'how long the Application server may be away before the customer is told of connection issues',
     '"quickly" and "more than a few minutes" leave the number open; we assume three minutes'),
    ('triangle', 30, '131, 194-198',
     'how long a chat''s connection is gone before the console shows a triangle and the customer''s window warns of lost messages',
     'the triangle stands at 00:02:05 of a chat and the servers failed at a time not given; we assume 30 seconds'),
    ('red square', 180, '205-209',
     'how long a chat''s connection is gone before the console says "Customer not connected" with a red square',
     'a triangle at 00:02:05 and a red square by 00:06:05 put it within four and a half minutes; we assume three minutes'),
    ('desktop time-out', 60, '179',
     'how long a part that does not load and reports no error keeps the desktop before it times out',
     'no time is given; we assume one minute');

-- EVIDENCE: what the document says of which servers being down. -------------------------------------------

-- `servers` is a set of servers as the sum of their bits. `phase` is 'during' while all of them are down,
-- 'after' once all are back. `effect` is a capability or an effect that a view names; the capability's own
-- name covers whether it works or not; 'none', 'log out' and 'log in again' are what the agent must do;
-- 'chat row' is what the database holds of the chat.
CREATE TABLE evidence (
    effect  NVARCHAR(60) NOT NULL,
    servers SMALLINT NOT NULL,
    phase   NVARCHAR(10) NOT NULL CHECK (phase IN ('during', 'after')),
    lines   NVARCHAR(40) NOT NULL,
    PRIMARY KEY (effect, servers, phase)
) WITHOUT ROWID;

INSERT INTO evidence (effect, servers, phase, lines) VALUES
    -- application = 1
    ('exchange messages',      1, 'during', '22'),
    ('exchange messages',      1, 'after',  '22-23'),
    ('keep the session',       1, 'during', '22'),
    ('keep the session',       1, 'after',  '22-23'),
    ('keep the history',       1, 'after',  '49'),
    ('keep the log-in',        1, 'during', '45'),
    ('keep the log-in',        1, 'after',  '45'),
    ('pop-up error',           1, 'during', '36'),
    ('messages sent after the failure are lost', 1, 'during', '22'),
    ('messages sent after the failure are lost', 1, 'after',  '22'),
    ('start a new session',    1, 'during', '22'),
    ('start a new session',    1, 'after',  '22'),
    ('start another chat',     1, 'after',  '23'),
    ('connection issues',      1, 'during', '31'),
    ('connection issues',      1, 'after',  '31'),
    ('Session in Progress',    1, 'after',  '45'),
    ('log in again',           1, 'after',  '45'),
    ('session active',         1, 'after',  '49'),
    -- services = 2
    ('exchange messages',      2, 'during', '57'),
    ('keep the session',       2, 'during', '57'),
    ('chat row',               2, 'during', '60-90'),
    ('chat row',               2, 'after',  '112'),
    ('complete a chat',        2, 'during', '74-90'),
    ('complete a chat',        2, 'after',  '112'),
    ('work on other activities', 2, 'during', '92-106'),
    ('work on other activities', 2, 'after',  '112-126'),
    ('receive new activities', 2, 'during', '92'),
    ('receive new activities', 2, 'after',  '112'),
    ('number a reply',         2, 'during', '98'),
    ('number a reply',         2, 'after',  '118'),
    ('log out',                2, 'during', '108'),
    ('log in again',           2, 'during', '108-112'),
    ('log in again',           2, 'after',  '112'),
    ('none',                   2, 'after',  '112'),
    ('session active',         2, 'during', '57'),
    -- messaging = 4
    ('exchange messages',      4, 'during', '131'),
    ('exchange messages',      4, 'after',  '153'),
    ('keep the session',       4, 'during', '153'),
    ('keep the session',       4, 'after',  '153'),
    ('see the chat''s connection', 4, 'during', '131'),
    ('see the chat''s connection', 4, 'after',  '153'),
    ('some messages may not be delivered', 4, 'during', '149'),
    ('some messages may not be delivered', 4, 'after',  '172'),
    ('triangle',               4, 'during', '131'),
    ('green circle',           4, 'after',  '153'),
    ('session active',         4, 'during', '133-135'),
    ('session active',         4, 'after',  '153'),
    -- messaging and application = 5
    ('exchange messages',      5, 'during', '178'),
    ('exchange messages',      5, 'after',  '188'),
    ('keep the session',       5, 'during', '178'),
    ('keep the session',       5, 'after',  '188'),
    ('keep the history',       5, 'after',  '189'),
    ('keep the log-in',        5, 'after',  '187'),
    ('open case',              5, 'during', '179'),
    ('desktop times out',      5, 'during', '179'),
    ('messages sent after the failure are lost', 5, 'during', '178'),
    ('messages sent after the failure are lost', 5, 'after',  '178'),
    ('start a new session',    5, 'during', '178'),
    ('start a new session',    5, 'after',  '178'),
    ('connection issues',      5, 'during', '178'),
    ('connection issues',      5, 'after',  '178'),
    ('session lost',           5, 'after',  '188'),
    ('Session in Progress',    5, 'after',  '187'),
    ('log in again',           5, 'after',  '187'),
    ('session active',         5, 'after',  '189'),
    -- all three = 7
    ('exchange messages',      7, 'during', '193'),
    ('exchange messages',      7, 'after',  '220'),
    ('keep the session',       7, 'during', '193'),
    ('keep the session',       7, 'after',  '220'),
    ('keep the history',       7, 'after',  '221'),
    ('keep the log-in',        7, 'after',  '219'),
    ('see the chat''s connection', 7, 'during', '194'),
    ('hold the connection to the server', 7, 'during', '201'),
    ('triangle',               7, 'during', '194'),
    ('red square',             7, 'during', '205'),
    ('connection issues',      7, 'during', '211'),
    ('connection issues',      7, 'after',  '211'),
    ('messages sent after the failure are lost', 7, 'during', '193'),
    ('messages sent after the failure are lost', 7, 'after',  '193'),
    ('start a new session',    7, 'during', '193'),
    ('start a new session',    7, 'after',  '193'),
    ('session lost',           7, 'after',  '220'),
    ('Session in Progress',    7, 'after',  '219'),
    ('log in again',           7, 'after',  '219'),
    ('session active',         7, 'after',  '221');

-- PARTS AND NOTICES. --------------------------------------------------------------------------------------

-- The parts of the agent console. What the document's pop-ups say is not in its text, so the wording is
-- ours; that it depends on the part is the document's.
CREATE TABLE console_part (
    console_part NVARCHAR(20) NOT NULL PRIMARY KEY,
    capability   NVARCHAR(40) NOT NULL REFERENCES capability,
    title        NVARCHAR(40) NOT NULL
) WITHOUT ROWID;

INSERT INTO console_part (console_part, capability, title) VALUES
    ('chat',           'open chat',           'Chat'),
    ('inbox',          'open inbox',          'Inbox'),
    ('case',           'open case',           'Case tab'),
    ('customer',       'open customer',       'Customer tab'),
    ('knowledge base', 'open knowledge base', 'Knowledge base');

-- What the customer or the agent is told. `printed` 1: the document prints the text; 0: it tells of it, and
-- the wording is ours. Without lines, the document does not tell of it either.
CREATE TABLE notice (
    notice  NVARCHAR(60) NOT NULL PRIMARY KEY,
    told    NVARCHAR(10) NOT NULL CHECK (told IN ('customer', 'agent')),
    text    NVARCHAR(200) NOT NULL,
    printed SMALLINT NOT NULL CHECK (printed IN (0, 1)),
    lines   NVARCHAR(40) NOT NULL,
    reading NVARCHAR(400) NOT NULL
) WITHOUT ROWID;

INSERT INTO notice (notice, told, text, printed, lines, reading) VALUES
    ('an agent will come', 'customer', 'An agent will be with you shortly.', 1, '144',
     'appears right after the customer''s first line'),
    ('an agent has come', 'customer', 'You are now chatting with %.', 1, '145',
     'appears where the agent opens the chat; % is the agent''s screen name'),
    ('some messages may not be delivered', 'customer', 'Some of the above messages may not have been delivered.', 1, '149, 172',
     'appears in the transcript when the connection has been lost long enough for a triangle'),
    ('messages sent after the failure are lost', 'customer', 'Messages that you sent after the failure were lost.', 0, '22',
     'shown when a message that the customer sent got no answer: the customer''s page can detect this by itself'),
    ('start a new session', 'customer', 'Please start a new session.', 0, '22',
     'shown together with the loss of messages'),
    ('start another chat', 'customer', 'Please start another chat.', 0, '23',
     'shown when the Application server is back within a few minutes'),
    ('connection issues', 'customer', 'There are connection issues.', 0, '31, 211',
     'shown once the Application server has been down for more than a few minutes'),
    ('session lost', 'customer', 'Your session has been lost.', 0, '188, 220',
     'shown when the Application server is back after more than a few minutes'),
    ('Session in Progress', 'agent', 'Session in Progress', 1, '45, 187, 219',
     'a pop-up at a log-in that finds an older one on record: the failure cut it off, so that no log-out could end it'),
    ('no connection to the server', 'agent', 'A connection could not be established with the server', 1, '201',
     'flashes in the title bar once the connection to the server has been lost for as long as a triangle takes'),
    ('customer has left', 'agent', 'Customer exited chat', 0, '',
     'no customer leaves in the note; the agent''s list is taken to say so at once');
