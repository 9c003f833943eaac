import TestSupport
import Testing
import TokenCore

@testable import TokenEngine

/// Any order of commits, bells, looks, failures, trimming and going back: what the machine calls fresh is enforced.
@Suite struct FollowMachineModelTests {
    @Test(arguments: Array(0..<20 as Range<UInt64>)) func whatIsFreshIsEnforced(_ seed: UInt64) throws {
        var world = World(seed: seed)
        for _ in 0..<2000 {
            world.step()
            #expect(world.broken == nil)
            if world.broken != nil { return }
        }
        world.comeToRest()
        #expect(world.broken == nil)
        #expect(world.isCaughtUp, "nothing goes wrong any more, and it does not catch up")
    }

    /// A store with three logs, and one follower, whose reads and looks take as long as chance will have it.
    private struct World {
        struct Log {
            var kept: [NumberedRevocation] = []
            var head: UInt64 = 0
            var history = 0
        }
        struct Reading {
            let order: FollowMachine.Order
            var page: [NumberedRevocation]?
        }

        static let partitions = (0..<3).compactMap { Partition(number: UInt16($0)) }
        private var random: SplitMix
        private var machine = FollowMachine()
        private var logs = Dictionary(uniqueKeysWithValues: partitions.map { ($0, Log()) })
        private var now: Int64 = 0
        /// What exists and is not enforced, with the time of its commit.
        private var pending: [RevocationEntry: Int64] = [:]
        private var readings: [Reading] = []
        private var survey: [Partition: RevocationHead]?
        private var isLooking = false
        private var count: Int64 = 0
        private(set) var broken: String?

        init(seed: UInt64) { random = SplitMix(seed: seed) }

        mutating func step() {
            now += 1
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<30: commit(at: Self.partitions.randomElement(using: &random))
            case 30..<45: beginOrAnswerLook(fails: false)
            case 45..<48: beginOrAnswerLook(fails: true)
            case 48..<80: proceed(fails: false)
            case 80..<84: proceed(fails: true)
            case 84..<90: take(machine.rang(Self.partitions.randomElement(using: &random) ?? .control))
            case 90..<94: trim()
            case 94..<96: goBack()
            case 96 where Int.random(in: 0..<5, using: &random) == 0: for _ in 0..<1200 { commit(at: Self.partitions[0]) }
            default: break
            }
            check()
        }

        /// Everything works from now on.
        mutating func comeToRest() {
            for _ in 0..<2000 {
                now += 1
                if readings.isEmpty { beginOrAnswerLook(fails: false) } else { proceed(fails: false) }
                check()
            }
        }

        var isCaughtUp: Bool {
            guard let fresh = machine.freshness?.microseconds, now - fresh < 50 else { return false }
            return pending.isEmpty
        }

        private mutating func commit(at partition: Partition?) {
            guard let partition else { return }
            count += 1
            let entry = RevocationEntry(.everything(upTo: UnixTime(milliseconds: count)), expiresAt: .distantFuture)
            pending[entry] = now
            var log = logs[partition] ?? Log()
            log.head += 1
            log.kept.append(NumberedRevocation(number: log.head, entry: entry))
            logs[partition] = log
            if Int.random(in: 0..<3, using: &random) > 0 { take(machine.rang(partition)) }
        }

        /// The heads are taken at one time and arrive at another.
        private mutating func beginOrAnswerLook(fails: Bool) {
            if let found = survey {
                (survey, isLooking) = (nil, false)
                if fails { machine.lookFailed() } else { take(machine.looked(found)) }
            } else if isLooking {
                survey = logs.mapValues { RevocationHead(number: $0.head, history: "\($0.history)") }
            } else {
                isLooking = machine.beginLook(at: MonotonicTime(microseconds: now))
            }
        }

        /// A page is read at one time and enforced at another.
        private mutating func proceed(fails: Bool) {
            guard let index = readings.indices.randomElement(using: &random) else { return }
            let order = readings[index].order
            if fails {
                readings.remove(at: index)
                take(machine.failed(order))
            } else if let page = readings[index].page {
                readings.remove(at: index)
                for revocation in page { pending[revocation.entry] = nil }
                take(machine.enforced(page, of: order))
            } else {
                readings[index].page = Array((logs[order.partition]?.kept ?? []).lazy.filter { $0.number > order.after }.prefix(FollowMachine.page))
            }
        }

        /// What is trimmed has expired: nobody need enforce it any more.
        private mutating func trim() {
            guard let partition = Self.partitions.randomElement(using: &random), let count = logs[partition]?.kept.count, count > 0 else { return }
            let gone = Int.random(in: 1...count, using: &random)
            for revocation in logs[partition]?.kept.prefix(gone) ?? [] { pending[revocation.entry] = nil }
            logs[partition]?.kept.removeFirst(gone)
        }

        /// A replica that is some entries behind takes over, and other entries take their numbers.
        private mutating func goBack() {
            guard let partition = Self.partitions.randomElement(using: &random), let log = logs[partition], log.head > 0 else { return }
            let number = log.head - UInt64.random(in: 0...min(log.head, 3), using: &random)
            for revocation in log.kept where revocation.number > number { pending[revocation.entry] = nil }
            logs[partition]?.kept.removeAll { $0.number > number }
            logs[partition]?.head = number
            logs[partition]?.history += 1
        }

        private mutating func take(_ orders: [FollowMachine.Order]) {
            for order in orders {
                if readings.contains(where: { $0.order.partition == order.partition }) { broken = "two readings of one partition" }
                readings.append(Reading(order: order))
            }
            if readings.count > FollowMachine.mostReads { broken = "too many readings" }
        }

        private mutating func check() {
            guard broken == nil, let fresh = machine.freshness?.microseconds else { return }
            if let (entry, time) = pending.first(where: { $0.value < fresh }) {
                broken = "\(entry.target) was committed at \(time) and is not enforced at \(fresh)"
            }
        }
    }
}
