//! A table of features: `tests/tsql/features.txt` holds the T-SQL and SQL Server's answers, for this and for others;
//! `predicted.txt` beside it holds more of them, for this alone.

use super::{FEATURES, PREDICTED, store, tests_of, written, wrong_in};

/// Makes a test of each section of a page that it names, and a list of them.
macro_rules! features {
    ($page:ident $named:ident $($name:ident)*) => {
        $(#[test]
        fn $name() {
            let wrong = wrong_in($page, stringify!($name), store);
            assert!(wrong.is_empty(), "\n{wrong}");
        })*
        const $named: &[&str] = &[$(stringify!($name)),*];
    };
}

features! {
    PREDICTED PREDICTIONS
    predicted_values_and_types
    predicted_sets_and_conversions
    predicted_names_dates_and_windows
    predicted_variables_and_groups
    predicted_edges_of_functions
    predicted_queries_in_queries
    predicted_arithmetic_of_dates
    predicted_orders_of_groupings
    predicted_moments_and_changes
    predicted_times_of_chats
    predicted_reports_on_chats
    predicted_types_beside_each_other
    predicted_quantified_comparisons
    predicted_parts_of_json
    predicted_reports_of_support
    predicted_parentheses_and_names
    predicted_shares_and_durations
    predicted_spreads_extremes_and_first_rows
    predicted_changes_through_queries
    predicted_output_of_changes
    predicted_output_of_found_rows
    predicted_compound_assignments
    predicted_targets_of_changes
    predicted_dates_of_parts
    predicted_names_of_applied_columns
    predicted_digits_of_typed_numbers
    predicted_limits_and_digits
    predicted_pictures_of_numbers
}

features! {
    FEATURES NAMED
    names_in_any_case_with_any_qualifier
    columns_are_named_in_every_way
    how_many_rows
    text_is_compared_without_case_and_blanks_at_the_end
    null_comes_first_in_ascending_order
    plus_follows_the_types
    whole_numbers_divide_to_whole_numbers
    numbers_that_do_not_fit_are_errors
    averages_keep_the_type
    dates_and_texts_compare_as_dates
    dates_are_counted_by_boundaries
    dates_are_moved_and_taken_apart
    the_time_is_the_scenario_clock
    conversions_as_cast_and_convert
    null_is_replaced_in_the_type_of_the_first_or_of_all
    functions_of_text
    like_has_classes_and_no_case
    numbers_are_rounded_away_from_zero
    format_knows_common_patterns
    queries_within_queries
    windows
    apply_as_far_as_it_can_be_said
    pivot_is_a_grouping
    variables_batches_and_temporary_tables
    times_have_the_digits_of_their_type
    numbers_are_exact_or_refused
    a_varchar_holds_what_its_code_page_has
    a_recursion_ends_after_its_rounds
    mathematics_and_other_functions
    statements_are_run_in_their_order
    temporary_tables_are_changed
    windows_beside_ties_and_conditions
    texts_of_rows_are_joined_as_xml
    rows_are_made_of_columns
    amounts_accents_and_zones
    groupings_are_rolled_up
    texts_are_split_into_rows
    percentiles_are_of_their_partition
    tables_and_columns_are_listed
    rows_are_counted
    amounts_of_money
    bytes_and_identifiers
    moments_have_offsets_and_zones
    real_has_the_digits_of_four_bytes
    accents_may_not_count_where_case_does
    changes_are_found_by_joins
    joins_within_joins_need_no_parentheses
    texts_lose_the_characters_that_are_named
    times_of_day_are_formatted_as_lengths
    dates_are_put_into_buckets
    series_are_rows
}

#[test]
fn every_feature_is_tested() {
    assert_eq!(tests_of(FEATURES), NAMED);
    assert_eq!(tests_of(PREDICTED), PREDICTIONS);
}

#[test]
fn a_feature_that_answers_otherwise_is_found() {
    let page = "\n=== one\nselect 1 as a\n--> 2\n\nselect 1\n--> 1\n";
    assert_eq!(wrong_in(page, "one", store), "select 1 as a\n  expected 2\n     found 1\n");
}

#[test]
fn a_text_without_a_from_needs_no_table() {
    assert_eq!(written("select 'it''s', N'ß', 1.50, .5, -1"), "SELECT 'it''s', 'ß', 1.50, 0.5, -1");
}
