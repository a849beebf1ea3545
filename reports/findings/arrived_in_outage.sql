-- title: Chats that arrived during the outage
-- meaning: Customers could ask for a chat during the outage, so the servers that take a chat request were up.
-- needs: egpl_casemgmt_activity.activity_type, egpl_casemgmt_activity.activity_status,
--   egpl_casemgmt_activity.activity_sub_status, egpl_casemgmt_activity.when_created
-- tag: inferred
-- urgency: context
-- source: a public docwiki page has the Application server write the row of a new chat; that it still can while
--   another server is down is our interpretation
-- dialect: tsql
-- key: activity_id
-- outage: any
-- parameter: outage_from timestamp = NULL
-- parameter: outage_to timestamp = NULL
-- parameter: outage_host text = NULL
-- order: when_created, activity_id
SELECT b.activity_id, b.activity_status, b.activity_sub_status, b.queue_id, b.assigned_to, b.when_created, b.when_modified
FROM egpl_casemgmt_activity b
WHERE b.activity_type = 2000
  AND b.when_created > @outage_from
  AND b.when_created < ISNULL(@outage_to, GETDATE())
  AND (@outage_host IS NULL
       OR (b.assigned_to IN (SELECT u.user_id FROM egpl_user u WHERE u.login_ip = @outage_host)
           AND b.when_modified <= ISNULL(@outage_to, GETDATE())))
ORDER BY b.when_created, b.activity_id
