/// An Internet Protocol address, of version 4 or 6.
///
/// A version 4 address and its IPv4-mapped form (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) are one address: a
/// dual-stack socket reports the second for a peer that is the first, and a rule about a network must see through that.
public struct IPAddress: Sendable, Hashable {
    /// The 128 bits of the version 6 address; a version 4 address is its IPv4-mapped form.
    let bits: UInt128

    init(bits: UInt128) { self.bits = bits }

    /// The address in network byte order, as a socket address holds it.
    ///
    /// - Parameter bytes: 4 bytes (version 4) or 16 (version 6); nil for any other count.
    public init?(bytes: some Collection<UInt8>) {
        let value = bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        switch bytes.count {
        case 4: bits = Self.mappedPrefix | value
        case 16: bits = value
        default: return nil
        }
    }

    /// Reads an address as text: four decimal numbers without leading zeros, or the forms of RFC 4291 section 2.2.
    ///
    /// - Parameter text: the address alone; brackets, a port or a zone (`%eth0`) make it nil.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.longestText else { return nil }
        if let address = bytes.contains(UInt8(ascii: ":")) ? IPv6Text.parse(bytes) : IPv4Text.parse(bytes[...]) {
            bits = bytes.contains(UInt8(ascii: ":")) ? address : Self.mappedPrefix | address
        } else {
            return nil
        }
    }

    /// True for a version 4 address, also one written in the IPv4-mapped form.
    public var isVersion4: Bool { bits & ~UInt128(UInt32.max) == Self.mappedPrefix }

    /// True for 127.0.0.0/8 and ::1 (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3): the peer is this machine.
    public var isLoopback: Bool {
        isVersion4 ? UInt8(truncatingIfNeeded: bits >> 24) == 127 : bits == 1
    }

    /// True for 0.0.0.0 and `::`: as the address of a listener it means every interface.
    public var isUnspecified: Bool { bits == 0 || bits == Self.mappedPrefix }

    static let mappedPrefix = UInt128(0xFFFF) << 32
    /// The longest form is eight groups, the last two as a version 4 address.
    private static let longestText = 45
}

extension IPAddress: CustomStringConvertible {
    /// The canonical text: dotted decimal, or RFC 5952.
    public var description: String {
        isVersion4 ? IPv4Text.write(bits) : IPv6Text.write(bits)
    }
}
