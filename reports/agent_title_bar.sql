-- title: What flashes in the title bar of the agent's browser
-- empty: the title bar does not flash
-- lines: 201
-- situation: situation
-- parameter: agent_id
SELECT title_bar, situation FROM agent_title_bar WHERE user_id = @agent_id
