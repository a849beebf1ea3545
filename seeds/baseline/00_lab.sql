-- The lab of the document: one department, one queue, one agent, the application server, and where customers
-- start a chat. Ids that the document does not print are ours.
UPDATE server SET host = @application_host WHERE server = 'application';

INSERT INTO egpl_department (department_id, department_name, department_desc, delete_flag)
VALUES (999, 'Service', 'The default department', 'n');

INSERT INTO egpl_routing_queue
    (queue_id, queue_name, queue_state, department_id, queue_type, queue_routing_type,
     queue_chat_routing_type, who_created, when_created, max_chat_queue_depth, chat_queue_priority,
     chat_alternate_engagement)
VALUES (1000, @queue_name, 1, 999, 0, 0, 0, 0, '2011-01-01 00:00:00.000', 0, 0, 0);

INSERT INTO egpl_user
    (user_id, user_name, screen_name, when_created, who_created, delete_flag, user_state, department_id,
     authentication_type)
VALUES (@agent_id, @agent_name, @agent_name, '2011-01-01 00:00:00.000', 0, 'N', 0, 999, 0);

INSERT INTO entry_point
    (entry_point_id, channel, name, page_title, web_host, banner, queue_id, department_id)
VALUES (1000, 'chat', 'Integ', 'Customer Entry', '43web', 'Live help | Powered by Cisco Chat™', 1000, 999);

INSERT INTO entry_point
    (entry_point_id, channel, name, address, address_label, queue_id, department_id)
VALUES (1001, 'e-mail', 'eim', 'eim@DSLlab.cisco.com', 'Originating Entry Point', 1000, 999);
