-- The agent, who is shown an active session, keeps typing. The wording is ours.
INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'agent', 'Are you still there?');
