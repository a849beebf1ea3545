-- The customer, who does not know of the failure yet, keeps typing. The wording is ours.
INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'customer', 'Are you still there?');
