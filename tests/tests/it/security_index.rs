//! The index of the security catalogue: each case with the tests that hold it. A test that is renamed
//! or removed, and a case without one, fail here. `cargo test security_index -- --nocapture` prints it.

mod gateway_cases;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// What holds a case.
enum Cover {
    /// Tests, each as `FILE TEST` below `crates` or `tests`.
    Tests(&'static [&'static str]),
    /// There is nothing yet that the case could be about.
    Absent(&'static str),
}

use Cover::{Absent, Tests};

const WAYS: &str = "crates/exec-policy/tests/it/catalogue.rs no_known_way_around_an_allowlist_runs_without_a_person";
const ESCAPES: &str = "crates/exec-policy/src/escape.rs spoofing_characters_are_escaped";
const SAFE_BINS: &str =
    "crates/exec-policy/src/safe_bin.rs files_and_unknown_options_are_not_covered";
const VARIABLES: &str =
    "crates/exec-policy/src/environment.rs names_that_load_code_are_forbidden_in_any_case";
const WAYS_OUT: &str = "crates/tools/tests/it/confinement.rs ways_out_are_refused";
const ODD_KINDS: &str =
    "crates/tools/tests/it/confinement.rs pipes_sockets_and_devices_are_refused_at_once";
const ORACLE: &str = "crates/exec-policy/tests/it/oracle.rs bash_and_dash_split_accepted_commands_into_the_same_words";
const NO_WINDOWS: Cover = Absent("the program does not run on Windows yet");

macro_rules! single {
    ($name:literal) => {
        Tests(&[concat!("crates/exec-policy/tests/it/catalogue/single_checks.rs ", $name)])
    };
}

/// The ways around an allowlist, E01 to E54.
#[rustfmt::skip]
const EXEC_BYPASSES: [Cover; 54] = [
    single!("shown_text_is_the_command"), Tests(&[SAFE_BINS, WAYS]), Tests(&[SAFE_BINS]),
    Tests(&[SAFE_BINS]), Tests(&[SAFE_BINS]), Tests(&[SAFE_BINS]), Tests(&[SAFE_BINS]),
    Tests(&[WAYS]), Tests(&[WAYS]), Tests(&[WAYS]),
    single!("always_is_not_for_the_wrapper"), Tests(&[WAYS]), Tests(&[WAYS]), Tests(&[WAYS]),
    NO_WINDOWS, single!("arguments_are_exact"), single!("variables_are_part_of_the_plan"),
    single!("a_changed_script_is_another_plan"), Tests(&[WAYS]), Tests(&[WAYS]),
    Tests(&[WAYS]), single!("letters_match_in_their_own_case"),
    Tests(&[ESCAPES]), Tests(&[WAYS, ESCAPES]), single!("what_cannot_be_seen_is_shown"),
    Tests(&[WAYS]), Tests(&[WAYS]), Tests(&[WAYS]), Tests(&[WAYS]), Tests(&[WAYS]),
    Tests(&[WAYS]), Tests(&[WAYS, VARIABLES]), Tests(&[WAYS, VARIABLES]),
    single!("no_secret_is_inherited"), Tests(&[WAYS]), single!("another_directory_is_another_plan"),
    Tests(&["crates/gateway/tests/it/node_approvals.rs what_only_the_gateway_says_is_taken_out_of_what_clients_send"]),
    Tests(&["crates/gateway/tests/it/devices.rs a_request_is_decided_once_and_by_its_whole_id"]),
    single!("an_approval_is_used_once"),
    Tests(&["crates/agent-loop/tests/it/tools.rs a_call_that_may_not_run_is_answered_with_the_reason_and_its_siblings_run"]),
    Tests(&["crates/runtime/src/approval/tests.rs when_nobody_can_be_asked_the_turn_ends_with_the_question_or_the_call_is_denied"]),
    single!("the_fallback_is_to_deny"), single!("a_damaged_file_denies"),
    single!("an_unknown_value_denies"),
    Tests(&["crates/tools/tests/it/protection.rs the_state_and_the_config_are_out_of_reach_by_any_path"]),
    Tests(&[WAYS]), Tests(&[WAYS]), Tests(&[WAYS]), Tests(&[WAYS]), Tests(&[WAYS, ORACLE]), Tests(&[WAYS]),
    Tests(&[WAYS]), single!("an_exchanged_program_is_another_plan"),
    Tests(&["crates/gateway/tests/it/devices.rs who_may_pair_only_approves_a_node_without_commands_that_reach_its_machine"]),
];

