//! The cases about the gateway: its frames, pairing, nodes, and a kill at each point.

use super::Cover::{self, Absent, Tests};

/// Frames, 101 to 121.
#[rustfmt::skip]
pub(super) const FRAMES: [Cover; 21] = [
    Tests(&["crates/gateway/tests/it/attacks.rs broken_first_frames_close_their_connection_and_nothing_else",
        "crates/protocol/tests/it/main.rs the_inputs_of_the_fuzz_target_are_frames_or_none"]),
    Tests(&["crates/gateway/tests/it/socket.rs a_flood_of_silent_sockets_keeps_nobody_out",
        "crates/gateway/src/admission.rs many_addresses_leave_slots_to_those_that_are_let_in"]),
    Tests(&["crates/gateway/src/handshake.rs what_is_wrong_with_a_handshake_has_its_code"]),
    Tests(&["crates/gateway/src/handshake.rs what_is_wrong_with_a_handshake_has_its_code"]),
    Tests(&["crates/protocol/src/gateway/strict_json.rs a_value_is_the_same_and_a_key_twice_is_refused_at_any_depth",
        "crates/protocol/tests/it/main.rs the_inputs_of_the_fuzz_target_are_frames_or_none"]),
    Tests(&["crates/gateway/tests/it/attacks.rs broken_first_frames_close_their_connection_and_nothing_else"]),
    Tests(&["crates/protocol/tests/it/main.rs the_inputs_of_the_fuzz_target_are_frames_or_none",
        "crates/protocol/src/gateway/tests.rs frames_of_other_kinds_are_ignored_and_broken_requests_refused"]),
    Tests(&["crates/gateway/tests/it/ws_cases.rs frames_that_are_no_requests_change_nothing"]),
    Tests(&["crates/gateway/tests/it/attacks.rs frames_that_break_the_websocket_are_answered_with_their_code",
        "crates/gateway/tests/it/limits.rs unfinished_frames_of_a_device_leave_room_for_others"]),
    Tests(&["crates/gateway/tests/it/socket.rs a_client_that_answers_no_ping_is_closed_and_others_stay"]),
    Tests(&["crates/gateway/src/clients.rs a_client_that_does_not_read_is_closed_and_bounded",
        "crates/gateway/src/clients.rs clients_that_do_not_read_have_bounded_memory_together"]),
    Tests(&["crates/gateway/src/handshake.rs what_is_wrong_with_a_handshake_has_its_code"]),
    Tests(&["crates/gateway/tests/it/attacks.rs a_socket_from_a_page_or_under_another_name_is_not_opened",
        "crates/gateway/tests/it/http.rs pages_and_names_that_lead_here_unexpectedly_are_refused",
        "crates/gateway/tests/it/limits.rs what_two_readers_could_read_differently_is_refused"]),
    Tests(&["crates/gateway/tests/it/attacks.rs frames_that_break_the_websocket_are_answered_with_their_code"]),
    Tests(&["crates/gateway/tests/it/socket.rs a_client_that_goes_on_without_its_scope_is_closed"]),
    Tests(&["crates/gateway/tests/it/ws_cases.rs a_trace_that_is_none_is_ignored"]),
    Tests(&["crates/gateway/tests/it/attacks.rs broken_first_frames_close_their_connection_and_nothing_else"]),
    Tests(&["crates/gateway/tests/it/socket.rs clients_are_told_that_the_gateway_ends",
        "tests/tests/it/gateway.rs a_terminating_signal_lets_a_run_finish"]),
    Tests(&["crates/gateway/tests/it/ws_cases.rs all_of_many_clients_come_back_after_a_restart"]),
    Tests(&["crates/node/tests/it/connections.rs a_connection_without_ticks_is_replaced",
        "crates/gateway/tests/it/runs.rs a_run_outlives_its_client_and_a_wait_that_ends_stops_nothing"]),
    Tests(&["crates/gateway/tests/it/ws_cases.rs a_client_that_lost_events_gets_them_again_without_a_gap",
        "crates/gateway/tests/it/sessions.rs a_client_that_comes_back_is_told_what_it_missed",
        "tests/tests/it/gateway_agent.rs a_lost_connection_loses_nothing_and_repeats_nothing"]),
];

