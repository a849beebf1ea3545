-- title: The customer's browser window
-- lines: 137-141, 159-164
-- key: line_no
-- kind: line_no integer
-- parameter: activity_id
SELECT 1 AS line_no, title AS line FROM customer_window WHERE activity_id = @activity_id
UNION ALL
SELECT 2, address FROM customer_window WHERE activity_id = @activity_id
UNION ALL
SELECT 3, banner FROM customer_window WHERE activity_id = @activity_id
ORDER BY line_no
