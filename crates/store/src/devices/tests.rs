//! What happens to requests and devices.

use super::*;
use crate::Store;

fn open(path: &std::path::Path) -> DeviceLog {
    DeviceLog::open(Store::open(path).unwrap()).unwrap()
}

fn request(id: &str, device: &str, address: &str) -> PairingRequest {
    PairingRequest {
        id: id.to_owned(),
        facts: DeviceFacts {
            id: device.to_owned(),
            public_key: "key".to_owned(),
            client_id: "cli".to_owned(),
            client_mode: "cli".to_owned(),
            platform: "linux".to_owned(),
            device_family: String::new(),
            display_name: "desk".to_owned(),
        },
        role: "operator".to_owned(),
        scopes: vec!["operator.read".to_owned(), "operator.write".to_owned()],
        commands: Vec::new(),
        address: address.to_owned(),
        reason: "not-paired".to_owned(),
        requested_at: 0,
        expires_at: 0,
    }
}

#[test]
fn a_device_is_paired_by_the_approval_of_its_request_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let log = open(&path);
    let (first, is_new) = log.request_pairing(request("r1", "d", "a")).unwrap().unwrap();
    assert!(is_new);
    let (again, is_new) = log.request_pairing(request("r2", "d", "a")).unwrap().unwrap();
    assert!(!is_new);
    assert_eq!(again.id, "r1");
    assert_eq!(again.requested_at, first.requested_at);
    drop(log);
    let log = open(&path);
    assert_eq!(log.list_requests().unwrap().len(), 1);
    assert_eq!(log.find_device("d").unwrap(), None);
    let device = log.approve_request("r1", true).unwrap().unwrap();
    assert_eq!(device.role("operator").unwrap().token, DeviceToken::Undelivered);
    assert_eq!(log.approve_request("r1", true).unwrap(), None);
    let role = device.role("operator").unwrap();
    let hash = DeviceToken::Hash("h".to_owned());
    assert!(log.replace_token("d", role, hash.clone(), &role.scopes).unwrap());
    // What was read before is no longer there.
    assert!(!log.replace_token("d", role, DeviceToken::Undelivered, &[]).unwrap());
    log.mark_seen("d").unwrap();
    assert!(log.rename_device("d", Some("the desk")).unwrap());
    drop(log);
    let log = open(&path);
    let device = log.list_devices().unwrap().remove(0);
    assert_eq!(device.label.as_deref(), Some("the desk"));
    assert!(device.last_seen_at.is_some());
    assert_eq!(device.role("operator").unwrap().token, hash);
    assert!(log.remove_device("d").unwrap());
    assert!(!log.remove_device("d").unwrap());
    assert_eq!(log.find_device("d").unwrap(), None);
}

#[test]
fn another_request_of_the_same_device_replaces_the_former() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder.path().join("s.db"));
    log.request_pairing(request("r1", "d", "a")).unwrap();
    let mut wider = request("r2", "d", "a");
    wider.scopes.push("operator.admin".to_owned());
    let (recorded, is_new) = log.request_pairing(wider).unwrap().unwrap();
    assert!(is_new);
    assert_eq!(recorded.id, "r2");
    assert_eq!(log.approve_request("r1", true).unwrap(), None);
    assert_eq!(log.find_request("r1").unwrap(), None);
    assert_eq!(log.reject_request("r2").unwrap().unwrap().id, "r2");
    assert_eq!(log.approve_request("r2", true).unwrap(), None);
    assert_eq!(log.find_device("d").unwrap(), None);
}

#[test]
fn a_flood_of_requests_takes_bounded_room_and_leaves_other_addresses_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder.path().join("s.db"));
    log.request_pairing(request("honest", "honest", "192.0.2.1")).unwrap();
    for number in 0..30 {
        let name = format!("d{number}");
        log.request_pairing(request(&name, &name, "192.0.2.2")).unwrap();
    }
    // Those that came first wait on; the flood gets no place of theirs, nor of others.
    let ids = |log: &DeviceLog| -> Vec<String> {
        log.list_requests().unwrap().into_iter().map(|request| request.id).collect()
    };
    let first: Vec<String> = (0..8).map(|number| format!("d{number}")).collect();
    assert_eq!(ids(&log), [vec!["honest".to_owned()], first].concat());
    // One of them may ask for something else, and one more than before may not wait.
    let mut wider = request("wider", "d0", "192.0.2.2");
    wider.scopes.push("operator.admin".to_owned());
    assert!(log.request_pairing(wider).unwrap().is_some());
    assert!(log.request_pairing(request("d30", "d30", "192.0.2.2")).unwrap().is_none());
    for number in 0..200 {
        let name = format!("e{number}");
        let address = format!("10.0.{}.{}", number / 100, number % 4);
        log.request_pairing(request(&name, &name, &address)).unwrap();
    }
    assert_eq!(ids(&log).len(), 9 + 8 * 6 + 7);
    // An address of which nothing waits has a place still.
    let late = request("late", "late", "198.51.100.7");
    assert!(log.request_pairing(late).unwrap().is_some());
    for number in 0..1000 {
        let name = format!("f{number}");
        let address = format!("10.1.{}.{}", number / 250, number % 250);
        log.request_pairing(request(&name, &name, &address)).unwrap();
    }
    let waiting = ids(&log);
    assert_eq!(waiting.len(), 256);
    assert!(waiting.contains(&"honest".to_owned()) && waiting.contains(&"late".to_owned()));
}

