-- title: Chats that arrived during the outage and are still unassigned
-- meaning: The chat arrived during the outage and is still in its queue. If agents receive new work again, nobody
--   has picked it up; if not, the outage may be continuing.
-- needs: egpl_casemgmt_activity.activity_type, egpl_casemgmt_activity.activity_status,
--   egpl_casemgmt_activity.activity_sub_status, egpl_casemgmt_activity.when_created,
--   egpl_casemgmt_activity.assigned_to
-- tag: inferred
-- urgency: now
-- source: the support note, line 92: no new activities for an agent while the Services server is down
-- lines: 92
-- dialect: tsql
-- key: activity_id
-- outage: any
-- parameter: outage_from timestamp = NULL
-- parameter: outage_to timestamp = NULL
-- order: when_created, activity_id
SELECT b.activity_id, b.activity_status, b.activity_sub_status, b.queue_id, b.when_created
FROM egpl_casemgmt_activity b
WHERE b.activity_type = 2000
  AND b.activity_status <> 9000
  AND b.activity_sub_status NOT IN (9100, 9200)
  AND b.activity_status = 4000
  AND b.assigned_to IS NULL
  AND b.when_created >= @outage_from
  AND b.when_created <= ISNULL(@outage_to, GETDATE())
ORDER BY b.when_created, b.activity_id
