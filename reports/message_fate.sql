-- title: Delivery of each message
-- empty: no message was sent
-- lines: 57, 131, 153
-- key: author, text
-- basis: basis
-- parameter: activity_id
SELECT author, text, fate, lost_to, basis
FROM message_fate
WHERE activity_id = @activity_id
ORDER BY message_id
