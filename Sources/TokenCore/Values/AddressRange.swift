/// A network of addresses in CIDR notation (RFC 4632, RFC 4291 section 2.3), such as `10.0.0.0/8` or `fd00::/8`.
///
/// A range is of one version: `::/0` does not contain `192.0.2.1`, nor its IPv4-mapped form. A range inside
/// `::ffff:0:0/96` is the version 4 range that it maps.
public struct AddressRange: Sendable, Hashable {
    /// The first address; every bit after the prefix is zero.
    public let network: IPAddress
    /// How many leading bits of the 128 decide; a version 4 prefix of n counts as 96 + n.
    private let length: Int

    /// Why a text is not a range.
    public enum Malformed: Error, Equatable {
        /// The part before the slash is not an address of version 4 or 6 (zones are refused).
        case address
        /// The prefix is not a number of 0-32 (version 4) or 0-128 (version 6), without sign or leading zero.
        case prefix
        /// Bits after the prefix are set, so the writer meant something else: this is the network they are in.
        case hostBits(network: AddressRange)
    }

    /// Reads `address/prefix`, or an address alone, which is the range of that one address.
    public init(_ text: some StringProtocol) throws(Malformed) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { throw .address }
        let isDotted = !parts[0].contains(":")
        let length = parts.count == 1 ? 128 : try Self.prefix(parts[1], isDotted: isDotted)
        self.init(around: address, length: length)
        guard network == address else { throw .hostBits(network: self) }
    }

    private init(around address: IPAddress, length: Int) {
        self.network = IPAddress(bits: address.bits & Self.mask(length))
        self.length = length
    }

    private static func prefix(_ text: some StringProtocol, isDotted: Bool) throws(Malformed) -> Int {
        guard let value = UInt8(text), String(value) == text, value <= (isDotted ? 32 : 128) else { throw .prefix }
        return Int(value) + (isDotted ? 96 : 0)
    }

    private static func mask(_ length: Int) -> UInt128 { length == 0 ? 0 : ~0 << UInt128(128 - length) }

    /// True if the address is in the network and of its version.
    public func contains(_ address: IPAddress) -> Bool {
        address.isVersion4 == isVersion4 && address.bits & Self.mask(length) == network.bits
    }

    /// The same for an address in network byte order: 4 or 16 bytes; false for any other count.
    public func contains(bytes: some Collection<UInt8>) -> Bool {
        IPAddress(bytes: bytes).map(contains) ?? false
    }

    /// True if every address of the other range is in this one.
    public func contains(_ other: AddressRange) -> Bool { other.length >= length && contains(other.network) }

    /// True for `0.0.0.0/0` and `::/0`: every address of its version.
    public var isEverything: Bool { length == (isVersion4 ? 96 : 0) }

    /// True for a range of version 4 addresses.
    public var isVersion4: Bool { length >= 96 && network.isVersion4 }
}

extension AddressRange: CustomStringConvertible {
    /// `network/prefix` in canonical text.
    public var description: String { "\(network)/\(isVersion4 ? length - 96 : length)" }
}
