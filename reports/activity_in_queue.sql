-- title: Where an activity is: in its queue, or with an agent
-- empty: there is no such activity
-- lines: 92, 112
-- key: activity_id
-- parameter: waiting_id
SELECT b.activity_id, a.queue_name, b.activity_status, b.activity_sub_status, b.assigned_to
FROM egpl_casemgmt_activity b LEFT JOIN egpl_routing_queue a ON a.queue_id = b.queue_id
WHERE b.activity_id = @waiting_id
