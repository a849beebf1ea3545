-- The Services server stops.
INSERT INTO server_event (server, event) VALUES ('services', 'stops');
