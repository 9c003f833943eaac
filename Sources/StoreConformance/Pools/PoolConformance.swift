public import TokenCore

/// The suite that every `LeasePool` must pass: its promises, and that it answers what `PoolMachine` answers, verb by verb.
///
/// ```swift
/// @Test(arguments: PoolConformance.checks)
/// func conforms(check: PoolCheck) async throws {
///     try await check.run { try MyPools() }
/// }
/// ```
///
/// It throws a ``ConformanceFailure``, and knows no testing library.
public enum PoolConformance {
    /// By whose time a store decides.
    public enum Time: Sendable {
        /// By the time that is given with each verb. A store of several instances that has a way to be given the time, for its own tests, is checked
        /// so as well: every rule at its boundary, and the comparison with `PoolMachine`.
        case given
        /// By its own: what needs no moment is checked, and that a lapse comes about at all.
        case own
    }

    /// All checks of a store that decides by the time it is given. Each wants a new, empty store.
    public static let checks: [PoolCheck] = checks(by: .given)

    /// The checks of a store that decides by that time.
    public static func checks(by time: Time) -> [PoolCheck] {
        let common = PoolRaceChecks.all + PoolHoldChecks.all + PoolQueueChecks.all + PoolListChecks.all
        return common + (time == .given ? PoolTimeChecks.all + PoolDifference.checks : PoolTimeChecks.own)
    }

    /// Runs all checks, each on a new store, and tells which failed.
    ///
    /// - Parameters:
    ///   - time: which checks.
    ///   - make: opens a new, empty store.
    public static func failures(by time: Time = .given, of make: @Sendable () async throws -> any LeasePool) async -> [ConformanceFailure] {
        var failures: [ConformanceFailure] = []
        for check in checks(by: time) {
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

/// One promise, and how to find out whether a store of pools keeps it.
public struct PoolCheck: Sendable, CustomStringConvertible {
    /// The promise, as a sentence.
    public let name: String
    private let body: @Sendable (PoolUnderTest) async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (PoolUnderTest) async throws -> Void) {
        self.name = name
        self.body = body
    }

    /// Opens a store and runs the check on it.
    ///
    /// - Parameter make: opens a new, empty store.
    /// - Throws: `ConformanceFailure` when the promise is broken; what the store throws when it should not.
    public func run(_ make: @Sendable () async throws -> any LeasePool) async throws {
        try await body(PoolUnderTest(store: try await make(), check: name))
    }

    /// The promise.
    public var description: String { name }
}
