-- The Application server is back quickly.
INSERT INTO server_event (server, event) VALUES ('application', 'starts');
