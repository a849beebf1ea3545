-- title: The reply pane of an e-mail
-- empty: no reply is open
-- lines: 94-106, 114-126
-- key: line_no
-- kind: line_no integer
-- situation: situation
-- parameter: email_id
SELECT line_no, line, situation
FROM reply_pane
WHERE activity_id = @email_id
ORDER BY line_no
