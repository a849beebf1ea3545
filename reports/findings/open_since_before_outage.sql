-- title: Chats that were open when the outage began and have not changed since
-- meaning: The chat was assigned to an agent when the outage began, and its row is unchanged: either nobody has
--   ended it yet, or its session is lost and the row was left behind. The row alone does not show which.
-- needs: egpl_casemgmt_activity.activity_type, egpl_casemgmt_activity.activity_status,
--   egpl_casemgmt_activity.activity_sub_status, egpl_casemgmt_activity.when_created,
--   egpl_casemgmt_activity.when_modified
-- tag: inferred
-- urgency: context
-- source: the support note, line 72, for an open chat as 5000/5900; it shows no row after an Application server failure, and
--   that the row then remains unchanged is an interpretation
-- dialect: tsql
-- key: activity_id
-- outage: any
-- parameter: outage_from timestamp = NULL
-- parameter: outage_host text = NULL
-- order: when_created, activity_id
SELECT b.activity_id, b.activity_status, b.activity_sub_status, b.queue_id, b.assigned_to, b.when_created, b.when_modified
FROM egpl_casemgmt_activity b
WHERE b.activity_type = 2000
  AND b.activity_status <> 9000
  AND b.activity_sub_status NOT IN (9100, 9200)
  AND b.activity_status = 5000
  AND b.when_created < @outage_from
  AND (b.when_modified IS NULL OR b.when_modified < @outage_from)
  AND (@outage_host IS NULL OR b.assigned_to IN (SELECT u.user_id FROM egpl_user u WHERE u.login_ip = @outage_host))
ORDER BY b.when_created, b.activity_id
