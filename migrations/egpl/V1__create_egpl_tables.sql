-- The product's tables, as far as their columns are public: names, SQL Server's declared types, nullability, keys.
-- Sources are named above each table. Lower-case names; exports spell them in any letter case.
--
-- Where a source gives a kind of value only, the SQL Server type that fits is written; lengths of texts are inferred
-- throughout. No foreign keys: an export holds single tables, and rows whose user or queue is missing must load.


-- An e-mail, chat or other piece of work. Columns, nullability and kinds of value: a public set of JPA entities read
-- off a live database, 44 columns, with which a public ECE back end agrees; issue_type_id and is_authenticated are in
-- later versions only, the type of the latter in no public source. Ids are big integers there, codes are shorts.
-- Newer versions split the table by status (egpl_casemgmt_activity_9000, view_egpl_casemgmt_activity): one table here.
-- contact_point_data holds an e-mail address, or `channel|user id|page id` for social channels.
CREATE TABLE egpl_casemgmt_activity (
    activity_id         NUMERIC(18,0) NOT NULL,
    case_id             NUMERIC(18,0),
    department_id       NUMERIC(18,0),
    activity_mode       SMALLINT,
    activity_type       SMALLINT NOT NULL,
    activity_sub_type   SMALLINT NOT NULL,
    activity_status     SMALLINT NOT NULL,
    activity_sub_status SMALLINT NOT NULL,
    activity_priority   SMALLINT,
    when_created        DATETIME NOT NULL,
    who_created         NUMERIC(18,0) NOT NULL,
    when_modified       DATETIME,
    due_date            DATETIME,
    user_last_worked    NUMERIC(18,0),
    assigned_to         NUMERIC(18,0),
    subject             NVARCHAR(255),
    description         NVARCHAR(4000),
    language_id         SMALLINT,
    customer_id         NUMERIC(18,0),
    contact_person_id   NUMERIC(18,0),
    queue_id            NUMERIC(18,0),
    contact_point_id    NUMERIC(18,0),
    contact_point_data  NVARCHAR(255),
    last_action_reason  NVARCHAR(255),
    pinned              CHAR(1) NOT NULL,
    locked              CHAR(1) NOT NULL,
    activity_access     SMALLINT NOT NULL,
    folder_id           NUMERIC(18,0),
    last_department_id  NUMERIC(18,0),
    save_draft_flag     SMALLINT NOT NULL,
    leave_open_flag     SMALLINT,
    num_notes           SMALLINT,
    num_attachments     SMALLINT,
    case_type           SMALLINT,
    delete_flag         CHAR(1) NOT NULL,
    conference_flag     CHAR(1),
    is_escalated        CHAR(1),
    create_date         DATETIME NOT NULL,
    update_version      BINARY(8) NOT NULL,
    outbound_failed     SMALLINT NOT NULL,
    visitor_session_id  NVARCHAR(255),
    visitor_user_id     NVARCHAR(255),
    cust_account_id     NVARCHAR(255),
    delay_time_in_min   NUMERIC(18,0),
    issue_type_id       NUMERIC(18,0),
    is_authenticated    NVARCHAR(10),
    PRIMARY KEY (activity_id)
);

-- A user of the system. Columns and nullability: the column lists of two public ECE back ends; types inferred, but for
-- the dates; public analytics jobs agree on which are numbers. The furigana columns are spelt with m, as there.
-- login_ip holds the name of the application server that the user is logged in on.
-- Two columns are left out on purpose, password and case_insensitive_password (case_insensitive in the back ends): a
-- lab provisioning client stores the encrypted password in both. No export should carry them; a reader drops them.
CREATE TABLE egpl_user (
    user_id                   NUMERIC(18,0) NOT NULL,
    salutation                NVARCHAR(50),
    first_name                NVARCHAR(255),
    first_name_furigama       NVARCHAR(255),
    middle_name               NVARCHAR(255),
    middle_name_furigama      NVARCHAR(255),
    last_name                 NVARCHAR(255),
    last_name_furigama        NVARCHAR(255),
    suffix                    NVARCHAR(50),
    user_name                 NVARCHAR(255) NOT NULL,
    language_preference       NVARCHAR(50),
    screen_name               NVARCHAR(255),
    manager_id                NUMERIC(18,0),
    email_address_primary     NVARCHAR(255),
    email_address_secondary   NVARCHAR(255),
    login_logout_time         DATETIME,
    num_of_uns_attempts       SMALLINT,
    force_password_change     SMALLINT,
    password_change_date      DATETIME,
    when_created              DATETIME NOT NULL,
    who_created               NUMERIC(18,0) NOT NULL,
    delete_flag               CHAR(1) NOT NULL,
    user_state                SMALLINT NOT NULL,
    acd_name                  NVARCHAR(255),
    first_uns_attempt_time    DATETIME,
    num_of_uns_timed_attempts SMALLINT,
    acd_extension             NUMERIC(18,0),
    sys_user                  SMALLINT,
    mutable_user              SMALLINT,
    who_modified              NUMERIC(18,0),
    when_modified             DATETIME,
    department_id             NUMERIC(18,0) NOT NULL,
    hire_date                 DATETIME,
    user_type                 SMALLINT,
    external_assignment       NVARCHAR(50),
    login_ip                  NVARCHAR(255),
    default_content_lang_id   NUMERIC(18,0),
    content_language          NUMERIC(18,0),
    authentication_type       SMALLINT NOT NULL,
    PRIMARY KEY (user_id)
);

