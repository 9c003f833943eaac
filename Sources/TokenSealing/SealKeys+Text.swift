import Crypto
public import TokenCore

/// The text of a seal file: one key per line, `mintmark-seal-v1 NUMBER BASE64URL`, beside comments (`#` first) and empty lines.
extension SealKeys {
    /// The first word of every key's line: the version of this format.
    private static let word = Array("mintmark-seal-v1".utf8)
    /// More bytes than any file of `most` keys and a page of comments has.
    private static let longestText = 65_536

    /// The keys of a seal file.
    ///
    /// Strict, because a file that was damaged or edited by accident must be noticed now and not when an old key is needed: lines end
    /// with a line feed, words are parted by one space, numbers have no leading zero, no number and no key stands twice.
    ///
    /// - Throws: `.unreadable` with the line and the reason; never with a byte of the line.
    public init(parsing text: [UInt8]) throws(SealError) {
        guard text.count <= Self.longestText else { throw .unreadable(line: 0, reason: "it is longer than 64 KiB") }
        var keys: [SealKey] = []
        for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            let key: SealKey
            do { key = try Self.key(of: line) } catch { throw .unreadable(line: index + 1, reason: error.reason) }
            guard !keys.contains(where: { $0.number == key.number }) else {
                throw .unreadable(line: index + 1, reason: "its number stands in the file twice")
            }
            guard !keys.contains(where: { $0.material == key.material }) else {
                throw .unreadable(line: index + 1, reason: "its key stands in the file twice")
            }
            keys.append(key)
        }
        guard !keys.isEmpty else { throw .unreadable(line: 0, reason: "there is no key in it") }
        guard keys.count <= Self.most else { throw .unreadable(line: 0, reason: "it has more than \(Self.most) keys") }
        self.init(unchecked: keys)
    }

    /// The file of these keys: what `init(parsing:)` reads. Comments of a file that was parsed are not kept.
    public var text: Secret {
        var text = Array("# The seal of a Mintmark store. The first key seals, all open. Without this file the store opens nothing.\n".utf8)
        for key in keys {
            text += Self.word
            text += Array(" \(key.number.value) ".utf8)
            key.material.withUnsafeBytes { Base64URL.append($0, to: &text) }
            text.append(UInt8(ascii: "\n"))
        }
        return Secret(text)
    }

    private struct LineError: Error { let reason: String }

    private static func key(of line: ArraySlice<UInt8>) throws(LineError) -> SealKey {
        let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 3 else { throw LineError(reason: "a key is three words parted by one space") }
        guard words[0].elementsEqual(word) else { throw LineError(reason: "it does not begin with mintmark-seal-v1") }
        guard let number = number(of: words[1]) else { throw LineError(reason: "the number is none of 1 to 65535") }
        guard words[2].count == Base64URL.length(of: SealKey.length), let bytes = Base64URL.decode(words[2]) else {
            throw LineError(reason: "the key is not 43 characters of base64url")
        }
        return SealKey(number: number, material: SymmetricKey(data: bytes))
    }

    private static func number(of word: ArraySlice<UInt8>) -> SealNumber? {
        guard (1...5).contains(word.count), word.first != UInt8(ascii: "0") else { return nil }
        var number = 0
        for digit in word {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            number = number * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return number <= 0xffff ? SealNumber(UInt16(number)) : nil
    }
}
