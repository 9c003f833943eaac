public import TokenCore

/// Everything that Mintmark asks of a store.
public typealias ConformingStore = RecordStore & RevocationLog & EventLog

/// The suite that every store must pass: each promise in the comments of `RecordStore`, `RevocationLog` and `EventLog` as one check.
///
/// ```swift
/// @Test(arguments: StoreConformance.checks)
/// func conforms(check: StoreCheck) async throws {
///     try await check.run { try MyStore() }
/// }
/// ```
///
/// A check throws a ``ConformanceFailure``; it knows no testing library, so the suite runs under any of them, and in a command
/// that tries a store out where it is deployed.
public enum StoreConformance {
    /// All checks. Each wants a new, empty store.
    public static let checks: [StoreCheck] = checks(expiringByItself: false)

    /// The checks of a store that is swept, or of one from which what has expired leaves by itself (`RecordStore.expiresByItself`). They differ in
    /// what a sweep removes alone: of the second kind it is nothing. Such a store may remove a record or an entry at its end by the server's clock
    /// or later; before its end by the clock of a call it is there. The checks run by a clock of their own, in steps as short as a millisecond, which
    /// the server knows nothing of: let it keep what has expired a few seconds longer.
    public static func checks(expiringByItself: Bool) -> [StoreCheck] {
        let common =
            RecordChecks.all + ConflictChecks.all + ExpiryChecks.all + TouchChecks.all + RaceChecks.all + FindChecks.all
            + RevocationChecks.all + OutboxChecks.all + SweepChecks.all
        return common + (expiringByItself ? SelfExpiryChecks.all : RevocationChecks.swept + SweepChecks.swept)
    }

    /// Runs all checks, each on a new store, and tells which failed.
    ///
    /// - Parameters:
    ///   - expiringByItself: which checks.
    ///   - make: opens a new, empty store.
    public static func failures(
        expiringByItself: Bool = false, of make: @Sendable () async throws -> any ConformingStore
    ) async -> [ConformanceFailure] {
        var failures: [ConformanceFailure] = []
        for check in checks(expiringByItself: expiringByItself) {
            do {
                try await check.run(make)
            } catch let failure as ConformanceFailure {
                failures.append(failure)
            } catch {
                failures.append(ConformanceFailure(check: check.name, reason: "threw \(error)"))
            }
        }
        return failures
    }
}

/// One promise, and how to find out whether a store keeps it.
public struct StoreCheck: Sendable, CustomStringConvertible {
    /// The promise, as a sentence.
    public let name: String
    private let body: @Sendable (Subject) async throws -> Void

    /// What the check works on.
    typealias Subject = StoreUnderTest

    init(_ name: String, _ body: @escaping @Sendable (StoreUnderTest) async throws -> Void) {
        self.name = name
        self.body = body
    }

    /// Opens a store and runs the check on it.
    ///
    /// - Parameter make: opens a new, empty store.
    /// - Throws: `ConformanceFailure` when the promise is broken; what the store throws when it should not.
    public func run(_ make: @Sendable () async throws -> any ConformingStore) async throws {
        try await body(StoreUnderTest(store: try await make(), check: name))
    }

    /// The promise.
    public var description: String { name }
}

/// A promise that a store broke.
public struct ConformanceFailure: Error, CustomStringConvertible {
    /// The promise.
    public let check: String
    /// What was seen instead, and where in the suite.
    public let reason: String

    /// The promise and what was seen instead.
    public var description: String { "\(check): \(reason)" }
}
