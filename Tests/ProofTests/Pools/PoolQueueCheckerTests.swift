import Testing

/// What the checker of queues must see, and what only looks wrong.
@Suite struct PoolQueueCheckerTests {
    private func at(_ milliseconds: Int64) -> Moment { Moment(nanoseconds: milliseconds * 1_000_000) }

    private func turn(_ number: Int, asked: Int64, placed: Int64?, lease: Int64?, had: Int64? = nil, gaveBack: Int64? = nil) -> PoolTurn {
        PoolTurn(
            number: number, asked: at(asked), placed: placed.map(at), lease: lease, had: had.map(at), gaveBack: gaveBack.map(at))
    }

    @Test func whoeverAskedAfterOneWasInLineAndIsServedBeforeItHasOvertakenIt() {
        let turns = [turn(0, asked: 0, placed: 5, lease: 20), turn(1, asked: 6, placed: 9, lease: 10), turn(2, asked: 10, placed: 12, lease: 30)]
        #expect(PoolQueueChecker.violations(in: turns) == [.overtaken(0, by: 1)])
    }

    @Test func ofThoseWhoAskedTogetherAnyMayBeFirst() {
        let turns = [turn(0, asked: 0, placed: 5, lease: 20), turn(1, asked: 4, placed: 5, lease: 10)]
        #expect(PoolQueueChecker.violations(in: turns) == [])
    }

    /// One that came back has a new place, which nobody looked at.
    @Test func whosePlaceIsNotKnownIsOvertakenByNobody() {
        let turns = [turn(0, asked: 0, placed: nil, lease: 20), turn(1, asked: 4, placed: 5, lease: 10)]
        #expect(PoolQueueChecker.violations(in: turns) == [])
    }

    @Test func whoStayedIsServed() {
        var gone = turn(1, asked: 0, placed: 5, lease: nil)
        gone.isGone = true
        #expect(PoolQueueChecker.violations(in: [turn(0, asked: 0, placed: 5, lease: nil), gone]) == [.starved(0)])
    }

    @Test func oneTokenHasOneHolder() {
        let first = turn(0, asked: 0, placed: 1, lease: 1, had: 10, gaveBack: 20)
        let late = turn(1, asked: 0, placed: 1, lease: 2, had: 20, gaveBack: 30),
            early = turn(2, asked: 0, placed: 1, lease: 3, had: 19, gaveBack: 21)
        #expect(PoolQueueChecker.violations(in: [first, late]) == [])
        #expect(PoolQueueChecker.violations(in: [first, early]) == [.heldTogether(0, 2)])
        // Whoever was told that it is not its own any more proves nothing.
        #expect(PoolQueueChecker.violations(in: [turn(0, asked: 0, placed: 1, lease: 1, had: 10), early]) == [])
    }
}
