import Testing
import TokenCore

@testable import TokenSealing

struct SealKeysTests {
    @Test func theFirstKeySeals() throws {
        let keys = try Samples.keys()
        #expect(keys.current.number == Samples.seal)
        #expect(keys.numbers == [Samples.seal, Samples.older])
        #expect(keys.contains(Samples.older))
        #expect(!keys.contains(SealNumber(1)))
    }

    @Test func textIsReadBackAsTheSameKeys() throws {
        let keys = try SealKeys.generate().appending().appending()
        let again = try SealKeys(parsing: keys.text.bytes)
        #expect(again.numbers == keys.numbers)
        #expect(again.text.bytes == keys.text.bytes)
        #expect(zip(again.keys, keys.keys).allSatisfy { $0.material == $1.material })
    }

    @Test func generatedKeysDiffer() {
        #expect(SealKeys.generate().current.material != SealKeys.generate().current.material)
    }

    /// During a roll-out an instance with the old file must open everything, so a new key seals nothing until it is promoted.
    @Test func anAppendedKeyOpensButDoesNotSealUntilPromoted() throws {
        let old = SealKeys.generate()
        let appended = try old.appending()
        #expect(appended.current.number == SealNumber(1))
        #expect(appended.numbers == [SealNumber(1), SealNumber(2)])
        let promoted = try appended.promoting(SealNumber(2))
        #expect(promoted.current.number == SealNumber(2))
        #expect(promoted.numbers == [SealNumber(2), SealNumber(1)])
        let sealed = RecordSealer(promoted).seal(Secret([1, 2, 3]), context: "x")
        #expect(try RecordSealer(appended).open(sealed, context: "x").bytes == [1, 2, 3])
        #expect(throws: SealError.unknownSeal(SealNumber(2))) { try RecordSealer(old).open(sealed, context: "x") }
    }

    @Test func numbersRiseAndEnd() throws {
        let low = try SealKeys.generate().appending().appending().removing(SealNumber(2))
        #expect(try low.appending().numbers.map(\.value) == [1, 3, 4])
        let highest = SealKeys.generate().promotedTo(SealNumber(.max))
        #expect(throws: SealError.full) { try highest.appending() }
        var many = SealKeys.generate()
        while many.keys.count < SealKeys.most { many = try many.appending() }
        #expect(throws: SealError.full) { try many.appending() }
    }

    @Test func theLastKeyStays() throws {
        #expect(throws: SealError.lastKey) { try SealKeys.generate().removing(SealNumber(1)) }
        #expect(throws: SealError.unknownSeal(SealNumber(9))) { try SealKeys.generate().removing(SealNumber(9)) }
        #expect(throws: SealError.unknownSeal(SealNumber(9))) { try SealKeys.generate().promoting(SealNumber(9)) }
    }

    static let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    @Test(arguments: [
        "", "\n", "# only a comment\n", "mintmark-seal-v2 1 \(key)", "mintmark-seal-v1 0 \(key)", "mintmark-seal-v1 01 \(key)",
        "mintmark-seal-v1 65536 \(key)", "mintmark-seal-v1 100000 \(key)", "mintmark-seal-v1 -1 \(key)", "mintmark-seal-v1 +1 \(key)",
        "mintmark-seal-v1 1  \(key)", " mintmark-seal-v1 1 \(key)", "mintmark-seal-v1 1 \(key) ", "mintmark-seal-v1 1 \(key)\r\n",
        "mintmark-seal-v1\t1\t\(key)", "mintmark-seal-v1 1 \(key)=", "mintmark-seal-v1 1 \(key.dropLast())", "mintmark-seal-v1 1 \(key)A",
        "mintmark-seal-v1 1 \(key.dropLast())9", "mintmark-seal-v1 1 \(key.dropLast())/", "mintmark-seal-v1 1", "mintmark-seal-v1  \(key)",
        "mintmark-seal-v1 1 \(key)\nmintmark-seal-v1 1 \(key.replacing("A", with: "B"))", "mintmark-seal-v1 1 \(key)\nmintmark-seal-v1 2 \(key)",
        "\u{feff}mintmark-seal-v1 1 \(key)",
    ])
    func damagedFilesAreRefused(text: String) {
        #expect { try SealKeys(parsing: Array(text.utf8)) } throws: { error in
            guard case .unreadable? = error as? SealError else { return false }
            return !"\(error)".contains("AECAwQ")
        }
    }

    @Test func anErrorNamesItsLine() {
        let text = "# first\n\nmintmark-seal-v1 1 \(Self.key)\nmintmark-seal-v1 x \(Self.key)\n"
        #expect(throws: SealError.unreadable(line: 4, reason: "the number is none of 1 to 65535")) { try SealKeys(parsing: Array(text.utf8)) }
    }

    @Test func aFileWithoutAFinalLineFeedIsRead() throws {
        #expect(try SealKeys(parsing: Array("mintmark-seal-v1 65535 \(Self.key)".utf8)).current.number == SealNumber(65535))
    }

    @Test func oversizedFilesAreRefused() {
        let long = Array("mintmark-seal-v1 1 \(Self.key)\n".utf8) + [UInt8](repeating: 0x23, count: 70_000)
        #expect(throws: SealError.self) { try SealKeys(parsing: long) }
        let many = (1...65).map { "mintmark-seal-v1 \($0) \(Base64URLSample.key($0))" }.joined(separator: "\n")
        #expect(throws: SealError.unreadable(line: 0, reason: "it has more than 64 keys")) { try SealKeys(parsing: Array(many.utf8)) }
    }

    /// canon 59.
    @Test func keysPrintTheirNumbersAlone() throws {
        let keys = try Samples.keys()
        var dumped = ""
        dump(keys, to: &dumped)
        #expect("\(keys)" == "SealKeys(7, 3)")
        #expect("\(keys.current)" == "SealKey(7)")
        #expect(String(reflecting: keys) == "SealKeys(7, 3)")
        #expect(!dumped.contains("material"))
    }
}

enum Base64URLSample {
    static func key(_ number: Int) -> String {
        var text: [UInt8] = []
        Base64URL.append([UInt8](repeating: UInt8(number), count: 32), to: &text)
        return String(ascii: text)
    }
}
