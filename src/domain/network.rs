//! Network addresses (`ip`): IPv4 dotted, IPv6 as RFC 5952 writes it; IPv4 mapped into IPv6 is IPv4.
//!
//! Refused: leading zeros in IPv4 (octal to some readers), zones and ports.

use super::characters::Short;
use std::io::Write as _;
use std::net::IpAddr;

const EXPECTED: &str = "an IP address";

/// The address in its one form.
pub(super) fn canonicalize(cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    let short = Short::read(cell, &[]).ok_or(EXPECTED)?;
    let text = short.text();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address: IpAddr = bare.parse().map_err(|_| EXPECTED)?;
    if bare.len() < text.len() && address.is_ipv4() {
        return Err(EXPECTED);
    }
    write!(out, "{}", address.to_canonical()).expect("writing to a vector cannot fail");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_equal, check_wrong};
    use crate::domain::SemanticType::Ip;

    #[test]
    fn spellings_of_one_address_are_equal() {
        check_equal(
            Ip,
            "192.0.2.1",
            &["192.0.2.1", " 192.0.2.1 ", "::ffff:192.0.2.1", "::FFFF:C000:0201", "１９２.0.2.1"],
        );
        check_equal(
            Ip,
            "2001:db8::1",
            &["2001:db8::1", "2001:0DB8:0:0:0:0:0:1", "[2001:db8::1]", "2001:db8:0000::0001"],
        );
        check_wrong(
            Ip,
            &[
                "",
                "192.0.2",
                "192.0.2.256",
                "192.0.2.01",
                "192.0.2.1:80",
                "fe80::1%eth0",
                "[192.0.2.1]",
                "2001:db8:::1",
            ],
        );
    }
}
