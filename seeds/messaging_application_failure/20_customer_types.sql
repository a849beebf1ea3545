-- The customer, who knows nothing of the failure yet, types on. The wording is ours.
INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'customer', 'Are you still there?');
