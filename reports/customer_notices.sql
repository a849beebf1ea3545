-- title: Notices to the customer
-- empty: the customer has received no notice
-- lines: 22-23, 31, 188, 211, 220
-- key: notice
-- situation: situation
-- parameter: activity_id
SELECT notice, situation
FROM customer_notices
WHERE activity_id = @activity_id
ORDER BY since
