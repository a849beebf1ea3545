-- title: One chat by its activity id, whatever its state
-- empty: there is no such chat in the hands of an agent
-- lines: 77-86
-- dialect: tsql
-- key: activity_id
-- parameter: activity_id = 1347
-- restored: the print cuts the select list at "c.l" and tears the last condition off at the end of a page
select b.contact_point_data,a.queue_name,b.activity_id,b.activity_status,b.activity_sub_status,c.login_ip,b.assigned_to,b.when_created,c.user_name,c.screen_name
FROM egpl_routing_queue a, egpl_casemgmt_activity b, egpl_user c with (nolock)
WHERE a.queue_id=b.queue_id AND
b.assigned_to=c.user_id AND
b.activity_type=2000 AND
b.activity_id=1347