-- A queue in which activities wait. Columns and nullability: the column lists of two public ECE back ends, and a lab
-- provisioning client that reads a live database; types inferred. queue_state 1 is enabled. default_social_queue and
-- social_routing_type are misspelt in the back ends, whose NOT NULL is therefore not taken over.
CREATE TABLE egpl_routing_queue (
    queue_id                    NUMERIC(18,0) NOT NULL,
    queue_name                  NVARCHAR(255) NOT NULL,
    queue_state                 SMALLINT NOT NULL,
    department_id               NUMERIC(18,0) NOT NULL,
    queue_type                  SMALLINT NOT NULL,
    queue_routing_type          SMALLINT NOT NULL,
    queue_chat_routing_type     SMALLINT NOT NULL,
    queue_skill_flag            SMALLINT,
    who_created                 NUMERIC(18,0),
    when_created                DATETIME NOT NULL,
    who_modified                NUMERIC(18,0),
    when_modified               DATETIME,
    queue_description           NVARCHAR(4000),
    queue_link                  NUMERIC(18,0),
    queue_roundrobin_index      NUMERIC(18,0),
    queue_level_1_age_time      NUMERIC(18,0),
    queue_level_2_age_time      NUMERIC(18,0),
    queue_level_3_age_time      NUMERIC(18,0),
    queue_priority              SMALLINT,
    queue_push_flag             SMALLINT,
    chat_default_transfer_queue NUMERIC(18,0),
    default_kb_folder           NUMERIC(18,0),
    default_social_queue        NUMERIC(18,0),
    social_routing_type         SMALLINT,
    max_chat_queue_depth        NUMERIC(18,0) NOT NULL,
    chat_queue_priority         SMALLINT NOT NULL,
    chat_alternate_engagement   SMALLINT NOT NULL,
    PRIMARY KEY (queue_id)
);

-- A department; 999 is "Service" in the vendor's public API examples. Columns: a public ECE back end, which
-- has name and description not null; left open here, since no second source says so. Types inferred.
CREATE TABLE egpl_department (
    department_id   NUMERIC(18,0) NOT NULL,
    department_name NVARCHAR(255),
    department_desc NVARCHAR(4000),
    delete_flag     CHAR(1),
    PRIMARY KEY (department_id)
);

-- A case, to which activities belong. Columns and nullability: two public ECE back ends; types inferred. They read
-- case_status and original_source as text; the codes of the first are numbers in constants of an e-mail console.
CREATE TABLE egpl_casemgmt_case (
    case_id              NUMERIC(18,0) NOT NULL,
    case_status          SMALLINT NOT NULL,
    case_group_id        NUMERIC(18,0),
    department_id        NUMERIC(18,0) NOT NULL,
    original_source      SMALLINT NOT NULL,
    when_created         DATETIME NOT NULL,
    who_created          NUMERIC(18,0) NOT NULL,
    who_modified         NUMERIC(18,0),
    when_modified        DATETIME,
    due_date             DATETIME,
    owner                NUMERIC(18,0) NOT NULL,
    customer_id          NUMERIC(18,0),
    severity             SMALLINT NOT NULL,
    subject              NVARCHAR(255),
    case_access          SMALLINT NOT NULL,
    description          NVARCHAR(4000),
    solution_description NVARCHAR(4000),
    folder_id            NUMERIC(18,0),
    user_last_worked     NUMERIC(18,0),
    delete_flag          CHAR(1) NOT NULL,
    PRIMARY KEY (case_id)
);

