-- Agent and customer greet each other.
INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'agent', 'Hello');
INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'customer', 'Hi');
