-- The agent logs back in.
INSERT INTO agent_action (user_id, action) VALUES (@agent_id, 'logs in');
