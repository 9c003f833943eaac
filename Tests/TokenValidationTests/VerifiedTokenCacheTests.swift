import JOSE
import Testing
import TokenCore
import TokenValidation

/// The cache remembers signatures, never permissions (canon 53).
@Suite struct VerifiedTokenCacheTests {
    private func remembered(_ mint: Mint, entries: Int = 10, bytes: Int = 1 << 20) throws -> (Cache, [UInt8], VerifiedToken) {
        let cache = Cache(entryLimit: entries, byteLimit: bytes, leeway: .seconds(5), seed: 1)
        let bytes = try mint.token()
        let token = try mint.verifier().verify(bytes, now: mint.now)
        #expect(cache.insert(bytes, token, view: RevocationView(), now: mint.now))
        return (cache, bytes, token)
    }

    @Test func aRememberedTokenIsAcceptedWithItsClaims() throws {
        let mint = try Mint()
        let (cache, bytes, token) = try remembered(mint)
        guard case .accepted(let hit) = cache.find(bytes, RevocationView(), mint.now) else {
            Issue.record("not accepted")
            return
        }
        #expect(hit.payload == token.payload)
        #expect(cache.token(in: hit.slot) == token)
    }

    @Test func everyByteCounts() throws {
        let mint = try Mint()
        let (cache, bytes, _) = try remembered(mint)
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 1
            #expect(cache.find(other, RevocationView(), mint.now).isUnknown, "byte \(index)")
        }
        #expect(cache.find(Array(bytes.dropLast()), RevocationView(), mint.now).isUnknown)
    }

    @Test func expiryIsAskedOnEveryHit() throws {
        let mint = try Mint()
        let (cache, bytes, _) = try remembered(mint)
        #expect(cache.find(bytes, RevocationView(), mint.now + .seconds(904)).isAccepted)
        #expect(cache.find(bytes, RevocationView(), mint.now + .seconds(905)).isRefused)
    }

    @Test func revocationIsAskedWheneverTheViewChanges() throws {
        let mint = try Mint()
        let (cache, bytes, token) = try remembered(mint)
        var view = RevocationView()
        #expect(cache.find(bytes, view, mint.now).isAccepted)
        view.apply(RevocationEntry(.session(token.session), expiresAt: mint.now + .seconds(10)))
        #expect(cache.find(bytes, view, mint.now).isRefused)
        // Once refused, always refused: also when the view has forgotten why.
        view.expire(now: mint.now + .seconds(20))
        #expect(cache.find(bytes, view, mint.now + .seconds(20)).isRefused)
    }

    @Test func whatWasRevokedMeanwhileIsNotTakenIn() throws {
        let mint = try Mint()
        let bytes = try mint.token()
        let token = try mint.verifier().verify(bytes, now: mint.now)
        let targets: [RevocationEntry.Target] = [
            .session(token.session), .subject(token.subject, upTo: mint.now), .key(token.key), .everything(upTo: mint.now),
        ]
        for target in targets {
            var view = RevocationView()
            view.apply(RevocationEntry(target, expiresAt: .distantFuture))
            let cache = Cache(entryLimit: 10, byteLimit: 1 << 20, leeway: .zero, seed: 1)
            #expect(!cache.insert(bytes, token, view: view, now: mint.now))
            #expect(cache.count == 0)
        }
    }

    /// A revoked key's entry leaves the view one day; a token that was forged with it may say that it lives on.
    @Test func aTokenGoesWithItsKey() throws {
        let mint = try Mint(), other = try Mint()
        let (cache, bytes, token) = try remembered(mint)
        let kept = try other.token()
        #expect(cache.insert(kept, try other.verifier().verify(kept, now: other.now), view: RevocationView(), now: other.now))
        cache.keep { $0 != token.key }
        #expect(cache.find(bytes, RevocationView(), mint.now).isUnknown)
        #expect(cache.find(kept, RevocationView(), mint.now).isAccepted)
        #expect(cache.count == 1)
        cache.keep { _ in false }
        #expect(cache.count == 0 && cache.bytes == 0)
    }

    @Test func itIsBoundedInEntriesAndInBytes() throws {
        let mint = try Mint()
        let few = Cache(entryLimit: 4, byteLimit: 1 << 20, leeway: .zero, seed: 1)
        let small = Cache(entryLimit: 1000, byteLimit: 8_000, leeway: .zero, seed: 1)
        for index in 0..<50 {
            let bytes = try mint.token { $0["jti"] = .integer(Int64(index)) }
            let token = try mint.verifier().verify(bytes, now: mint.now)
            #expect(few.insert(bytes, token, view: RevocationView(), now: mint.now))
            #expect(small.insert(bytes, token, view: RevocationView(), now: mint.now))
            #expect(few.count <= 4 && small.bytes <= 8_000 && small.count > 0)
            #expect(few.find(bytes, RevocationView(), mint.now).isAccepted, "the newest is there")
        }
        let tiny = Cache(entryLimit: 4, byteLimit: 10, leeway: .zero, seed: 1)
        let bytes = try mint.token()
        #expect(tiny.insert(bytes, try mint.verifier().verify(bytes, now: mint.now), view: RevocationView(), now: mint.now), "accepted, not kept")
        #expect(tiny.count == 0)
    }

    @Test func whatIsAskedForStays() throws {
        let mint = try Mint()
        let (cache, kept, _) = try remembered(mint, entries: 4)
        for index in 0..<40 {
            let bytes = try mint.token { $0["jti"] = .integer(Int64(index)) }
            _ = cache.insert(bytes, try mint.verifier().verify(bytes, now: mint.now), view: RevocationView(), now: mint.now)
            #expect(cache.find(kept, RevocationView(), mint.now).isAccepted, "second chance, round \(index)")
        }
    }

    @Test func activityIsDueOncePerInterval() throws {
        let mint = try Mint()
        let (cache, bytes, token) = try remembered(mint)
        guard case .accepted(let hit) = cache.find(bytes, RevocationView(), mint.now) else {
            Issue.record("not accepted")
            return
        }
        #expect(cache.activityIsDue(in: hit.slot, every: .seconds(60), now: mint.now) == nil, "the login itself was activity")
        #expect(cache.activityIsDue(in: hit.slot, every: .seconds(60), now: mint.now + .seconds(60)) == token.session)
        #expect(cache.activityIsDue(in: hit.slot, every: .seconds(60), now: mint.now + .seconds(119)) == nil)
        #expect(cache.activityIsDue(in: hit.slot, every: .seconds(60), now: mint.now + .seconds(120)) == token.session)
        // It was recorded elsewhere half an interval before: it is due again that much earlier.
        cache.countActivity(in: hit.slot, from: mint.now + .seconds(90))
        #expect(cache.activityIsDue(in: hit.slot, every: .seconds(60), now: mint.now + .seconds(149)) == nil)
        #expect(cache.activityIsDue(in: hit.slot, every: .seconds(60), now: mint.now + .seconds(150)) == token.session)
    }
}

