-- The agent opens an information tab.
INSERT INTO agent_action (user_id, action, console_part) VALUES (@agent_id, 'opens', 'case');
