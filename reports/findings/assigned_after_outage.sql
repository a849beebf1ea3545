-- title: Chats that arrived during the outage and were assigned to an agent only after it
-- meaning: The chat waited until the servers were back: agents received nothing new during the outage, and now do again.
-- needs: egpl_casemgmt_activity.activity_type, egpl_casemgmt_activity.activity_status,
--   egpl_casemgmt_activity.activity_sub_status, egpl_casemgmt_activity.when_created,
--   egpl_casemgmt_activity.when_modified, egpl_casemgmt_activity.assigned_to
-- tag: inferred
-- urgency: context
-- source: the support note, line 112: new activities again once the Services server is back and the agent has logged in
-- lines: 112
-- dialect: tsql
-- key: activity_id
-- outage: any
-- parameter: outage_from timestamp = NULL
-- parameter: outage_to timestamp = NULL
-- parameter: outage_host text = NULL
-- order: when_created, activity_id
SELECT b.activity_id, b.activity_status, b.activity_sub_status, b.assigned_to, b.when_created, b.when_modified
FROM egpl_casemgmt_activity b
WHERE b.activity_type = 2000
  AND b.activity_status <> 9000
  AND b.activity_sub_status NOT IN (9100, 9200)
  AND b.activity_status = 5000
  AND b.when_created >= @outage_from
  AND b.when_created <= @outage_to
  AND b.when_modified > @outage_to
  AND (@outage_host IS NULL OR b.assigned_to IN (SELECT u.user_id FROM egpl_user u WHERE u.login_ip = @outage_host))
ORDER BY b.when_created, b.activity_id
