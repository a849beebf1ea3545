-- title: What the agent must do
-- lines: 108, 112
-- situation: situation
-- parameter: agent_id
SELECT required_action, situation FROM required_action WHERE user_id = @agent_id
