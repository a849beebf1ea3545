-- title: Chats that arrived while the outage lasted
-- meaning: Customers could ask for a chat during the outage, so the servers that take a chat request were up.
-- needs: egpl_casemgmt_activity.when_created
-- tag: inferred
-- source: a public docwiki page has the Application server write the row of a new chat; that it can while another server is
--   down is a reading
-- dialect: tsql
-- key: activity_id
-- parameter: window_from timestamp = NULL
-- parameter: window_to timestamp = NULL
-- parameter: window_host text = NULL
-- order: when_created, activity_id
SELECT b.activity_id, b.activity_status, b.activity_sub_status, b.queue_id, b.assigned_to, b.when_created, b.when_modified
FROM egpl_casemgmt_activity b
WHERE b.activity_type = 2000
  AND b.when_created >= @window_from
  AND b.when_created <= ISNULL(@window_to, GETDATE())
  AND (@window_host IS NULL
       OR (b.assigned_to IN (SELECT u.user_id FROM egpl_user u WHERE u.login_ip = @window_host)
           AND b.when_modified <= ISNULL(@window_to, GETDATE())))
ORDER BY b.when_created, b.activity_id
