import Valkey

extension ValueKind where Value == ValkeyURL? {
    /// Servers of Valkey or Redis; empty for none. What is wrong is said without the text, which may hold a password.
    static var storeURL: Self {
        Self(allowed: "URL of servers") { text throws(InvalidValue) in
            guard !text.isEmpty else { return nil }
            do throws(ValkeyURL.Problem) { return try ValkeyURL(text) } catch  where error.quotesTheText {
                throw InvalidValue(
                    "is not the URL of a store, such as valkey://user:password@host:6379/0; in a user and a password : / ? # @ and % are percent-encoded"
                )
            } catch {
                throw InvalidValue("is not the URL of a store: \(error.description.dropLast())")
            }
        }
    }
}

extension ValkeyURL.Problem {
    /// Whether its sentence holds a piece of the text, which a password with a slash in it may have become.
    fileprivate var quotesTheText: Bool {
        switch self {
        case .scheme, .port, .database, .parameter, .value: true
        case .noHost, .brackets, .encoding, .noPassword, .databaseInCluster, .severalHosts: false
        }
    }
}

extension ValueKind where Value == Int {
    /// 1, 2, 4, 8 … inside the bounds.
    static func powerOfTwo(_ bounds: ClosedRange<Int>) -> Self {
        Self(allowed: "power of two, \(bounds.lowerBound)-\(bounds.upperBound)") { text throws(InvalidValue) in
            let value = try integer(bounds).parse(text)
            guard value.nonzeroBitCount == 1 else { throw InvalidValue("is not a power of two") }
            return value
        }
    }
}

extension ValueKind where Value == String? {
    /// A path; empty for none.
    static var path: Self {
        let line = ValueKind<String>.text("path", mayBeEmpty: true)
        return Self(allowed: line.allowed) { text throws(InvalidValue) in
            let value = try line.parse(text)
            return value.isEmpty ? nil : value
        }
    }
}
