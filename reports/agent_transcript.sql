-- title: Messages shown in the agent's chat pane
-- empty: the chat pane is empty
-- lines: 49, 189, 221
-- key: line_no
-- kind: line_no integer
-- parameter: activity_id
SELECT line_no, line
FROM agent_transcript
WHERE activity_id = @activity_id
ORDER BY line_no
