-- The Application server stops.
INSERT INTO server_event (server, event) VALUES ('application', 'stops');
