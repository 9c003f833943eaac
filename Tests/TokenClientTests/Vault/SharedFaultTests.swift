import Synchronization
import TestSupport
import Testing
import TokenCore

@testable import TokenClient

/// Processes that share a grant, each stopped or killed at every point at which it touches the world.
struct SharedFaultTests {
    @Test func processesThatAreKilledAndStoppedAnywhereBreakNothing() async {
        let found = await Self.findings(SharedSteps())
        #expect(found == [], "\(found.prefix(5))")
    }

    /// Proofs that find nothing prove nothing.
    @Test(arguments: SharedFault.allCases) func plantedFaultOfASharedSourceIsFound(_ fault: SharedFault) async {
        let found = await Self.findings(fault.steps)
        #expect(found.contains { $0.hasPrefix(fault.finding) }, "\(fault) gave \(found.prefix(5))")
    }

    /// What goes wrong with those steps, everything tried.
    static func findings(_ steps: SharedSteps) async -> [String] {
        await withTaskGroup(of: [String].self) { group in
            for (point, name) in await points(isRotating: true, steps).enumerated() {
                group.addTask { await killed(at: point, name, steps) }
                group.addTask { await stopped(at: point, name, steps) }
            }
            for (point, name) in await points(isRotating: false, steps).enumerated() {
                group.addTask { await overtaken(at: point, name, steps) }
            }
            group.addTask { await used(steps) }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// Every point that one fetch passes.
    private static func points(isRotating: Bool, _ steps: SharedSteps) async -> [String] {
        let process = SharedProcess(1, in: SharedWorld(isRotating: isRotating, steps: steps))
        _ = await process.fetch()
        return process.points.dropLast()
    }

    /// Somebody is killed there. Whoever comes next goes on, or says what is lost.
    private static func killed(at point: Int, _ name: String, _ steps: SharedSteps) async -> [String] {
        let world = SharedWorld(isRotating: true, steps: steps)
        let first = SharedProcess(1, in: world, stoppedAt: point, isKilled: true)
        Task { await first.fetch() }
        await first.reached.pass()
        let mayLose = world.isCut
        world.pass(.seconds(60))
        return await goesOn(world, mayLose: mayLose) + world.broken.map { "\($0), killed at \(point) (\(name))" }
    }

    /// Somebody is stopped there for longer than its lease lasts, and wakes after another has taken over.
    private static func stopped(at point: Int, _ name: String, _ steps: SharedSteps) async -> [String] {
        let world = SharedWorld(isRotating: true, steps: steps)
        let first = SharedProcess(1, in: world, stoppedAt: point)
        async let late = first.fetch(timeout: .milliseconds(400))
        await first.reached.pass()
        let mayLose = world.isCut
        let isBeforeCall = !world.calls.contains(1)
        world.pass(.seconds(60))
        // Half of the 400 ms is how long its call may take: it has to see that they are over.
        try? await Task.sleep(for: .milliseconds(220))
        let second = await SharedProcess(2, in: world).fetch()
        first.onward.open()
        _ = await late
        // Between the look at the clock and the call nobody can be kept from calling late: docs/upstreams.md says what that costs.
        if isBeforeCall, name != "before call", !world.isAlive {
            return ["a refresh token was presented by whoever had been stopped before: at \(point) (\(name))"]
        }
        if name == "before call" { return world.broken }
        world.pass(.seconds(480))
        var found = await goesOn(world, mayLose: mayLose, held: try? second.get())
        found += world.broken.map { "\($0), stopped at \(point) (\(name))" }
        return found
    }

    /// Two more fetches, by processes that have done nothing yet.
    private static func goesOn(_ world: SharedWorld, mayLose: Bool, held: String? = nil) async -> [String] {
        var found: [String] = []
        var held = held
        for number in 8...9 {
            switch await SharedProcess(number, in: world).fetch(held: held) {
            case .success(let token): held = token
            case .failure(let error):
                if case .rotationLost = error.reason, mayLose { continue }
                found.append("the grant was lost, and nobody says so: \(error)")
            }
            world.pass(.seconds(480))
        }
        if !world.isAlive, !mayLose { found.append("the grant has ended") }
        return found
    }

    /// Where nothing rotates: somebody is slow, and another one waits; somebody is too slow, and another one takes over.
    private static func overtaken(at point: Int, _ name: String, _ steps: SharedSteps) async -> [String] {
        let world = SharedWorld(isRotating: false, steps: steps)
        let first = SharedProcess(1, in: world, stoppedAt: point)
        async let late = first.fetch()
        await first.reached.pass()
        let hasLease = world.state.withLock { $0.grant.lease != nil }
        let other = SharedProcess(2, in: world)
        async let next = other.fetch()
        // Whoever finds a lease looks at it four times; whoever ignores it is about to call.
        _ = await eventually { other.points.count >= 4 || other.points.last == "end" }
        if hasLease, other.points.contains("before call") { world.note("two ask at once") }
        world.pass(.seconds(60))
        let second = await next
        first.onward.open()
        let tokens = await [late, second].compactMap { try? $0.get() }
        if tokens.count < 2 { world.note("a token did not come") }
        return world.broken.map { "\($0), stopped at \(point) (\(name))" }
    }

    /// What a token goes through after it has come.
    private static func used(_ steps: SharedSteps) async -> [String] {
        let world = SharedWorld(isRotating: false, steps: steps)
        _ = await SharedProcess(1, in: world).fetch()
        if case .success("a1") = await SharedProcess(2, in: world).fetch(rejected: "a1") { world.note("a rejected token was brought again") }
        world.pass(.seconds(480))
        let newest = world.state.withLock { "a\($0.newest)" }
        if case .success(newest) = await SharedProcess(3, in: world).fetch(held: newest) { world.note("nobody fetches ahead of time") }
        world.pass(.seconds(3600))
        world.state.withLock { $0.isDown = true }
        let calls = world.calls.count
        for number in 4...6 { _ = await SharedProcess(number, in: world).fetch() }
        if world.calls.count > calls + 1 { world.note("a failure was repeated") }
        return world.broken
    }
}
