@testable import TokenCore

/// A mistake that a machine could have: each is planted and has to be found by the walk.
enum UpstreamFault: String, CaseIterable, Sendable {
    case expiryNotChecked, lateReplyAccepted, failureSticks, oldInvalidationAccepted, waiterForgotten, waiterNotResumed, secondFetchBegun
    case coolDownIgnored, retryAfterIgnored, keptFetchGivenUp, olderTokenReplacesNewer, timerForgotten, tokenThrownAway, rejectedTokenInstalled

    typealias Machine = UpstreamWorld.Machine

    /// What the walk has to say of it.
    var finding: String {
        switch self {
        case .expiryNotChecked: "a token was served after its end"
        case .lateReplyAccepted: "a late answer changed something"
        case .failureSticks: "a failure sticks"
        case .oldInvalidationAccepted: "a token that nobody complained of was dropped"
        case .waiterForgotten, .waiterNotResumed: "a waiter was forgotten"
        case .secondFetchBegun: "two fetches are under way"
        case .coolDownIgnored: "a fetch begins in the cool-down"
        case .retryAfterIgnored: "a fetch begins in the cool-down"
        case .keptFetchGivenUp: "a kept fetch was given up"
        case .olderTokenReplacesNewer: "a token was served that is not the newest"
        case .timerForgotten: "a deadline has no timer"
        case .rejectedTokenInstalled: "an invalidated token is served again"
        case .tokenThrownAway: "a caller was refused although there is a token"
        }
    }

    func plant(beforeGet machine: inout Machine) {
        switch self {
        case .expiryNotChecked: machine.held = machine.held.map { Self.endless($0) }
        case .coolDownIgnored: if case .cooling = machine.activity { machine.activity = .resting }
        case .tokenThrownAway: if case .cooling = machine.activity { machine.held = nil }
        default: break
        }
    }

    func plant(afterCancel machine: inout Machine, _ effects: inout Machine.Effects, others: [UInt64]) {
        if self == .waiterForgotten, let other = others.first { _ = machine.waiters.remove(Machine.Waiter(other)) }
        if self == .keptFetchGivenUp, let fetch = machine.fetching, machine.waiting == 0 {
            machine.activity = .resting
            effects.abandoned = fetch.number
        }
    }

    func plant(afterReply machine: inout Machine, _ effects: inout Machine.Effects, before: Machine.Held?) {
        if self == .olderTokenReplacesNewer, let before { machine.held = before }
        if self == .waiterNotResumed, !effects.resumed.isEmpty { effects.resumed[0].waiters.removeLast() }
    }

    func plant(afterFailure machine: inout Machine) {
        if self == .failureSticks, case .cooling(let refusal, _) = machine.activity {
            machine.activity = .cooling(refusal, until: MonotonicTime(microseconds: .max))
        }
    }

    func plant(afterWake machine: Machine, _ effects: inout Machine.Effects) {
        if self == .secondFetchBegun, machine.isFetching, effects.begun == nil { effects.begun = machine.fetches + 1 }
    }

    private static func endless(_ held: Machine.Held) -> Machine.Held {
        Machine.Held(
            token: held.token, number: held.number, since: held.since, usable: UsableUntil(wall: nil, steady: nil), refreshAt: held.refreshAt)
    }
}
