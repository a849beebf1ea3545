-- Another customer asks for a chat. The customer's identity is ours.
INSERT INTO chat_request (activity_id, entry_point_id, customer_name, email_address, browser, text)
VALUES (@waiting_id, 1000, 'Customer', 'customer@awesome.com', 'Mozilla Firefox', 'Hello?');
