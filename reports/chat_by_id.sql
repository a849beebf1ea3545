-- title: One chat by its activity id, whatever its state
-- empty: no agent has such a chat
-- lines: 77-86
-- dialect: tsql
-- key: activity_id
-- parameter: activity_id = 1347
-- restored: the printed select list is cut off at "c.l", and the last condition is lost at a page break
select b.contact_point_data,a.queue_name,b.activity_id,b.activity_status,b.activity_sub_status,c.login_ip,b.assigned_to,b.when_created,c.user_name,c.screen_name
FROM egpl_routing_queue a, egpl_casemgmt_activity b, egpl_user c with (nolock)
WHERE a.queue_id=b.queue_id AND
b.assigned_to=c.user_id AND
b.activity_type=2000 AND
b.activity_id=1347
