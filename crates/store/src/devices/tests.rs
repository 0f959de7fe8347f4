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
    let (first, is_new) = log.request_pairing(request("r1", "d", "a")).unwrap();
    assert!(is_new);
    let (again, is_new) = log.request_pairing(request("r2", "d", "a")).unwrap();
    assert!(!is_new);
    assert_eq!(again.id, "r1");
    assert_eq!(again.requested_at, first.requested_at);
    drop(log);
    let log = open(&path);
    assert_eq!(log.list_requests().unwrap().len(), 1);
    assert_eq!(log.find_device("d").unwrap(), None);
    let device = log.approve_request("r1").unwrap().unwrap();
    assert_eq!(device.role("operator").unwrap().token, DeviceToken::Undelivered);
    assert_eq!(log.approve_request("r1").unwrap(), None);
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
    let (recorded, is_new) = log.request_pairing(wider).unwrap();
    assert!(is_new);
    assert_eq!(recorded.id, "r2");
    assert_eq!(log.approve_request("r1").unwrap(), None);
    assert_eq!(log.find_request("r1").unwrap(), None);
    assert_eq!(log.reject_request("r2").unwrap().unwrap().id, "r2");
    assert_eq!(log.approve_request("r2").unwrap(), None);
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
    let waiting = log.list_requests().unwrap();
    assert_eq!(waiting.len(), 9);
    assert!(waiting.iter().any(|request| request.id == "honest"));
    assert!(waiting.iter().any(|request| request.id == "d29"));
    for number in 0..100 {
        let name = format!("e{number}");
        log.request_pairing(request(&name, &name, &format!("10.0.0.{number}"))).unwrap();
    }
    assert_eq!(log.list_requests().unwrap().len(), 64);
}
