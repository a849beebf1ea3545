-- The agent completes the chat.
INSERT INTO agent_action (user_id, action, activity_id) VALUES (@agent_id, 'completes', @activity_id);
