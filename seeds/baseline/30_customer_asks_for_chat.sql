-- A customer requests a chat at the entry point and asks for help.
INSERT INTO chat_request (activity_id, entry_point_id, customer_name, email_address, browser, text)
VALUES (@activity_id, 1000, 'Customer', @customer_email, 'Mozilla Firefox', 'Help me!');
