import TestSupport

@testable import TokenClient
@testable import TokenCore

/// A mistake that `SharedSource` could have: each is planted in one of its steps and has to be found.
enum SharedFault: String, CaseIterable, Sendable {
    case intentNotStored, answerReadFirst, answerNotStored, leaseIgnored, fenceIgnored, calledLate, lossNotSaid, rejectionForgotten
    case heldNotReplaced, failureNotShared

    /// What has to be said of it.
    var finding: String {
        switch self {
        case .intentNotStored, .lossNotSaid: "the grant was lost, and nobody says so"
        case .answerReadFirst, .answerNotStored: "an answer was read before it was stored"
        case .leaseIgnored: "two ask at once"
        case .fenceIgnored: "an older token took the place of a newer one"
        case .calledLate: "a refresh token was presented by whoever had been stopped before"
        case .rejectionForgotten: "a rejected token was brought again"
        case .heldNotReplaced: "nobody fetches ahead of time"
        case .failureNotShared: "a failure was repeated"
        }
    }

    /// Steps of which one is wrong.
    var steps: SharedSteps {
        var steps = SharedSteps()
        switch self {
        case .intentNotStored:
            steps.begin = { (source, grant, version, holder) async throws(StoreError) in
                var grant = grant
                grant.exchange = nil
                try await source.begin(grant, over: version, holder)
            }
        case .answerReadFirst:
            steps.store = { source, answer, turn, name in
                _ = try? source.rotating?.issued(from: answer)
                return await source.store(answer, turn, name)
            }
        case .answerNotStored:
            steps.store = { _, answer, turn, _ in
                // As it would have been stored: form 1, status 200, and the body.
                let bytes = Secret([1, 0, 200] + answer.body.bytes)
                return UpstreamGrant.Answer(bytes: bytes, fence: turn.fence, generation: turn.generation, began: turn.began)
            }
        case .leaseIgnored:
            steps.look = { grant, ask in
                var ask = ask
                ask.outwaited = grant.lease?.fence
                return grant.look(ask)
            }
        case .fenceIgnored:
            steps.publish = { grant, issued, turn in
                grant.published = UpstreamGrant.Published(
                    token: issued.token, type: issued.type, scope: nil, fence: turn.fence, since: turn.began, until: turn.began + SharedWorld.lifetime
                )
                return true
            }
        case .calledLate: steps.isInTime = { _, _ in true }
        case .lossNotSaid:
            steps.fail = { grant, turn, meaning, sharing, now in
                _ = grant.failed(turn, meaning, sharing: sharing, now: now)
                return nil
            }
        case .rejectionForgotten:
            steps.look = { grant, ask in
                var ask = ask
                ask.rejected = nil
                return grant.look(ask)
            }
        case .heldNotReplaced:
            steps.look = { grant, ask in
                var ask = ask
                ask.held = nil
                return grant.look(ask)
            }
        case .failureNotShared:
            steps.fail = { grant, turn, meaning, _, now in grant.failed(turn, meaning, sharing: nil, now: now) }
        }
        return steps
    }
}
