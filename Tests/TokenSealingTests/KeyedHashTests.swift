import Testing
import TokenCore

@testable import TokenSealing

/// canon 19: client secrets are stored as keyed hashes only and compared in constant time.
struct KeyedHashTests {
    private let secret = Secret(Array("mmc_0123456789abcdef".utf8))

    @Test func onlyTheSecretMatches() throws {
        let hash = KeyedHash(try Samples.keys())
        let stored = hash.hash(secret)
        #expect(stored.count == KeyedHash.length)
        #expect(hash.matches(secret, stored: stored))
        #expect(!hash.matches(Secret(secret.bytes + [0]), stored: stored))
        #expect(!hash.matches(Secret([]), stored: stored))
        for bit in 0..<stored.count * 8 {
            var flipped = stored
            flipped[bit / 8] ^= 1 << (bit % 8)
            #expect(!hash.matches(secret, stored: flipped), "bit \(bit)")
        }
        for count in 0..<stored.count { #expect(!hash.matches(secret, stored: Array(stored.prefix(count)))) }
    }

    @Test func aCopyOfTheStoreCannotTryGuesses() throws {
        let stored = KeyedHash(try Samples.keys()).hash(secret)
        let thief = KeyedHash(SealKeys.generate().promotedTo(Samples.seal))
        #expect(!thief.matches(secret, stored: stored))
    }

    @Test func olderKeysStillMatchAndTellTheirNumber() throws {
        let keys = try Samples.keys()
        let stored = KeyedHash(try keys.promoting(Samples.older)).hash(secret)
        #expect(KeyedHash.sealNumber(of: stored) == Samples.older)
        #expect(KeyedHash(keys).matches(secret, stored: stored))
        #expect(!KeyedHash(try keys.removing(Samples.older)).matches(secret, stored: stored))
        #expect(KeyedHash.sealNumber(of: []) == nil)
        #expect(KeyedHash.sealNumber(of: [0, 0] + stored.dropFirst(2)) == nil)
    }
}
