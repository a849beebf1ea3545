-- title: Open activities of deleted users
-- meaning: Nobody will finish these activities: the user they are assigned to is deleted. Somebody has to take them
--   over. A disabled user cannot be distinguished from an active one: no public source explains user_state.
-- source: delete_flag is N for active users in public analytics jobs
-- tag: documented
-- urgency: soon
-- dialect: tsql
-- key: activity_id
-- needs: egpl_casemgmt_activity, egpl_casemgmt_activity.activity_type, egpl_casemgmt_activity.activity_status,
--   egpl_casemgmt_activity.activity_sub_status, egpl_casemgmt_activity.assigned_to, egpl_user,
--   egpl_user.delete_flag
SELECT b.activity_id, b.activity_type, b.activity_status, b.activity_sub_status, b.assigned_to, c.user_name,
       c.delete_flag, c.user_state, b.when_created, b.when_modified
FROM egpl_casemgmt_activity b
JOIN egpl_user c ON c.user_id = b.assigned_to
WHERE (b.activity_status <> 9000 OR b.activity_sub_status <> 9100)  -- few rows are left, and have an index
  AND b.activity_status <> 9000  -- completed
  AND b.activity_sub_status NOT IN (9100, 9200)
  AND c.delete_flag <> 'N'
ORDER BY b.assigned_to, b.when_created
