import TokenCore

/// Which addresses belong to the public Internet, by the special-purpose registries of IANA (RFC 6890).
enum PublicAddresses {
    /// True for an address that any stranger may make us connect to.
    ///
    /// Addresses that carry a version 4 one inside (NAT64, 6to4, Teredo) are not public here: they lead to where the inner
    /// one leads.
    static func contain(_ address: IPAddress) -> Bool { !special.contains { $0.contains(address) } }

    private static let special = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    ].map { text in
        do { return try AddressRange(text) } catch { preconditionFailure("\(text) is not a range: \(error)") }
    }
}
