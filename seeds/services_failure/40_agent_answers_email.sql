-- The agent opens the e-mail in the inbox and types an answer.
INSERT INTO email_reply (user_id, activity_id, text) VALUES (@agent_id, @email_id, 'response to customer');