#[test]
fn a_clock_that_goes_back_or_forth_leaves_no_request_waiting_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder.path().join("store.db"));
    let year = 365 * 86_400_000_i64;
    for (shift, waits) in [(-1000, true), (1000, true), (-year, false), (year, false)] {
        log.request_pairing(request("r", "d", "a")).unwrap().unwrap();
        // The clock goes by the other way.
        let change = "UPDATE pairing_request SET expires_at = expires_at + ?1";
        let changed = log
            .store
            .0
            .writer
            .write(move |connection| Ok(connection.execute(change, [shift]).unwrap()));
        assert_eq!(changed.unwrap(), 1);
        assert_eq!(log.list_requests().unwrap().len(), usize::from(waits), "{shift}");
        assert_eq!(log.find_request("r").unwrap().is_some(), waits, "{shift}");
        assert_eq!(log.approve_request("r", true).unwrap().is_some(), waits, "{shift}");
        log.reject_request("r").unwrap();
    }
}

fn node_request(id: &str, device: &str, commands: &[&str]) -> NodeRequest {
    NodeRequest {
        id: id.to_owned(),
        device: device.to_owned(),
        commands: commands.iter().map(|command| (*command).to_owned()).collect(),
        address: "a".to_owned(),
        requested_at: 0,
    }
}

#[test]
fn the_commands_of_a_node_are_approved_by_the_request_that_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder.path().join("s.db"));
    let node = |id: &str, commands: &[&str]| PairingRequest {
        role: "node".to_owned(),
        commands: commands.iter().map(|command| (*command).to_owned()).collect(),
        ..request(id, "d", "a")
    };
    log.request_pairing(node("r1", &["system.which"])).unwrap();
    // Other commands are another request.
    assert!(log.request_pairing(node("r2", &["system.run", "system.which"])).unwrap().unwrap().1);
    assert!(log.approve_request("r1", true).unwrap().is_none());
    log.approve_request("r2", true).unwrap().unwrap();
    let grant = || log.find_node_grant("d").unwrap().unwrap().commands;
    assert_eq!(grant(), ["system.run", "system.which"]);
    log.request_pairing(node("r3", &["system.run"])).unwrap();
    log.approve_request("r3", false).unwrap().unwrap();
    assert!(grant().is_empty());
    let (first, is_new) =
        log.request_node_commands(node_request("n1", "d", &["system.which"])).unwrap().unwrap();
    let again = log.request_node_commands(node_request("n2", "d", &["system.which"])).unwrap();
    assert_eq!((again, is_new), (Some((first, false)), true));
    log.approve_node_request("n1").unwrap().unwrap();
    log.request_node_commands(node_request("n3", "d", &["system.run"])).unwrap();
    assert!(log.approve_node_request("n1").unwrap().is_none());
    log.approve_node_request("n3").unwrap().unwrap();
    assert_eq!(grant(), ["system.run", "system.which"]);
    log.request_node_commands(node_request("n4", "d", &["system.run"])).unwrap();
    assert_eq!(log.request_node_commands(node_request("n5", "d", &[])).unwrap(), None);
    assert!(log.list_node_requests().unwrap().is_empty());
    log.request_node_commands(node_request("n6", "d", &["x"])).unwrap();
    assert_eq!(log.reject_node_request("n6").unwrap().unwrap().id, "n6");
    assert!(log.reject_node_request("n6").unwrap().is_none());
    assert!(log.remove_node("d").unwrap());
    assert!(!log.remove_node("d").unwrap());
    assert!(log.find_device("d").unwrap().is_none());
    assert!(log.find_node_grant("d").unwrap().is_none());
}

#[test]
fn a_table_from_before_gets_its_missing_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    drop(open(&path));
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("ALTER TABLE pairing_request DROP COLUMN commands").unwrap();
    drop(connection);
    let log = open(&path);
    log.request_pairing(request("r1", "d", "a")).unwrap();
    assert_eq!(log.list_requests().unwrap().len(), 1);
}
