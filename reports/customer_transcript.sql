-- title: The transcript in the customer's window
-- lines: 143-149, 166-174
-- key: line_no
-- kind: line_no integer
-- situation: situation
-- parameter: activity_id
SELECT line_no, line, situation
FROM customer_transcript
WHERE activity_id = @activity_id
ORDER BY line_no