/// Pairing and secrets, 122 to 138.
#[rustfmt::skip]
pub(super) const PAIRING: [Cover; 17] = [
    Tests(&["crates/gateway/src/auth.rs wrong_attempts_on_this_machine_are_slowed_down_and_a_right_one_ends_that"]),
    Tests(&["crates/gateway/src/auth.rs another_machine_is_locked_out_whatever_spelling_its_address_has",
        "crates/gateway/tests/it/attacks.rs wrong_attempts_are_slowed_down_whatever_else_is_sent"]),
    Tests(&["crates/gateway/src/auth.rs only_the_whole_secret_is_accepted"]),
    Tests(&["crates/gateway/tests/it/hooks.rs only_who_knows_the_token_or_the_secret_is_let_in",
        "crates/gateway/tests/it/limits.rs what_two_readers_could_read_differently_is_refused"]),
    Tests(&["crates/gateway/tests/it/attacks.rs a_forged_device_is_refused_with_what_is_wrong",
        "crates/device/src/signature.rs keys_that_fit_any_text_are_refused",
        "crates/device/src/claims.rs a_field_with_a_separator_is_refused"]),
    Tests(&["crates/gateway/tests/it/devices.rs a_scope_is_granted_and_not_claimed",
        "crates/gateway/tests/it/devices.rs nobody_gives_more_than_what_they_have_and_no_device_approves_itself"]),
    Tests(&["crates/gateway/tests/it/devices.rs a_request_is_decided_once_and_by_its_whole_id",
        "crates/store/src/devices/tests.rs another_request_of_the_same_device_replaces_the_former"]),
    Tests(&["crates/gateway/tests/it/devices.rs a_device_that_becomes_another_machine_must_be_approved_again"]),
    Tests(&["crates/gateway/tests/it/devices.rs what_ends_a_credential_closes_its_connections_at_once",
        "crates/gateway/tests/it/nodes.rs a_node_that_is_removed_or_revoked_leaves_at_once_and_asks_anew"]),
    Tests(&["crates/gateway/tests/it/devices.rs a_device_gets_its_own_new_token_and_others_get_theirs_when_they_connect",
        "crates/gateway/tests/it/devices.rs what_ends_a_credential_closes_its_connections_at_once"]),
    Tests(&["crates/gateway/tests/it/attacks.rs a_flood_of_pairing_requests_is_slowed_down_and_bounded"]),
    Tests(&["crates/chat/src/gateway_questions.rs a_question_of_a_gateway_has_no_control_characters",
        "crates/gateway/tests/it/node_names.rs no_node_gets_the_name_of_another_one_or_none"]),
    Tests(&["crates/device/src/identity.rs a_broken_identity_is_refused_and_stays_as_it_is"]),
    Absent("a restored state folder has the credentials of its day, and nothing dates it"),
    Tests(&["crates/gateway/tests/it/nodes.rs a_node_waits_for_its_approval_also_with_the_gateways_token_and_is_approved_whole"]),
    Tests(&["crates/gateway/src/auth.rs only_the_whole_secret_is_accepted"]),
    Tests(&["tests/tests/it/gateway.rs settings_that_leave_a_gateway_open_end_it_with_their_own_code",
        "crates/gateway/tests/it/open_gateway.rs a_gateway_with_a_node_that_runs_commands_does_not_become_open"]),
];

