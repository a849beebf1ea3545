-- title: The pop-up when the agent logs in
-- empty: no pop-up appeared when the agent logged in
-- lines: 45, 187, 219
-- kind: popup text
-- situation: situation
-- parameter: agent_id
SELECT popup, situation
FROM agent_popups
WHERE user_id = @agent_id AND console_part = 'log-in'
