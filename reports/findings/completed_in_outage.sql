-- title: Chats completed during the outage
-- meaning: The completion reached the database during the outage, so the servers that it needs were up. These
--   rows need no repair.
-- needs: egpl_casemgmt_activity.activity_type, egpl_casemgmt_activity.activity_status,
--   egpl_casemgmt_activity.activity_sub_status, egpl_casemgmt_activity.when_modified
-- tag: documented
-- urgency: context
-- source: the support note, which completes a chat while the Services server is down
-- lines: 74-90
-- dialect: tsql
-- key: activity_id
-- outage: any
-- parameter: outage_from timestamp = NULL
-- parameter: outage_to timestamp = NULL
-- parameter: outage_host text = NULL
-- order: when_modified, activity_id
SELECT b.activity_id, b.activity_status, b.activity_sub_status, b.assigned_to, b.when_created, b.when_modified
FROM egpl_casemgmt_activity b
WHERE b.activity_type = 2000
  AND b.activity_status = 9000
  AND b.when_modified >= @outage_from
  AND b.when_modified <= ISNULL(@outage_to, GETDATE())
  AND (@outage_host IS NULL OR b.assigned_to IN (SELECT u.user_id FROM egpl_user u WHERE u.login_ip = @outage_host))
ORDER BY b.when_modified, b.activity_id
