-- The Messaging server stops.
INSERT INTO server_event (server, event) VALUES ('messaging', 'stops');
