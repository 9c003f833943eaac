@testable import TokenCore

/// Two requests at once: everything that each does between two moments at which the other may act.
struct Flight: Sendable {
    let order: World.Order
    /// The clock of this request, read when it arrives: never before that of a request already answered, because a process's clock does not go back.
    private(set) var now: UnixTime
    private(set) var answer: World.Answer?
    private var reading: World.Reading?
    private var stage = Stage.arriving
    private var attempts = 0

    private enum Stage { case arriving, readingSubject, readingFamilies, deciding }
    /// How often the engine decides again after a conflict.
    private static let most = 3

    init(_ order: World.Order, now: UnixTime) {
        self.order = order
        self.now = now
    }

    /// Goes on to the next moment; what is read and what is written stand in steps of their own.
    mutating func advance(_ world: inout World) throws(Violation) {
        var reading = reading ?? World.Reading()
        switch stage {
        case .arriving:
            reading.before = Set(world.handed.keys)
            now = max(now, world.latestAnswer)
            stage = .readingSubject
        case .readingSubject:
            if world.fault == .readsFamiliesFirst {
                try world.readFamilies(&reading, for: order, now: now)
            } else {
                try world.readSubject(&reading, now: now)
            }
            stage = .readingFamilies
        case .readingFamilies:
            if world.fault == .readsFamiliesFirst {
                try world.readSubject(&reading, now: now)
            } else {
                try world.readFamilies(&reading, for: order, now: now)
            }
            stage = .deciding
        case .deciding:
            attempts += 1
            let answered = try world.finish(order, reading, now: now)
            if answered != .conflict || attempts == Self.most {
                answer = answered
                world.latestAnswer = max(world.latestAnswer, now)
            }
            stage = .readingSubject
        }
        self.reading = reading
    }
}

extension World {
    /// What came of two requests.
    struct Outcome: Sendable {
        let first: Answer
        let second: Answer
        let world: World
    }

    /// Every way in which the steps of two requests may fall between each other; the promises are checked after each step.
    func interleave(_ first: Flight, _ second: Flight) throws(Violation) -> [Outcome] {
        if let one = first.answer, let two = second.answer { return [Outcome(first: one, second: two, world: self)] }
        var outcomes: [Outcome] = []
        if first.answer == nil {
            var (copy, flight) = (self, first)
            try flight.advance(&copy)
            if flight.answer != nil { try copy.checkInvariants() }
            outcomes += try copy.interleave(flight, second)
        }
        if second.answer == nil {
            var (copy, flight) = (self, second)
            try flight.advance(&copy)
            if flight.answer != nil { try copy.checkInvariants() }
            outcomes += try copy.interleave(first, flight)
        }
        return outcomes
    }
}
