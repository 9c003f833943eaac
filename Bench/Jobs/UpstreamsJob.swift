import Synchronization
import TokenClient
import TokenCore

/// Tokens that others issue: what a call costs while there is one, who waits for the first, what an identity weighs, and
/// what the sidecar answers a second.
struct UpstreamsJob: Job {
    let name = "upstreams"
    let summary = "token() on a fresh token, on every core at once, 10,000 waiters, memory of idle identities, and the sidecar"

    func run(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        try await self.library(settings, in: folder) + SidecarContest().rows(settings, in: folder)
    }

    private func library(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        do {
            let manager = TokenManager(
                name: "bench", source: ClosureSource("bench") { _ in IssuedToken(Self.opaque, lifetime: .lasting(.seconds(3600))) })
            _ = try await manager.token()
            var alone: [Double] = []
            var together: [Double] = []
            for _ in 0..<settings.rounds {
                alone.append(try await self.time(manager, callers: 1, for: settings.signatureTurn))
                together.append(try await self.time(manager, callers: Machine.cores, for: settings.signatureTurn))
            }
            var wakes: [Double] = []
            var bare: [Double] = []
            for _ in 0..<max(9, settings.rounds) {
                wakes.append(try await self.wake(10_000))
                bare.append(try await BareWaiters(count: 10_000).wake())
            }
            var rows = self.callRows(Spread(alone), Spread(together)) + [self.wakeRow(Spread(wakes), Spread(bare))]
            for length in [Self.opaque.utf8.count, 700] { rows.append(try await self.memoryRow(settings.upstreamIdentities, length, in: folder)) }
            return rows
        } catch { throw error as? BenchError ?? BenchError("\(error)") }
    }

    /// 256 bits as base64url: the usual opaque token.
    static let opaque = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"

    /// Nanoseconds of processor time per call, of so many tasks that do nothing but call.
    private func time(_ manager: TokenManager, callers: Int, for duration: Duration) async throws -> Double {
        let used = Machine.ownCPU
        let calls = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<callers {
                group.addTask {
                    var calls = 0
                    let end = ContinuousClock.now + duration
                    while .now < end {
                        for _ in 0..<2000 where try await manager.token().number != 1 { throw BenchError("another token") }
                        calls += 2000
                    }
                    return calls
                }
            }
            return try await group.reduce(0, +)
        }
        return (Machine.ownCPU - used) * 1000 / Double(calls)
    }

    private func callRows(_ alone: Spread, _ together: Spread) -> [Row] {
        var first = Row.bound("token() on a fresh token, one caller", alone.median, unit: "ns", .atMost(30))
        first.result += " (\(Text.number(alone.lowest))..\(Text.number(alone.highest)))"
        var second = Row.ratio(
            "token(), every core calling", "\(Text.number(together.median)) ns", together.median, to: alone.median,
            "one caller \(Text.number(alone.median)) ns", .atMost(3))
        second.result += " (\(Text.number(together.lowest))..\(Text.number(together.highest)))"
        return [first, second]
    }

    /// Nanoseconds from the answer of the source until every waiter has its token.
    private func wake(_ count: Int) async throws -> Double {
        let (gate, opener) = AsyncStream<Never>.makeStream()
        let answered = Answered()
        let manager = TokenManager(
            name: "waiters",
            source: ClosureSource("waiters") { _ in
                for await _ in gate {}
                answered.at.withLock { $0 = .now }
                return IssuedToken(Self.opaque, lifetime: .lasting(.seconds(3600)))
            })
        // Tasks of their own: a group takes its children out of a list one by one, and that is slower than everything measured here.
        let waiters = (0..<count).map { _ in
            Task {
                _ = try await manager.token()
                return ContinuousClock.now
            }
        }
        while manager.status.waiting < count { try await Task.sleep(for: .milliseconds(5)) }
        opener.finish()
        var last: ContinuousClock.Instant?
        for waiter in waiters {
            let instant = try await waiter.value
            last = max(last ?? instant, instant)
        }
        return last.map { Double(($0 - answered.at.withLock { $0 }).nanoseconds) } ?? 0
    }

    private func wakeRow(_ times: Spread, _ bare: Spread) -> Row {
        var row = Row.bound("10,000 waiters, from the source's answer until the last has it", times.median / 1e6, unit: "ms", .atMost(10))
        row.result += self.range(times)
        row.baseline = "bare continuations \(Text.number(bare.median / 1e6)) ms" + self.range(bare)
        row.ratio = times.median / bare.median
        return row
    }

    /// Of nanoseconds, in milliseconds.
    private func range(_ times: Spread) -> String { " (\(Text.number(times.lowest / 1e6))..\(Text.number(times.highest / 1e6)))" }

    private func memoryRow(_ count: Int, _ length: Int, in folder: WorkFolder) async throws(BenchError) -> Row {
        let child = try ChildProcess(
            CommandLine.arguments[0], ["identities", "--count", "\(count)", "--length", "\(length)"], output: folder.subfolder("identities-\(length)")
        )
        let each: Double = try await child.wait(upTo: .seconds(300)) { text in
            text.split(separator: "\n").first { $0.hasPrefix("each ") }.flatMap { Double($0.dropFirst(5)) }
        }
        child.stop()
        let name = "resident memory of an idle identity, of \(Text.number(Double(count))), token of \(length) bytes"
        if length > 100 { return Row(job: name, result: "\(Text.number(each)) bytes") }
        return .bound(name, each, unit: "bytes", .atMost(1024))
    }
}

private final class Answered: Sendable {
    let at = Mutex(ContinuousClock.now)
}
