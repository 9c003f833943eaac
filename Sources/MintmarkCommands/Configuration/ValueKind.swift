import TokenTransport

/// How the text of a value is read: the kind of a configuration key.
struct ValueKind<Value: Sendable>: Sendable {
    /// What may be written, as docs/configuration.md says it.
    let allowed: String
    /// Reads one value.
    let parse: @Sendable (String) throws(InvalidValue) -> Value
}

/// Why a text is not a value of its kind.
struct InvalidValue: Error, Equatable {
    /// The end of the sentence "The value …".
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

extension ValueKind where Value == String {
    /// Any text of one line; `allowed` names what it stands for.
    static func text(_ allowed: String, mayBeEmpty: Bool = false) -> Self {
        Self(allowed: allowed) { text throws(InvalidValue) in
            guard mayBeEmpty || !text.isEmpty else { throw InvalidValue("is empty") }
            guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
                throw InvalidValue("contains a control character")
            }
            return text
        }
    }
}

extension ValueKind where Value == String {
    /// An absolute `http` or `https` URL, kept byte for byte: whoever compares it compares bytes.
    static var webURL: Self {
        let line = text("URL")
        return Self(allowed: line.allowed) { text throws(InvalidValue) in
            let value = try line.parse(text)
            guard (try? WebURL(value)) != nil, !value.contains("?") else {
                throw InvalidValue("is not an absolute http or https URL without a query, such as https://tokens.example.com")
            }
            return value
        }
    }
}

extension ValueKind where Value == Int {
    /// A decimal number inside the bounds.
    static func integer(_ bounds: ClosedRange<Int>) -> Self {
        Self(allowed: "number, \(bounds.lowerBound)-\(bounds.upperBound)") { text throws(InvalidValue) in
            guard let value = Int(text), String(value) == text else {
                throw InvalidValue("is not a decimal number")
            }
            guard bounds.contains(value) else {
                throw InvalidValue("is not in \(bounds.lowerBound)-\(bounds.upperBound)")
            }
            return value
        }
    }

    /// A TCP port; 0 lets the system choose a free one.
    static var port: Self { Self(allowed: "port, 0-65535", parse: integer(0...65535).parse) }
}

extension ValueKind where Value == Int? {
    /// A TCP port, or the word `off`.
    static var optionalPort: Self {
        Self(allowed: "port, 0-65535, or off") { text throws(InvalidValue) in
            text == "off" ? nil : try ValueKind<Int>.port.parse(text)
        }
    }
}

extension ValueKind where Value == Duration {
    /// A duration as Go writes it, inside the bounds.
    static func duration(_ bounds: ClosedRange<Duration>) -> Self {
        let limits = "\(GoDuration.write(bounds.lowerBound))-\(GoDuration.write(bounds.upperBound))"
        return Self(allowed: "duration, \(limits)") { text throws(InvalidValue) in
            guard let value = GoDuration.read(text) else {
                throw InvalidValue("is not a duration such as 90s, 15m, 1h30m or 720h")
            }
            guard bounds.contains(value) else { throw InvalidValue("is not in \(limits)") }
            return value
        }
    }
}

extension ValueKind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of the words of an enum.
    static var word: Self {
        let words = Value.allCases.map(\.rawValue)
        return Self(allowed: words.joined(separator: ", ")) { text throws(InvalidValue) in
            guard let value = Value(rawValue: text) else {
                throw InvalidValue("is none of \(words.joined(separator: ", "))")
            }
            return value
        }
    }
}
