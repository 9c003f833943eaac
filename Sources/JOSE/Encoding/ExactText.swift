extension String {
    /// Whether both strings are the same bytes.
    ///
    /// `==` on strings compares characters, so that composed and decomposed spellings are equal. Names in a token are
    /// compared without any such transformation (RFC 7515 section 5.3, RFC 7519 section 7.3).
    func hasSameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }
}

/// A string that is a dictionary or set key by its bytes.
struct ExactText: Hashable {
    let text: String

    static func == (first: ExactText, second: ExactText) -> Bool { first.text.hasSameBytes(as: second.text) }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(text.utf8.count)
    }
}
