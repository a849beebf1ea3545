-- The agent tries again, and the customer answers (lines 173-174).
INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'agent', 'Hello?');
INSERT INTO message (activity_id, author, text)
VALUES (@activity_id, 'customer', 'Hi! Looks like we''re connected again!');