/// Nodes, 139 to 150.
#[rustfmt::skip]
pub(super) const NODES: [Cover; 12] = [
    Tests(&["crates/gateway/tests/it/nodes.rs nobody_answers_for_another_node_nor_twice_nor_late",
        "crates/gateway/src/nodes/registry/tests.rs no_node_answers_for_another_one"]),
    Tests(&["crates/gateway/tests/it/nodes.rs what_a_disconnected_node_got_may_have_run_and_is_not_sent_again"]),
    Tests(&["crates/node/tests/it/invocations.rs the_same_key_is_one_run",
        "crates/gateway/tests/it/node_approvals.rs the_same_request_learns_what_came_of_an_approved_command"]),
    Tests(&["crates/gateway/tests/it/nodes.rs an_identity_alone_offers_no_command_and_what_is_not_served_is_told_with_the_reason",
        "crates/gateway/src/nodes/declaration.rs a_flood_of_commands_is_bounded"]),
    Tests(&["crates/gateway/tests/it/nodes.rs the_newest_connection_of_a_node_counts_and_the_old_one_is_told"]),
    Tests(&["crates/gateway/tests/it/attacks.rs a_forged_device_is_refused_with_what_is_wrong"]),
    Tests(&["crates/node/tests/it/policies.rs a_denied_command_does_not_run_whatever_was_approved",
        "tests/tests/it/node_exec.rs a_node_that_denies_is_not_overruled"]),
    Tests(&["crates/node/tests/it/policies.rs a_plan_that_is_not_what_runs_is_refused_also_where_nobody_is_asked",
        "crates/node/tests/it/policies.rs a_script_that_changed_since_it_was_prepared_does_not_run"]),
    Tests(&["crates/node/tests/it/policies.rs a_gateway_makes_the_policy_stricter_but_never_wider"]),
    Tests(&["crates/node/tests/it/invocations.rs a_flood_of_output_is_bounded",
        "crates/gateway/src/nodes/registry/tests.rs output_arrives_in_order_and_a_flood_of_it_is_bounded_and_counted"]),
    Tests(&["crates/node/tests/it/invocations.rs a_command_ends_at_the_shorter_of_its_limits",
        "crates/node/tests/it/invocations.rs a_command_goes_on_without_a_connection_and_its_result_is_told_after_the_next"]),
    Tests(&["crates/node/tests/it/invocations.rs a_cancelled_command_ends_whenever_the_cancellation_arrives",
        "crates/node/src/invokes.rs a_cancellation_counts_whenever_it_arrives"]),
];

/// A kill at each point, 166.
#[rustfmt::skip]
pub(super) const KILLS: [Cover; 1] = [
    Tests(&["tests/tests/it/gateway.rs a_killed_gateway_says_that_its_run_is_lost_and_repeats_nothing",
        "crates/node/tests/it/crashes.rs a_killed_node_runs_nothing_twice_and_loses_no_recorded_result",
        "crates/store/src/store/tests/process_kill.rs a_killed_process_loses_nothing_and_repeats_nothing",
        "crates/gateway/tests/it/runs.rs the_same_request_is_one_run_also_after_a_restart",
        "crates/store/src/invocations/tests.rs an_approval_is_used_once",
        "tests/tests/it/crash_loop.rs killed_before_the_request",
        "tests/tests/it/crash_loop.rs killed_in_the_first_prefill",
        "tests/tests/it/crash_loop.rs killed_when_the_message_is_kept_and_a_call_is_not_looked_at",
        "tests/tests/it/crash_loop.rs killed_between_the_intent_and_the_start_of_a_call",
        "tests/tests/it/crash_loop.rs killed_while_the_tool_runs",
        "tests/tests/it/crash_loop.rs killed_when_the_tool_ran_and_its_result_is_not_kept",
        "tests/tests/it/crash_loop.rs killed_when_the_result_is_kept",
        "tests/tests/it/crash_loop.rs killed_in_the_next_prefill",
        "tests/tests/it/crash_loop.rs killed_in_the_text_of_the_answer",
        "tests/tests/it/crash_loop.rs killed_when_the_turn_has_ended"]),
];