/// Tool calls, 53 to 68.
#[rustfmt::skip]
const TOOL_CALLS: [Cover; 16] = [
    Tests(&["crates/providers-openai/src/assembly/tests.rs pieces_of_a_call_are_joined_however_they_are_numbered"]),
    Tests(&["crates/providers-openai/src/argument_repair/tests.rs what_stands_around_and_between_values_is_mended",
        "crates/providers-openai/src/argument_repair/tests.rs what_would_have_to_be_invented_is_left"]),
    Tests(&["crates/providers-openai/tests/it/wire.rs a_broken_call_is_sent_empty_and_answered"]),
    Tests(&["crates/core/src/message.rs arguments_are_an_object_or_refused"]),
    Tests(&["crates/core/src/id.rs a_long_call_id_is_shortened_and_stays_unique",
        "crates/providers-openai/src/assembly/tests.rs a_call_without_id_arguments_or_name_is_still_answerable"]),
    Tests(&["crates/providers-openai/src/assembly/tests.rs pieces_of_a_call_are_joined_however_they_are_numbered"]),
    Tests(&["crates/agent-loop/tests/it/tools.rs the_error_of_an_unknown_tool_names_a_bounded_number_of_tools"]),
    Tests(&[WAYS, "crates/tools/tests/it/schema.rs a_wrong_argument_is_named_with_what_was_expected"]),
    Tests(&["crates/tools/tests/it/schema.rs no_arguments_make_a_file_tool_panic"]),
    Tests(&["crates/agent-loop/tests/it/outcomes.rs a_model_that_never_stops_calling_is_stopped_by_each_limit"]),
    Tests(&["crates/agent-loop/tests/it/repeats.rs the_third_is_noted_the_fifth_not_run_and_the_sixth_ends_the_turn",
        "crates/agent-loop/tests/it/repeats.rs the_count_survives_a_history_that_was_summed_up"]),
    Tests(&["tests/tests/it/odd_servers.rs calls_written_as_text_run_and_quoted_ones_do_not"]),
    Tests(&["tests/tests/it/untrusted_text.rs text_of_a_model_and_of_tools",
        "crates/agent-loop/tests/it/room.rs an_output_with_too_little_room_keeps_its_ends_and_the_whole_is_kept_elsewhere"]),
    Tests(&["crates/core/src/history/tests.rs an_open_call_is_sent_as_interrupted_and_can_still_be_answered"]),
    Tests(&["crates/agent-loop/tests/it/cancel.rs a_turn_may_be_dropped_anywhere"]),
    Tests(&["crates/agent-loop/tests/it/parallel.rs a_call_is_planned_once_and_after_all_that_could_change_something"]),
];

/// Running commands, 69 to 85.
#[rustfmt::skip]
const EXEC_RUNS: [Cover; 17] = [
    Tests(&["crates/process/tests/it/trees.rs a_time_limit_ends_the_whole_tree",
        "crates/process/tests/it/ends.rs a_command_that_does_not_listen_is_killed_after_the_grace"]),
    Tests(&["crates/process/tests/it/trees.rs an_end_of_the_command_ends_what_it_left_running"]),
    Tests(&["crates/process/tests/it/output.rs a_flood_stays_within_the_bound_and_ends",
        "crates/process/tests/it/output.rs bytes_that_are_no_text_are_kept_as_they_are",
        "crates/process/tests/it/output.rs a_command_may_close_its_output_and_go_on"]),
    Tests(&["crates/process/tests/it/environment.rs without_input_reading_ends_at_once"]),
    Tests(&["crates/process/tests/it/ends.rs an_opened_directory_is_used_whatever_takes_its_place",
        "crates/tools/tests/it/exec.rs a_command_that_cannot_be_run_is_answered"]),
    Tests(&["crates/process/tests/it/ends.rs a_missing_program_a_forbidden_one_and_a_missing_directory_are_distinguished",
        "crates/process/tests/it/sandbox/processes.rs no_new_rights_are_gained"]),
    Tests(&["crates/exec-policy/src/plan/tests.rs what_is_no_command_is_refused"]),
    Tests(&["crates/process/tests/it/trees.rs a_command_that_forks_without_end_is_stopped"]),
    Tests(&["crates/process/tests/it/environment.rs the_opened_directory_is_not_left_open_in_the_command"]),
    Tests(&["tests/tests/it/secrecy.rs a_command_of_the_model_does_not_get_the_keys"]),
    Tests(&["tests/tests/it/gateway.rs a_terminating_signal_lets_a_run_finish"]),
    Tests(&["crates/process/tests/it/ends.rs an_end_by_signal_is_distinguished_from_an_exit_code"]),
    Tests(&["crates/process/tests/it/sandbox.rs a_kernel_without_landlock_is_refused_with_what_is_missing"]),
    Tests(&["crates/process/tests/it/sandbox/files.rs no_key_and_no_file_of_the_program_is_read",
        "crates/process/tests/it/sandbox/network.rs without_the_network_nobody_is_reached",
        "crates/process/tests/it/sandbox/processes.rs other_processes_are_not_looked_into",
        "crates/process/tests/it/sandbox/processes.rs no_call_that_reaches_beyond_the_process_is_allowed",
        "crates/tools/tests/it/sandbox.rs a_change_of_a_hook_is_undone_and_told_to_the_model_and_the_person"]),
    Absent("no test answers two questions about one command in the other order"),
    Tests(&["crates/gateway/tests/it/runs.rs a_device_allows_no_call_of_its_own_run_unless_it_may_everything"]),
    Tests(&["crates/agent-loop/tests/it/clocks.rs the_turn_clock_runs_while_the_approver_thinks_and_the_call_is_then_known_not_to_have_run"]),
];

