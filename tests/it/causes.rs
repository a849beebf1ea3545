//! Causes in words: every form is read, written and run; a sentence that cannot happen says what was expected.

use chatdb::causes::{self, CAUSES, PARTS, SERVERS};
use chatdb::replay::{ReplayOptions, replay};
use chatdb::scenario::{Library, resolve_parameters};
use chatdb::store::Binding;

use crate::honesty::library;

fn check(text: &str, sql: &str) {
    let cause = causes::parse(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(cause.to_sql(), sql, "{text}");
    let again = causes::parse(cause.words()).expect("what it writes it reads");
    assert_eq!((again.words(), again.to_sql()), (cause.words(), sql), "{text}");
}

#[track_caller]
fn refused(text: &str, message: &str) {
    let error = causes::parse(text).expect_err(text);
    assert_eq!(format!("{error}\n{}", error.hint()), message);
}

#[test]
fn a_sentence_is_the_statement_that_makes_it_happen() {
    check(
        "application stops",
        "INSERT INTO server_event (server, event) VALUES ('application', 'stops');",
    );
    check(
        "The Messaging and the Application servers stop",
        "INSERT INTO server_event (server, event) VALUES ('messaging', 'stops');\n\
         INSERT INTO server_event (server, event) VALUES ('application', 'stops');",
    );
    check(
        "customer types \"it's me\" in chat 1348",
        "INSERT INTO message (activity_id, author, text) VALUES (1348, 'customer', 'it''s me');",
    );
    check(
        "agent types 'a ''quoted'' word'",
        "INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'agent', 'a ''quoted'' word');",
    );
    check(
        "agent @second opens the Knowledge Base",
        "INSERT INTO agent_action (user_id, action, console_part) VALUES (@second, 'opens', 'knowledge base');",
    );
    check(
        "agent transfers chat 7 to agent 1004",
        "INSERT INTO agent_action (user_id, action, activity_id, to_user_id) VALUES (@agent_id, 'transfers', 7, 1004);",
    );
}

#[test]
fn a_sentence_that_cannot_happen_says_what_was_expected() {
    refused(
        "aplication stops",
        "`aplication stops` is not a known event: found `aplication`, expected a server, `customer`, `agent`, \
         `e-mail` or `queue`\ndid you mean `application stops`?",
    );
    refused(
        "agent logs",
        "`agent logs` is not a known event: found the end, expected `in` or `out`\n\
         `chatdb help causes` lists the events",
    );
    refused(
        "customer types hello there",
        "`customer types hello there` is not a known event: found `hello`, expected a text in quotes\n\
         did you mean `customer types 'hello there'`?",
    );
    refused(
        "agent types 'Hi",
        "`agent types 'Hi` is not a known event: found `'Hi`, expected a text whose quote is closed\n\
         did you mean `agent types 'Hi'`?",
    );
    refused(
        "agent logs in twice",
        "`agent logs in twice` is not a known event: found `twice`, expected the end\n\
         `chatdb help causes` lists the events",
    );
    refused(
        "",
        "`` is not a known event: found the end, expected a server, `customer`, `agent`, `e-mail` or `queue`\n\
         `chatdb help causes` lists the events",
    );
    refused(
        "agant opns the inbox",
        "`agant opns the inbox` is not a known event: found `agant`, expected a server, `customer`, `agent`, \
         `e-mail` or `queue`\ndid you mean `agent opens the inbox`?",
    );
}

#[test]
fn a_quote_within_a_text_and_a_number_too_many_are_found() {
    let cases = [
        ("customer types 'it's lost'", "customer types 'it''s lost'"),
        ("agent 1003 types 'x'", "agent types 'x'"),
    ];
    for (text, meant) in cases {
        let error = causes::parse(text).expect_err(text);
        assert_eq!(error.meant.as_deref(), Some(meant), "{text}");
    }
}

/// One letter gone from one word of an example: what is suggested can be typed, and mostly is the example.
#[test]
fn a_letter_that_is_missing_is_found() {
    let (mut tried, mut mended) = (0, 0);
    for form in CAUSES {
        let wanted = causes::parse(form.example).expect("an example is read");
        let words: Vec<&str> = form.example.split(' ').collect();
        for (at, word) in words.iter().enumerate() {
            let is_long = word.len() > 4 && word.chars().all(char::is_alphabetic);
            if !is_long {
                continue;
            }
            let mut spelt = words.clone();
            let short = format!("{}{}", &word[..2], &word[3..]);
            spelt[at] = &short;
            let Err(error) = causes::parse(&spelt.join(" ")) else {
                continue;
            };
            tried += 1;
            if let Some(meant) = error.meant {
                let cause = causes::parse(&meant).expect("a suggestion can be typed");
                mended += usize::from(cause == wanted);
            }
        }
    }
    assert!(tried > 25 && mended * 10 > tried * 9, "{mended} of {tried}");
}

/// Each example, on the baseline's database: it runs, and it is a row of a table of causes or of what there is.
#[test]
fn every_example_happens() {
    let library = library();
    let parameters = parameters(&library);
    for form in CAUSES {
        let (_, store) = replay(&library, &["baseline".to_owned()], &ReplayOptions::default())
            .expect("the baseline is played");
        if form.example.contains("to agent 1004") {
            let another = causes::parse("agent 1004 is added").expect("it is a cause");
            store.run_script("added", another.to_sql(), &parameters).expect("it runs");
            let log_in = causes::parse("agent 1004 logs in").expect("it is a cause");
            store.run_script("log-in", log_in.to_sql(), &parameters).expect("it runs");
        }
        let cause = causes::parse(form.example).expect("an example is read");
        assert_eq!(cause.form().words, form.words, "{}", form.example);
        let changed = store
            .run_script("example", cause.to_sql(), &parameters)
            .unwrap_or_else(|error| panic!("{}: {error}", form.example));
        assert!(changed > 0, "{}", form.example);
    }
}

fn parameters(library: &Library) -> Vec<Binding> {
    let chain = library.chain("baseline").expect("it is valid");
    let parameters = resolve_parameters(&chain, &[]).expect("nothing is set");
    (parameters.into_iter()).map(|parameter| (parameter.name, parameter.value)).collect()
}

#[test]
fn the_words_of_the_list_are_those_of_the_model() {
    let store = chatdb::store::Store::with_platform().expect("it can be set up");
    let texts = |sql: &str| -> Vec<String> {
        let rows = store.ask(sql, &[], &[]).expect("it can be asked").rows;
        rows.into_iter().flatten().map(|cell| cell.to_string()).collect()
    };
    assert_eq!(texts("SELECT server FROM server ORDER BY bit"), SERVERS);
    let parts =
        texts("SELECT console_part FROM console_part WHERE console_part <> 'chat' ORDER BY 1");
    let mut own = PARTS;
    own.sort_unstable();
    assert_eq!(parts, own);
}

#[test]
fn the_help_page_has_an_example_for_each_form() {
    let page = causes::help();
    for form in CAUSES {
        assert!(page.contains(&format!("example: {}\n", form.example)), "{page}");
    }
    assert!(!page.contains('|'), "{page}");
}
