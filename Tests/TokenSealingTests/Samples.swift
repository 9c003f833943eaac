import TokenCore

@testable import TokenSealing

/// What the tests of this room are made of: everything fixed, so that nothing passes by luck.
enum Samples {
    /// A seal file of two keys; the first seals.
    static let text = """
        # two keys, of no store
        mintmark-seal-v1 7 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8
        mintmark-seal-v1 3 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8

        """
    static let seal = SealNumber(7)
    static let older = SealNumber(3)
    static let salt = (0..<16).map { UInt8(0xa0 + $0) }
    static let otherSalt = (0..<16).map { UInt8(0xb0 + $0) }

    static func keys() throws -> SealKeys { try SealKeys(parsing: Array(text.utf8)) }

    static func family(_ random: UInt64 = 0x0123_4567_89ab_cdef) throws -> SessionID {
        let partition = Partition(number: 42) ?? .control
        return SessionID(birth: UnixTime(milliseconds: 1_700_000_000_000), partition: partition, random: random)
    }

    static func token(generation: UInt32 = 5, seal: SealNumber = seal) throws -> [UInt8] {
        try RefreshTokenSealer(keys()).mint(family: family(), generation: generation, seal: seal, salt: salt)
    }
}

extension String {
    init(ascii bytes: [UInt8]) { self.init(decoding: bytes, as: UTF8.self) }
}
