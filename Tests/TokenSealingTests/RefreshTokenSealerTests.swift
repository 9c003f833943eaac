import Testing
import TokenCore

@testable import TokenSealing

struct RefreshTokenSealerTests {
    @Test func mintedTokenOpensToWhatItWasMintedFor() throws {
        let sealer = RefreshTokenSealer(try Samples.keys())
        for generation: UInt32 in [0, 1, 0x0102_0304, .max] {
            for seal in [Samples.seal, Samples.older] {
                let text = try Samples.token(generation: generation, seal: seal)
                #expect(text.count == RefreshToken.textLength)
                let token = try sealer.open(text)
                #expect(token.family == (try Samples.family()))
                #expect(token.generation == generation)
                #expect(token.seal == seal)
                #expect(sealer.isGenuine(token, salt: Samples.salt))
            }
        }
    }

    /// An idempotent retry lives on this: the successor is derived again, not stored.
    @Test func sameInputsGiveTheSameToken() throws {
        #expect(try Samples.token() == Samples.token())
        #expect(try Samples.token(generation: 5) != Samples.token(generation: 6))
    }

    /// Salt known, key not: what a thief of the store has.
    @Test func aCopyOfTheStoreForgesNothing() throws {
        let thief = RefreshTokenSealer(SealKeys.generate().promotedTo(Samples.seal))
        let forged = try thief.mint(family: Samples.family(), generation: 6, seal: Samples.seal, salt: Samples.salt)
        let sealer = RefreshTokenSealer(try Samples.keys())
        #expect(throws: SealError.notGenuine) { try sealer.open(forged) }
    }

    /// Key known, salt not: what a thief of the seal file has. The outer tag is right, the inner one is not.
    @Test func aCopyOfTheKeyForgesNothing() throws {
        let sealer = RefreshTokenSealer(try Samples.keys())
        let forged = try sealer.mint(family: Samples.family(), generation: 6, seal: Samples.seal, salt: Samples.otherSalt)
        let token = try sealer.open(forged)
        #expect(!sealer.isGenuine(token, salt: Samples.salt))
        #expect(sealer.isGenuine(token, salt: Samples.otherSalt))
    }

    /// A thief of the seal file may also keep the inner tag of a token seen before and raise its generation.
    @Test func anInnerTagIsOfNoUseForAnotherGenerationOrFamily() throws {
        let sealer = RefreshTokenSealer(try Samples.keys())
        let seen = try sealer.open(Samples.token(generation: 5))
        let raised = PresentedRefreshToken(seal: seen.seal, family: seen.family, generation: 6, innerTag: seen.innerTag)
        let moved = PresentedRefreshToken(seal: seen.seal, family: try Samples.family(1), generation: 5, innerTag: seen.innerTag)
        let otherKey = PresentedRefreshToken(seal: Samples.older, family: seen.family, generation: 5, innerTag: seen.innerTag)
        let cut = PresentedRefreshToken(seal: seen.seal, family: seen.family, generation: 5, innerTag: [])
        for token in [raised, moved, otherKey, cut] { #expect(!sealer.isGenuine(token, salt: Samples.salt)) }
        #expect(sealer.isGenuine(seen, salt: Samples.salt))
    }

    @Test func everyFlippedBitIsRefused() throws {
        let sealer = RefreshTokenSealer(try Samples.keys())
        let token = try RefreshToken.decode(Samples.token())
        for bit in 0..<token.bytes.count * 8 {
            var bytes = token.bytes
            bytes[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: SealError.self, "bit \(bit)") { try sealer.open(RefreshToken.text(of: bytes)) }
        }
    }

    @Test func everyFlippedBitOfTheTextIsRefused() throws {
        let sealer = RefreshTokenSealer(try Samples.keys())
        let text = try Samples.token()
        for bit in 0..<text.count * 8 {
            var flipped = text
            flipped[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: SealError.self, "bit \(bit)") { try sealer.open(flipped) }
        }
    }

    @Test func everyTruncationAndExtensionIsRefused() throws {
        let sealer = RefreshTokenSealer(try Samples.keys())
        let text = try Samples.token()
        for count in 0..<text.count {
            #expect(throws: SealError.malformed) { try sealer.open(Array(text.prefix(count))) }
            #expect(throws: SealError.malformed) { try sealer.open(Array(text.suffix(count))) }
        }
        for byte: UInt8 in 0...255 {
            #expect(throws: SealError.malformed) { try sealer.open(text + [byte]) }
            #expect(throws: SealError.malformed) { try sealer.open([byte] + text) }
        }
        #expect(throws: SealError.malformed) { try sealer.open(text + text) }
    }

    /// canon 29: who probes learns nothing about which seal keys exist.
    @Test func unknownSealAnswersLikeAWrongTag() throws {
        let sealer = RefreshTokenSealer(try Samples.keys())
        var unknown = try RefreshToken.decode(Samples.token()).bytes
        unknown[2] = 99
        var wrong = try RefreshToken.decode(Samples.token()).bytes
        wrong[54] ^= 1
        #expect(throws: SealError.notGenuine) { try sealer.open(RefreshToken.text(of: unknown)) }
        #expect(throws: SealError.notGenuine) { try sealer.open(RefreshToken.text(of: wrong)) }
    }

    @Test func tokenOfAnotherStoreIsRefused() throws {
        let elsewhere = RefreshTokenSealer(SealKeys.generate())
        let text = try elsewhere.mint(family: Samples.family(), generation: 0, seal: elsewhere.current, salt: Samples.salt)
        #expect(throws: SealError.notGenuine) { try RefreshTokenSealer(SealKeys.generate()).open(text) }
    }

    @Test func removedSealKeyRefusesWhatItMade() throws {
        let sealer = RefreshTokenSealer(try Samples.keys().removing(Samples.older))
        #expect(throws: SealError.notGenuine) { try sealer.open(Samples.token(seal: Samples.older)) }
        #expect(throws: SealError.unknownSeal(Samples.older)) {
            try sealer.mint(family: Samples.family(), generation: 0, seal: Samples.older, salt: Samples.salt)
        }
    }

    @Test func saltOfAnotherLengthIsRefused() throws {
        let sealer = RefreshTokenSealer(try Samples.keys())
        let token = try sealer.open(Samples.token())
        for count in [0, 15, 17, 32] {
            let salt = [UInt8](repeating: 1, count: count)
            #expect(throws: SealError.wrongSalt) {
                try sealer.mint(family: Samples.family(), generation: 0, seal: Samples.seal, salt: salt)
            }
            #expect(!sealer.isGenuine(token, salt: salt))
        }
    }

    /// canon 59.
    @Test func aTokenTakenApartPrintsNoTag() throws {
        let token = try RefreshToken.decode(Samples.token())
        var dumped = ""
        dump(token, to: &dumped)
        #expect("\(token)" == "RefreshToken(\(token.family), generation 5)")
        #expect(!dumped.contains("bytes"))
    }
}

extension SealKeys {
    /// The same key material under another number: a stranger's key with a name we know.
    func promotedTo(_ number: SealNumber) -> SealKeys {
        SealKeys(unchecked: [SealKey(number: number, material: current.material)])
    }
}
