-- The agent opens an information tab, and types an answer to the e-mail.
INSERT INTO agent_action (user_id, action, console_part) VALUES (@agent_id, 'opens', 'case');
INSERT INTO email_reply (user_id, activity_id, text) VALUES (@agent_id, @email_id, 'response to customer');
