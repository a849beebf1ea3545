-- title: Whether the buttons of the reply pane are enabled
-- empty: no reply is open
-- lines: 92, 112
-- basis: basis
-- parameter: email_id
SELECT buttons, basis FROM reply_buttons WHERE activity_id = @email_id