-- Which cases form a group. Columns and key: a public ECE back end; types inferred.
CREATE TABLE egpl_casemgmt_case_ass (
    case_group_id NUMERIC(18,0) NOT NULL,
    case_id       NUMERIC(18,0) NOT NULL,
    PRIMARY KEY (case_group_id, case_id)
);

-- Where a customer can be reached. Columns, nullability and kinds of value: the public JPA entities, where type and
-- priority are texts.
CREATE TABLE egpl_casemgmt_contact_point (
    contact_point_id   NUMERIC(18,0) NOT NULL,
    contact_point_type NVARCHAR(255),
    customer_id        NUMERIC(18,0),
    priority           NVARCHAR(255),
    start_date         DATETIME,
    end_date           DATETIME,
    delete_flag        CHAR(1) NOT NULL,
    department_id      NUMERIC(18,0),
    create_date        DATETIME NOT NULL,
    update_version     BINARY(8) NOT NULL,
    contact_person_id  NUMERIC(18,0),
    PRIMARY KEY (contact_point_id)
);

-- A customer's e-mail address. Columns and nullability: a public ECE back end, which spells whenmodified where a public
-- reporting application has when_modified; types inferred.
CREATE TABLE egpl_casemgmt_cpoint_email (
    contact_point_id NUMERIC(18,0) NOT NULL,
    department_id    NUMERIC(18,0) NOT NULL,
    email_address    NVARCHAR(255) NOT NULL,
    when_modified    DATETIME,
    PRIMARY KEY (contact_point_id)
);

-- A customer's telephone number. Columns: queries of the reporting application; types inferred, nullability not
-- published.
CREATE TABLE egpl_casemgmt_cpoint_phone (
    contact_point_id NUMERIC(18,0) NOT NULL,
    phone_number     NVARCHAR(255),
    when_modified    DATETIME,
    PRIMARY KEY (contact_point_id)
);

-- A note on an activity or a case. Columns and nullability: a public ECE back end; types inferred, note_type and
-- note_access being texts there.
CREATE TABLE egpl_notes (
    note_id        NUMERIC(18,0) NOT NULL,
    note_of_id     NUMERIC(18,0),
    note_name      NVARCHAR(255),
    note_type      NVARCHAR(50) NOT NULL,
    note_access    NVARCHAR(50) NOT NULL,
    note_data      NVARCHAR(4000),
    who_created    NUMERIC(18,0) NOT NULL,
    when_created   DATETIME NOT NULL,
    delete_flag    CHAR(1) NOT NULL,
    parent_note_id NUMERIC(18,0),
    PRIMARY KEY (note_id)
);

-- The session of a chat: one row per chat. Columns: queries of a public reporting application; neither types nor
-- nullability are published. The codes of chat_status and cust_connection_status have no vendor source: they are shown,
-- never interpreted.
CREATE TABLE eglv_session (
    activity_id            NUMERIC(18,0) NOT NULL,
    entry_point_id         NUMERIC(18,0),
    cust_connection_status SMALLINT,
    chat_status            SMALLINT,
    service_interval       NUMERIC(18,0),
    user_agent             NVARCHAR(4000),
    referrer_url           NVARCHAR(4000),
    referrer_name          NVARCHAR(255),
    cust_display_name      NVARCHAR(255),
    client_ip              NVARCHAR(255),
    create_date            DATETIME,
    when_modified          DATETIME,
    PRIMARY KEY (activity_id)
);

-- The transcript of a chat, URL-encoded records. Columns: the same application; a session may have no row here.
CREATE TABLE eglv_session_content (
    activity_id NUMERIC(18,0) NOT NULL,
    content     "NVARCHAR(MAX)",
    PRIMARY KEY (activity_id)
);

-- Counts and times of a chat, possibly several rows per chat. Columns: the same application; no types published.
-- What that application keeps as a date is a date here, and a number a number; event_date is a number.
CREATE TABLE eglv_session_chat_event (
    activity_id                    NUMERIC(18,0) NOT NULL,
    user_id                        NUMERIC(18,0),
    agent_first_response_time      DATETIME,
    agent_last_response_time       DATETIME,
    customer_last_message_time     DATETIME,
    agent_response_count           NUMERIC(18,0),
    agent_total_response_time      NUMERIC(19,0),
    agent_max_response_time        NUMERIC(19,0),
    agent_total_wait_time_cust_msg NUMERIC(19,0),
    customer_message_count         NUMERIC(18,0),
    origin_type                    SMALLINT,
    event_operation_data           NVARCHAR(4000),
    reason_data                    NVARCHAR(4000),
    response_event_data            NVARCHAR(4000),
    event_date_gmt                 DATETIME,
    event_date                     NUMERIC(19,0)
);

