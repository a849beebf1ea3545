-- title: Whether the buttons of the reply pane are enabled
-- empty: no reply is open
-- lines: 92, 112
-- situation: situation
-- parameter: email_id
SELECT buttons, situation FROM reply_buttons WHERE activity_id = @email_id