/// Paths, 86 to 100.
#[rustfmt::skip]
const FILE_PATHS: [Cover; 15] = [
    Tests(&["crates/tools/tests/it/catalogue.rs each_path_is_refused_or_is_exactly_its_name",
        "crates/tools/tests/it/protection.rs names_with_control_characters_are_refused"]),
    Tests(&[WAYS_OUT, "crates/tools/tests/it/confinement.rs links_that_stay_inside_are_read_and_names_that_look_odd_are_names"]),
    Tests(&[ODD_KINDS, "tests/tests/it/odd_files.rs no_file_that_is_none_holds_a_run_up"]),
    Tests(&["crates/tools/tests/it/write.rs another_hard_link_keeps_its_content",
        "crates/tools/tests/it/protection.rs a_hard_link_to_the_state_is_not_read_and_writing_it_does_not_change_the_state"]),
    Tests(&["crates/fs/src/directory/tests.rs a_hundred_thousand_swaps_never_lead_outside",
        "crates/tools/tests/it/list.rs a_directory_swapped_for_a_link_during_a_walk_never_leads_outside"]),
    Absent("mounts in the workspace are the user's own; there is no setting about them"),
    Tests(&["crates/tools/src/read/page.rs pages_put_together_are_the_whole_text"]),
    Tests(&["crates/tools/tests/it/edit.rs a_text_that_is_not_there_once_is_explained",
        "crates/tools/tests/it/edit.rs only_text_files_are_edited"]),
    Tests(&["crates/tools/tests/it/edit.rs a_file_that_changed_since_it_was_read_must_be_read_again"]),
    Tests(&["crates/tools/tests/it/write.rs a_failed_write_leaves_no_trace"]),
    Tests(&["crates/tools/src/workspace/protection.rs names_that_a_lenient_file_system_confuses_are_the_same"]),
    Tests(&["crates/tools/src/workspace/protection.rs each_kind_of_protected_file_is_known_by_its_place",
        "tests/tests/it/answers.rs a_protected_file_is_written_only_after_its_diff_was_shown"]),
    Tests(&["crates/tools/tests/it/list.rs what_is_too_much_is_cut_and_told"]),
    Tests(&["crates/tools/src/search.rs a_pattern_is_compiled_or_refused_in_a_sentence"]),
    Absent("no tool extracts archives"),
];

/// Secrets and addresses, 167 to 170.
#[rustfmt::skip]
const SECRETS: [Cover; 4] = [
    Tests(&["tests/tests/it/secrecy.rs no_command_shows_a_key_whatever_happens",
        "tests/tests/it/secrecy.rs a_command_of_the_model_does_not_get_the_keys"]),
    Absent("no tool fetches an address that a model chose"),
    Tests(&["crates/transport/tests/it/failures.rs a_redirect_is_named_and_not_followed"]),
    Tests(&["tests/tests/it/contacted_hosts.rs the_only_contact_is_the_server_of_the_model"]),
];

#[test]
fn each_case_of_the_catalogue_has_a_test_that_exists() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut problems = String::new();
    let (mut cases, mut covered) = (0, 0);
    for (section, first, covers) in [
        ("E", 1, &EXEC_BYPASSES[..]),
        ("TJ ", 53, &TOOL_CALLS),
        ("EX ", 69, &EXEC_RUNS),
        ("FP ", 86, &FILE_PATHS),
        ("WS ", 101, &gateway_cases::FRAMES),
        ("PA ", 122, &gateway_cases::PAIRING),
        ("ND ", 139, &gateway_cases::NODES),
        ("CR ", 166, &gateway_cases::KILLS),
        ("SS ", 167, &SECRETS),
    ] {
        for (offset, cover) in covers.iter().enumerate() {
            let case = format!("{section}{:02}", first + offset);
            cases += 1;
            match cover {
                Absent(reason) => println!("{case}: no test, {reason}"),
                Tests(tests) => {
                    covered += 1;
                    println!("{case}: {}", tests.join(", "));
                    for test in *tests {
                        let (file, name) = test.split_once(' ').unwrap();
                        let text = fs::read_to_string(repository.join(file)).unwrap_or_default();
                        if !text.contains(&format!("fn {name}(")) {
                            let _ = writeln!(problems, "{case}: there is no test {name} in {file}");
                        }
                    }
                }
            }
        }
    }
    println!("{cases} cases, {covered} with a test, {} without", cases - covered);
    assert!(problems.is_empty(), "{problems}");
    assert_eq!((cases, covered), (157, 151));
}
