import TokenCore

extension ValueKind where Value == [AddressRange] {
    /// Networks in CIDR notation, at most 64: each is compared with the peer of every connection that asks.
    static var networks: Self {
        Self(allowed: "list of CIDR") { text throws(InvalidValue) in
            var ranges: [AddressRange] = []
            for item in text.split(separator: ",") { ranges.append(try network(item.trimmed())) }
            guard ranges.count <= 64 else { throw InvalidValue("has more than 64 networks") }
            return ranges
        }
    }

    private static func network(_ text: Substring) throws(InvalidValue) -> AddressRange {
        do {
            return try AddressRange(text)
        } catch {
            switch error {
            case .address:
                throw InvalidValue("has an item, '\(text)', that is not an address or a network in CIDR notation")
            case .prefix:
                throw InvalidValue("has an item, '\(text)', whose prefix is not 0-32 (version 4) or 0-128 (version 6)")
            case .hostBits(let network):
                throw InvalidValue("has an item, '\(text)', with bits set after its prefix: write \(network)")
            }
        }
    }
}

extension Substring {
    /// The text without leading and trailing blanks.
    fileprivate func trimmed() -> Substring {
        var result = drop { $0 == " " }
        while result.last == " " { result.removeLast() }
        return result
    }
}
