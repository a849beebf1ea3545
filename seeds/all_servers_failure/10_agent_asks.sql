-- The agent asks whether the customer is there; messages are still delivered.
INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'agent', 'Are you there?');
