-- The agent logs in again.
INSERT INTO agent_action (user_id, action) VALUES (@agent_id, 'logs in');