/// A cache that a test can hold in a constant, because `#expect` changes no variables.
private final class Cache {
    private var cache: VerifiedTokenCache

    init(entryLimit: Int, byteLimit: Int, leeway: Duration, seed: UInt64) {
        cache = VerifiedTokenCache(entryLimit: entryLimit, byteLimit: byteLimit, leeway: leeway, seed: seed)
    }

    var count: Int { cache.count }
    var bytes: Int { cache.bytes }

    func find(_ bytes: [UInt8], _ view: RevocationView, _ now: UnixTime) -> VerifiedTokenCache.Answer {
        bytes.withUnsafeBufferPointer { cache.look(up: $0, view: view, now: now) }
    }
    func insert(_ bytes: [UInt8], _ token: VerifiedToken, view: RevocationView, now: UnixTime) -> Bool {
        cache.insert(bytes, token, view: view, now: now)
    }
    func keep(_ isAccepted: (KeyID) -> Bool) { cache.keep(keys: isAccepted) }
    func token(in slot: Int) -> VerifiedToken? { cache.token(in: slot) }
    func activityIsDue(in slot: Int, every interval: Duration, now: UnixTime) -> SessionID? {
        cache.activityIsDue(in: slot, every: interval, now: now)
    }
    func countActivity(in slot: Int, from time: UnixTime) { cache.countActivity(in: slot, from: time) }
}

extension VerifiedTokenCache.Answer {
    var isUnknown: Bool { if case .unknown = self { true } else { false } }
    var isAccepted: Bool { if case .accepted = self { true } else { false } }
    var isRefused: Bool { if case .refused = self { true } else { false } }
}
