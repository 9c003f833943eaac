import Crypto
import Testing
import TokenCore

@testable import TokenSealing

struct PoolSealerTests {
    private let sealer = PoolSealer(Secret([UInt8](0..<32)))
    private let value = Secret(Array("a token".utf8))

    @Test func aSealedValueOpensForItsPoolAndItsIdAlone() throws {
        let pool = try #require(PoolName("ci")), other = try #require(PoolName("cj"))
        let id = sealer.id(of: value, in: pool)
        let sealed = sealer.seal(value, id: id, in: pool)
        #expect(try sealer.open(sealed, id: id, in: pool).bytes == value.bytes)
        #expect(sealed.count == value.bytes.count + PoolSealer.overhead && !sealed.contains(value.bytes[0...]))
        #expect(sealed != sealer.seal(value, id: id, in: pool), "a nonce of its own")
        #expect(throws: SealError.notGenuine) { try sealer.open(sealed, id: id, in: other) }
        #expect(throws: SealError.notGenuine) { try sealer.open(sealed, id: sealer.id(of: Secret([1]), in: pool), in: pool) }
        #expect(throws: SealError.notGenuine) { try PoolSealer(Secret([UInt8](1...32))).open(sealed, id: id, in: pool) }
        for index in sealed.indices {
            var bent = sealed
            bent[index] ^= 1
            #expect(throws: SealError.self) { try sealer.open(bent, id: id, in: pool) }
        }
        #expect(throws: SealError.malformed) { try sealer.open(Array(sealed.prefix(28)), id: id, in: pool) }
    }

    /// The name and the value cannot be told apart otherwise: "a" with "bc" and "ab" with "c" are two tokens.
    @Test func anIdBelongsToOneValueInOnePool() throws {
        let a = try #require(PoolName("a")), ab = try #require(PoolName("ab"))
        let ids = [
            sealer.id(of: Secret(Array("bc".utf8)), in: a), sealer.id(of: Secret(Array("c".utf8)), in: ab), sealer.id(of: value, in: a),
            sealer.id(of: value, in: ab), PoolSealer(Secret([UInt8](1...32))).id(of: value, in: a),
        ]
        #expect(Set(ids).count == ids.count)
        #expect(sealer.id(of: value, in: a) == ids[2])
    }

    /// Ids stand in every store for ever: RFC 5869 and RFC 2104 by the library's own functions.
    @Test func anIdIsTheTruncatedCodeUnderTheDerivedKey() throws {
        let pool = try #require(PoolName("ci"))
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: [UInt8](0..<32)), info: Array("mintmark-pools-v1: token ids".utf8), outputByteCount: 32)
        let code = HMAC<SHA256>.authenticationCode(for: Array("ci\0a token".utf8), using: key)
        #expect(sealer.id(of: value, in: pool).bytes == Array(code.prefix(16)))
    }

    /// The rows of tokens that were made together lie together; whose time it is the code says too.
    @Test func theIdOfATokenThatIsMadeHereBeginsWithItsTime() throws {
        let pool = try #require(PoolName("ci"))
        let random = [UInt8](0..<26), time = UnixTime(milliseconds: 0x0102_0304_0506)
        let made = PoolTokenText.make(at: time, random)
        #expect(String(decoding: made.bytes, as: UTF8.self).wholeMatch(of: /mmp_[A-Za-z0-9_-]{43}/) != nil)
        let id = sealer.id(of: made, in: pool)
        #expect(id.bytes.starts(with: [1, 2, 3, 4, 5, 6]))
        let others = [
            sealer.id(of: PoolTokenText.make(at: UnixTime(milliseconds: time.milliseconds + 1), random), in: pool),
            sealer.id(of: PoolTokenText.make(at: time, random.reversed()), in: pool), sealer.id(of: made, in: try #require(PoolName("cj"))),
        ]
        #expect(Set((others + [id]).map { Array($0.bytes.dropFirst(6)) }).count == 4)
        #expect(others[0] > id && others[0].bytes.starts(with: [1, 2, 3, 4, 5, 7]))
        #expect(sealer.id(of: PoolTokenText.make(at: UnixTime(milliseconds: -5), random), in: pool).bytes.starts(with: [0, 0, 0, 0, 0, 0]))
    }

    /// What was made elsewhere shows nothing of itself, however much it looks like ours.
    @Test(arguments: [
        "mmr_\(String(repeating: "A", count: 43))", "mmp_\(String(repeating: "A", count: 42))", "mmp_\(String(repeating: "A", count: 42))B",
    ])
    func theIdOfAnyOtherValueIsItsCodeAlone(_ text: String) throws {
        let pool = try #require(PoolName("ci"))
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: [UInt8](0..<32)), info: Array("mintmark-pools-v1: token ids".utf8), outputByteCount: 32)
        let code = HMAC<SHA256>.authenticationCode(for: Array("ci\0\(text)".utf8), using: key)
        #expect(sealer.id(of: Secret(Array(text.utf8)), in: pool).bytes == Array(code.prefix(16)))
    }
}

extension [UInt8] {
    fileprivate func contains(_ part: ArraySlice<UInt8>) -> Bool {
        indices.contains { self[$0...].starts(with: part) }
    }
}
