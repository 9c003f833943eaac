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
    /// All checks. Each wants a new, empty store.
    public static let checks: [PoolCheck] =
        PoolRaceChecks.all + PoolHoldChecks.all + PoolQueueChecks.all + PoolListChecks.all + PoolTimeChecks.all + PoolDifference.checks

    /// The checks of what is also promised of a pool of several parts, for something that spreads pools over parts: every pool that they make has three.
    public static let checksOfParts: [PoolCheck] = checks.compactMap(\.ofParts)

    /// Runs all checks, each on a new store, and tells which failed.
    ///
    /// - Parameters:
    ///   - checks: which ones.
    ///   - make: opens a new, empty store.
    public static func failures(
        in checks: [PoolCheck] = checks, of make: @Sendable () async throws -> any LeasePool
    ) async -> [ConformanceFailure] {
        var failures: [ConformanceFailure] = []
        for check in checks {
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
    private let isOfOnePart: Bool
    private let body: @Sendable (PoolUnderTest) async throws -> Void

    /// - Parameter isOfOnePart: whether it is promised of pools of one part only.
    init(_ name: String, isOfOnePart: Bool = false, _ body: @escaping @Sendable (PoolUnderTest) async throws -> Void) {
        self.name = name
        self.isOfOnePart = isOfOnePart
        self.body = body
    }

    /// The same of pools of three parts; nil when that is not promised.
    var ofParts: PoolCheck? {
        guard !isOfOnePart else { return nil }
        return PoolCheck(name + ", in three parts", isOfOnePart: true) { test in
            try await body(PoolUnderTest(store: PartedPools(store: test.store), check: test.check, hasParts: true))
        }
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
