-- title: Open chats, oldest first
-- empty: no chat is open
-- lines: 60-67
-- dialect: tsql
-- key: activity_id
-- restored: the printed select list is cut off at "c.l"; the rest follows the ten printed headings (line 70), with
--   `login_ip` as the first of them that begins with an l
select b.contact_point_data,a.queue_name,b.activity_id,b.activity_status,b.activity_sub_status,c.login_ip,b.assigned_to,b.when_created,c.user_name,c.screen_name
FROM egpl_routing_queue a, egpl_casemgmt_activity b, egpl_user c with (nolock)
WHERE a.queue_id=b.queue_id AND
b.assigned_to=c.user_id AND
b.activity_type=2000 AND
b.activity_status <> 9000 AND
b.activity_sub_status NOT IN (9100,9200)
ORDER BY b.when_created ASC
