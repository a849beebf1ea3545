-- title: Open chats, unchanged since the outage began, whose agent has logged in or out since
-- meaning: The agent has a chat in progress from before the outage, but the agent has logged in or out since: the chat's
--   session may be lost while the agent is told that it is active.
-- needs: egpl_casemgmt_activity.activity_type, egpl_casemgmt_activity.activity_status,
--   egpl_casemgmt_activity.activity_sub_status, egpl_casemgmt_activity.when_modified, egpl_user.login_logout_time
-- tag: inferred
-- urgency: context
-- source: the support note, lines 45-49, for the log-in after the outage and the pop-up of a session in progress; what the
--   row then says is an interpretation, and so is that one column of the user is used for log-ins and log-outs
-- dialect: tsql
-- key: activity_id
-- outage: any
-- parameter: outage_from timestamp = NULL
-- parameter: outage_host text = NULL
-- order: user_id, activity_id
SELECT c.user_id, c.user_name, c.login_ip, c.login_logout_time, b.activity_id, b.activity_status, b.activity_sub_status, b.when_modified
FROM egpl_casemgmt_activity b
INNER JOIN egpl_user c ON c.user_id = b.assigned_to
WHERE b.activity_type = 2000
  AND b.activity_status <> 9000
  AND b.activity_sub_status NOT IN (9100, 9200)
  AND b.activity_status = 5000
  AND b.when_created < @outage_from
  AND (b.when_modified IS NULL OR b.when_modified < @outage_from)
  AND c.login_logout_time >= @outage_from
  AND (@outage_host IS NULL OR b.assigned_to IN (SELECT u.user_id FROM egpl_user u WHERE u.login_ip = @outage_host))
ORDER BY c.user_id, b.activity_id
