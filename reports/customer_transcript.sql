-- title: The transcript in the customer's window
-- lines: 143-149, 166-174
-- key: line_no
-- kind: line_no integer
-- basis: basis
-- parameter: activity_id
SELECT line_no, line, basis
FROM customer_transcript
WHERE activity_id = @activity_id
ORDER BY line_no
