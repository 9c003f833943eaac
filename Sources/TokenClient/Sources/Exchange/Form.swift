import TokenCore

/// The parameters of a request as `application/x-www-form-urlencoded` (RFC 6749 appendix B), in their order.
struct Form {
    private(set) var parameters: [(name: String, value: Secret)] = []
    /// Which of the values must not come back in an error.
    private(set) var secrets: [Secret] = []

    mutating func add(_ name: String, _ value: String) { parameters.append((name, Secret(Array(value.utf8)))) }

    /// Adds nothing for an empty value: a parameter without a value counts as left out (RFC 6749 section 3.2).
    mutating func add(_ name: String, unlessEmpty value: String) {
        if !value.isEmpty { add(name, value) }
    }

    mutating func add(_ name: String, secret: Secret) {
        parameters.append((name, secret))
        secrets.append(secret)
    }

    /// The body.
    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        for (name, value) in parameters {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: "&")) }
            Self.append(name.utf8, to: &bytes)
            bytes.append(UInt8(ascii: "="))
            Self.append(value.bytes, to: &bytes)
        }
        return bytes
    }

    /// One value alone: what RFC 6749 section 2.3.1 wants of both halves of a Basic credential.
    static func encode(_ value: some Sequence<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return bytes
    }

    private static func append(_ value: some Sequence<UInt8>, to bytes: inout [UInt8]) {
        for byte in value {
            switch byte {
            case UInt8(ascii: " "): bytes.append(UInt8(ascii: "+"))
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 15)]
            }
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10 }
}
