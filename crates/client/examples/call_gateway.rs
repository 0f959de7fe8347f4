//! Calls a method of a running gateway: `call_gateway ws://127.0.0.1:18789 sessions.list`, with the
//! token on standard input.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::io;

use openclaw_client::{ClientCredentials, GatewayAddress, GatewayClient, GatewaySecret};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(address), Some(method)) = (args.next(), args.next()) else {
        return Err("usage: call_gateway ADDRESS METHOD, with the token on standard input".into());
    };
    let address: GatewayAddress = address.parse()?;
    let mut token = String::new();
    io::stdin().read_line(&mut token)?;
    let secret = GatewaySecret::Token(token.trim().to_owned().into());
    let credentials = ClientCredentials::for_owner(Some(secret), &["operator.read"]);
    let mut client = GatewayClient::connect(&address, &credentials).await?;
    println!("{}", client.call(&method, json!({})).await?);
    Ok(())
}