-- An e-mail. Columns, their order and nullability: two public ECE back ends; types inferred (one of them maps addresses
-- to int, which is an artefact of its copy).
CREATE TABLE egml_email (
    email_id           NUMERIC(18,0) NOT NULL,
    activity_id        NUMERIC(18,0) NOT NULL,
    alias_id           NUMERIC(18,0) NOT NULL,
    subject            NVARCHAR(255) NOT NULL,
    email_date         DATETIME NOT NULL,
    email_size         NUMERIC(18,0) NOT NULL,
    num_attachments    SMALLINT NOT NULL,
    charset            NVARCHAR(50),
    message_id         NVARCHAR(255),
    from_email_address NVARCHAR(255) NOT NULL,
    recv_email_address NVARCHAR(255) NOT NULL,
    delete_flag        CHAR(1) NOT NULL,
    PRIMARY KEY (email_id)
);

-- The text of an e-mail. Columns: the ECE back end and the reporting application; types inferred. The back end has no
-- column nullable; they are here, since mail without a header is what a replay knows.
CREATE TABLE egml_email_data (
    email_id     NUMERIC(18,0) NOT NULL,
    activity_id  NUMERIC(18,0),
    header       "NVARCHAR(MAX)",
    content      "NVARCHAR(MAX)",
    content_type NVARCHAR(255),
    PRIMARY KEY (email_id)
);

-- The plain text beside it. Columns and nullability: the ECE back end; types inferred.
CREATE TABLE egml_email_data_alt (
    email_id     NUMERIC(18,0) NOT NULL,
    activity_id  NUMERIC(18,0) NOT NULL,
    text_content "NVARCHAR(MAX)" NOT NULL,
    PRIMARY KEY (email_id)
);

-- The addresses of an e-mail; address_flag 1 is To. Columns and nullability: a public ECE back end; types
-- inferred. It takes all three for the key; an export that repeats a row should load, so there is none here.
CREATE TABLE egml_email_address (
    email_id      NUMERIC(18,0) NOT NULL,
    email_address NVARCHAR(255) NOT NULL,
    address_flag  SMALLINT NOT NULL
);

-- An attachment. Columns and nullability: a public ECE back end; types inferred.
CREATE TABLE egml_email_attachment (
    email_attachment_id NUMERIC(18,0) NOT NULL,
    file_name           NVARCHAR(255) NOT NULL,
    content_type        NVARCHAR(255) NOT NULL,
    attachment_size     NUMERIC(18,0) NOT NULL,
    encoding_type       NVARCHAR(255),
    charset             NVARCHAR(50),
    blocked_flag        CHAR(1),
    content             "VARBINARY(MAX)",
    PRIMARY KEY (email_attachment_id)
);

-- Which e-mail has which attachment. Source as above.
CREATE TABLE egml_email_attachment_link (
    email_id            NUMERIC(18,0) NOT NULL,
    email_attachment_id NUMERIC(18,0) NOT NULL,
    link_type           SMALLINT NOT NULL,
    PRIMARY KEY (email_id, email_attachment_id)
);

-- What was done to activities and cases. Columns and nullability: a public ECE back end; event_date is a number there,
-- milliseconds since 1970 in UTC by what public analytics jobs do with its sister tables (inferred for this one). Ids
-- and reasons are numbers there; types inferred. reason4 is text, as those jobs have it in the sister tables.
CREATE TABLE egpl_event_history_case_mgmt (
    event_id            NUMERIC(19,0) NOT NULL,
    event_date          NUMERIC(19,0) NOT NULL,
    date_key            NUMERIC(18,0),
    time_key            NUMERIC(18,0),
    application_id      SMALLINT,
    language_id         SMALLINT,
    object_operation    SMALLINT,
    event_duration      NUMERIC(19,0),
    user_id             NUMERIC(18,0),
    session_id          NUMERIC(18,0),
    department_id       NUMERIC(18,0),
    reason              NUMERIC(18,0),
    reason1             NUMERIC(18,0),
    reason2             NUMERIC(18,0),
    reason3             NUMERIC(18,0),
    reason4             NVARCHAR(255),
    reason5             NUMERIC(18,0),
    object_type         SMALLINT,
    queue_id            NUMERIC(18,0),
    entry_point_id      NUMERIC(18,0),
    source_activity_id  NUMERIC(18,0),
    case_id             NUMERIC(18,0),
    activity_id         NUMERIC(18,0),
    top_lvl_activity_id NUMERIC(18,0),
    customer_id         NUMERIC(18,0),
    rule_id             NUMERIC(18,0),
    client_ip           NVARCHAR(255),
    event_json_data     "NVARCHAR(MAX)",
    create_date         DATETIME NOT NULL,
    update_version      BINARY(8) NOT NULL,
    PRIMARY KEY (event_id)
);

