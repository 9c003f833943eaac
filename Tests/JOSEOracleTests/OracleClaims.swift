import JOSE
import JWTKit
import TestSupport

/// The claims both libraries sign and read, in jwt-kit's terms.
struct OracleClaims: JWTPayload, Equatable {
    var iss: String
    var sub: String
    var aud: [String]
    var exp: Int64
    var count: Int64
    var flag: Bool
    var note: String?

    func verify(using algorithm: some JWTAlgorithm) {}

    /// Claims drawn from the generator: text from all of Unicode, integers of every size.
    init(using generator: inout SplitMix) {
        self.iss = "https://issuer.example/\(generator.next() % 100)"
        self.sub = generator.text()
        self.aud = (0...generator.next() % 3).map { _ in generator.text() }
        self.exp = Int64(generator.next() % 253_402_300_799)
        // jwt-kit reads integers by way of what JSON can hold exactly everywhere: 53 bits.
        self.count = Int64(generator.next() >> 11) * (generator.next() % 2 == 0 ? 1 : -1)
        self.flag = generator.next() % 2 == 0
        self.note = generator.next() % 2 == 0 ? generator.text() : nil
    }

    /// The same claims as our writer spells them.
    var json: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("iss", iss)
            json.member("sub", sub)
            json.member("aud", .array(aud.map(JSONValue.string)))
            json.member("exp", exp)
            json.member("count", count)
            json.member("flag", flag)
            if let note { json.member("note", note) }
        }
        return json.bytes
    }

    /// Whether what our reader found is the same.
    func agrees(with claims: JWTClaims) -> Bool {
        claims.issuer == iss && claims.subject == sub && claims["aud"] == .array(aud.map(JSONValue.string))
            && claims.expiry?.floor == exp && claims["count"] == .integer(count) && claims["flag"] == .bool(flag)
            && claims["note"] == note.map(JSONValue.string)
    }
}

extension SplitMix {
    /// One to twelve scalars, a third of them beyond ASCII, quotes and controls among them.
    mutating func text() -> String {
        var text = String.UnicodeScalarView()
        for _ in 0...next() % 12 {
            let range: UInt64 = next() % 3 == 0 ? 0x11_0000 : 0x80
            text.append(Unicode.Scalar(UInt32(next() % range)) ?? "?")
        }
        return String(text)
    }
}
