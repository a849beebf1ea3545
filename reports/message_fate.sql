-- title: Delivery of each message
-- empty: no message was sent
-- lines: 57, 131, 153
-- key: author, text
-- situation: situation
-- parameter: activity_id
SELECT author, text, fate, lost_to, situation
FROM message_fate
WHERE activity_id = @activity_id
ORDER BY message_id
