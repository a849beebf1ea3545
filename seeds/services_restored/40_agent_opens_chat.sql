-- The agent opens the chat that was assigned at the log-in.
INSERT INTO agent_action (user_id, action, console_part, activity_id) VALUES (@agent_id, 'opens', 'chat', @waiting_id);
