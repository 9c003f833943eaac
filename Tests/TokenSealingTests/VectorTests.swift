import Foundation
import Testing
import TokenCore

@testable import TokenSealing

/// The formats as they were on the first day. A stored session outlives a release, so these never change: a new format gets a new number.
struct VectorTests {
    /// Lines of `generation seal text`, all of the sample family, salt and keys.
    @Test func refreshTokensOfTheFirstDayAreStillMintedAndOpened() throws {
        let sealer = RefreshTokenSealer(try Samples.keys())
        let lines = try vectors("refresh-tokens.txt")
        #expect(lines.count == 5)
        for words in lines {
            let generation = try #require(UInt32(words[0]))
            let seal = SealNumber(try #require(UInt16(words[1])))
            let text = Array(words[2].utf8)
            #expect(try sealer.mint(family: Samples.family(), generation: generation, seal: seal, salt: Samples.salt) == text)
            #expect(sealer.isGenuine(try sealer.open(text), salt: Samples.salt))
        }
    }

    /// Lines of `context secret sealed-in-base64url`: the nonce is random, so these are only opened.
    @Test func recordsOfTheFirstDayStillOpen() throws {
        let sealer = RecordSealer(try Samples.keys())
        let lines = try vectors("records.txt")
        #expect(lines.count == 2)
        for words in lines {
            let sealed = try #require(Base64URL.decode(Array(words[2].utf8)[...]))
            #expect(try sealer.open(sealed, context: words[0]).bytes == Array(words[1].utf8))
        }
    }

    /// Lines of `secret hash-in-base64url`.
    @Test func secretHashesOfTheFirstDayStillMatch() throws {
        let hash = KeyedHash(try Samples.keys())
        let lines = try vectors("secret-hashes.txt")
        #expect(lines.count == 2)
        for words in lines {
            let stored = try #require(Base64URL.decode(Array(words[1].utf8)[...]))
            #expect(hash.matches(Secret(Array(words[0].utf8)), stored: stored))
            if KeyedHash.sealNumber(of: stored) == Samples.seal { #expect(hash.hash(Secret(Array(words[0].utf8))) == stored) }
        }
    }

    private func vectors(_ name: String) throws -> [[String]] {
        let url = try #require(Bundle.module.url(forResource: "Vectors", withExtension: nil)).appendingPathComponent(name)
        let text = try String(contentsOf: url, encoding: .utf8)
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { $0.split(separator: " ").map(String.init) }
    }
}
