//! Attacks over the network and over local sockets.

use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};

use openclaw_process::sandbox::SandboxProfile;

use super::support::{ABI_CAPS, SandboxHome};

/// Tries each way to reach somebody; prints those that worked.
const REACH: &str = "import ctypes, os, socket, sys
tcp, udp, path, name, spare = sys.argv[1:]
datagrams = path + '.datagrams'
def attempt(what, call):
    try:
        call()
        print('reached', what)
    except OSError:
        pass
def connect(family, kind, address, protocol=0):
    with socket.socket(family, kind, protocol) as end:
        end.settimeout(5)
        end.connect(address)
def send(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.sendto(b'x', address)
def fast_open(port):
    with socket.socket() as end:
        end.settimeout(5)
        end.sendto(b'x', 0x20000000, ('127.0.0.1', port))
def bind(family, address):
    with socket.socket(family) as end:
        end.bind(address)
        end.listen()
attempt('tcp', lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ('127.0.0.1', int(tcp))))
attempt('tcp6', lambda: connect(socket.AF_INET6, socket.SOCK_STREAM, ('::ffff:127.0.0.1', int(tcp))))
attempt('mptcp', lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ('127.0.0.1', int(tcp)), 262))
attempt('fast open', lambda: fast_open(int(tcp)))
attempt('udp', lambda: send(('127.0.0.1', int(udp))))
attempt('path', lambda: connect(socket.AF_UNIX, socket.SOCK_STREAM, path))
attempt('abstract', lambda: connect(socket.AF_UNIX, socket.SOCK_STREAM, '\\0' + name))
attempt('datagram', lambda: connect(socket.AF_UNIX, socket.SOCK_DGRAM, path))
def pair_send(kind, address):
    left, right = socket.socketpair(socket.AF_UNIX, kind)
    with left, right:
        left.sendto(b'x', address)
for kind in [2, 3, 4, 2 | 0x80000, 2 | 0x800]:
    attempt('pair', lambda: pair_send(kind, datagrams))
def pair_connect(kind):
    left, right = socket.socketpair(socket.AF_UNIX, kind)
    with left, right:
        left.connect(path)
for kind in [1, 2, 5]:
    attempt('pair', lambda: pair_connect(kind))
attempt('listen', lambda: bind(socket.AF_INET, ('127.0.0.1', 0)))
attempt('unbound', lambda: socket.socket().listen())
attempt('netlink', lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).bind((0, 0)))
attempt('packet', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt('vsock', lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM))
attempt('crypto', lambda: socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET))
attempt('raw', lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
def wide():
    # The kernel reads the low half: a local socket.
    if ctypes.CDLL(None).syscall(41, ctypes.c_uint64(0x100000001), 1, 0) < 0:
        raise OSError
attempt('wide', wide)
attempt('model', lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ('127.0.0.1', int(spare))))
for kind in [socket.SOCK_STREAM, socket.SOCK_SEQPACKET]:
    left, right = socket.socketpair(socket.AF_UNIX, kind)
    try:
        left.sendto(b'x', datagrams)
    except OSError:
        left.send(b'x')
    assert right.recv(1) == b'x'
print('done')
";

/// Servers that wait for the attacks.
struct LocalServers {
    tcp: TcpListener,
    spare: TcpListener,
    udp: UdpSocket,
    _path: UnixListener,
    datagrams: UnixDatagram,
    _abstract: UnixListener,
    name: String,
}

impl LocalServers {
    fn start(home: &SandboxHome) -> Self {
        let name = format!("openclaw-sandbox-{}", home.path("").display());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        Self {
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            spare: TcpListener::bind("127.0.0.1:0").unwrap(),
            udp: UdpSocket::bind("127.0.0.1:0").unwrap(),
            _path: UnixListener::bind(home.path("other/socket")).unwrap(),
            datagrams: bind_datagrams(home),
            _abstract: UnixListener::bind_addr(&address).unwrap(),
            name,
        }
    }

    fn spare_port(&self) -> u16 {
        self.spare.local_addr().unwrap().port()
    }

    fn reach(&self, home: &SandboxHome) -> Vec<String> {
        let port = self.tcp.local_addr().unwrap().port().to_string();
        let udp = self.udp.local_addr().unwrap().port().to_string();
        let spare = self.spare_port().to_string();
        let path = home.path("other/socket");
        let argv =
            ["python3", "-c", REACH, &port, &udp, path.to_str().unwrap(), &self.name, &spare];
        let ran = home.run(&argv);
        assert!(ran.succeeded, "{}", ran.text);
        // Nothing has come, whatever the command was told.
        assert!(self.datagrams.recv(&mut [0; 1]).is_err(), "{}", ran.text);
        let reached = ran.text.lines().filter_map(|line| line.strip_prefix("reached "));
        reached.map(str::to_owned).collect()
    }
}

fn bind_datagrams(home: &SandboxHome) -> UnixDatagram {
    let socket = UnixDatagram::bind(home.path("other/socket.datagrams")).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

#[test]
fn without_the_network_nobody_is_reached() {
    for cap in ABI_CAPS {
        for profile in [SandboxProfile::Workspace, SandboxProfile::ReadOnly] {
            let mut home = SandboxHome::new(cap);
            home.policy.profile = profile;
            let servers = LocalServers::start(&home);
            assert_eq!(servers.reach(&home), Vec::<String>::new(), "{cap:?} {profile:?}");
        }
    }
}

#[test]
fn with_the_network_hosts_are_reached_but_no_local_service() {
    for cap in ABI_CAPS {
        let mut home = SandboxHome::new(cap);
        home.policy.profile = SandboxProfile::WorkspaceNetwork;
        let servers = LocalServers::start(&home);
        let reached = servers.reach(&home);
        for way in ["tcp", "udp", "netlink", "listen", "model"] {
            assert!(reached.iter().any(|reached| reached == way), "{cap:?}: {reached:?}");
        }
        for way in
            ["path", "abstract", "datagram", "pair", "packet", "vsock", "crypto", "raw", "wide"]
        {
            assert!(!reached.iter().any(|reached| reached == way), "{cap:?}: {reached:?}");
        }
    }
}

#[test]
fn a_port_that_is_allowed_is_the_only_one() {
    for cap in ABI_CAPS {
        let mut home = SandboxHome::new(cap);
        let servers = LocalServers::start(&home);
        home.policy.connect_ports = vec![servers.spare_port()];
        // Before the fourth version the kernel cannot hold it, so the network stays off.
        let can_hold = cap.is_none_or(|cap| cap >= 4);
        let expected: &[&str] = if can_hold { &["model"] } else { &[] };
        assert_eq!(servers.reach(&home), expected, "{cap:?}");
    }
}