-- What users did: log-ins count as application_id 1 with object_operation 5.
-- Columns: public analytics jobs over the vendor's bulk export; event_date in milliseconds since 1970, UTC. Types
-- inferred, nullability not published.
CREATE TABLE egpl_event_history_user (
    event_id          NUMERIC(19,0) NOT NULL,
    event_date        NUMERIC(19,0),
    application_id    SMALLINT,
    language_id       SMALLINT,
    object_operation  SMALLINT,
    event_duration    NUMERIC(19,0),
    user_id           NUMERIC(18,0),
    session_id        NVARCHAR(255),
    department_id     NUMERIC(18,0),
    reason            NUMERIC(18,0),
    reason1           NUMERIC(18,0),
    reason2           NUMERIC(18,0),
    reason3           NUMERIC(18,0),
    reason4           NVARCHAR(255),
    reason5           NUMERIC(18,0),
    client_user_id    NUMERIC(18,0),
    client_ip_address NVARCHAR(255),
    client_os         NVARCHAR(255),
    client_browser    NVARCHAR(255),
    client_info       NVARCHAR(4000),
    PRIMARY KEY (event_id)
);

-- What was done in the knowledge base; activity_id says for which activity.
-- Columns: public analytics jobs over the vendor's bulk export; event_date in milliseconds since 1970, UTC. Types
-- inferred, nullability not published.
CREATE TABLE egpl_event_history_kb (
    event_id         NUMERIC(19,0) NOT NULL,
    event_date       NUMERIC(19,0),
    application_id   SMALLINT,
    language_id      SMALLINT,
    object_operation SMALLINT,
    event_duration   NUMERIC(19,0),
    user_id          NUMERIC(18,0),
    session_id       NUMERIC(18,0),
    reason           NUMERIC(18,0),
    department_id    NUMERIC(18,0),
    reason1          NUMERIC(18,0),
    reason2          NUMERIC(18,0),
    reason3          NUMERIC(18,0),
    reason4          NVARCHAR(255),
    article_id       NUMERIC(18,0),
    object_type      SMALLINT,
    article_version  NUMERIC(18,0),
    folder_id        NUMERIC(18,0),
    bookmark_id      NUMERIC(18,0),
    category_id      NUMERIC(18,0),
    queue_id         NUMERIC(18,0),
    entry_point_id   NUMERIC(18,0),
    activity_id      NUMERIC(18,0),
    case_id          NUMERIC(18,0),
    customer_id      NUMERIC(18,0),
    client_ip        NVARCHAR(255),
    event_json_data  "NVARCHAR(MAX)",
    PRIMARY KEY (event_id)
);

-- The agent as Unified CCE knows it: a row makes a user an integrated agent.
-- Columns: a lab provisioning client; types and nullability inferred.
CREATE TABLE egicm_user (
    user_id         NUMERIC(18,0) NOT NULL,
    skill_target_id NUMERIC(18,0),
    PRIMARY KEY (user_id)
);

-- The queue as Unified CCE knows it.
-- Columns: a lab provisioning client; types and nullability inferred.
CREATE TABLE egicm_queue (
    queue_id           NUMERIC(18,0) NOT NULL,
    mrd_id             NUMERIC(18,0),
    script_selector_id NUMERIC(18,0),
    PRIMARY KEY (queue_id)
);

-- The user group as Unified CCE knows it.
-- Columns: a lab provisioning client; types and nullability inferred.
CREATE TABLE egicm_user_group (
    user_group_id NUMERIC(18,0) NOT NULL,
    mrd_id        NUMERIC(18,0),
    PRIMARY KEY (user_group_id)
);

-- How many tasks an agent may have at once in a queue; no row is read as 1 by the client.
-- Columns: a lab provisioning client; types and nullability inferred.
CREATE TABLE egicm_concurrent_task (
    user_id               NUMERIC(18,0) NOT NULL,
    queue_id              NUMERIC(18,0) NOT NULL,
    concurrent_task_limit SMALLINT,
    PRIMARY KEY (user_id, queue_id)
);

-- The documented query for open chats finds its rows through this index, already in its order, without being changed.
CREATE INDEX open_chat ON egpl_casemgmt_activity (when_created)
WHERE activity_type = 2000 AND activity_status <> 9000 AND activity_sub_status NOT IN (9100, 9200);
