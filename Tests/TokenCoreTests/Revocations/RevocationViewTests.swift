import Testing
import TokenCore

@Suite struct RevocationViewTests {
    let anna = Subject(text: "anna")!
    let shop = ClientID("shop")!
    let key = KeyID("k1")!
    let epoch = UnixTime(milliseconds: 1_000_000)
    let end = UnixTime(milliseconds: 2_000_000)

    func session(_ birth: UnixTime) -> SessionID { SessionID(birth: birth, partition: Partition(number: 1)!, random: 1) }
    func view(_ targets: RevocationEntry.Target...) -> RevocationView {
        var view = RevocationView()
        for target in targets { view.apply(RevocationEntry(target, expiresAt: end)) }
        return view
    }

    /// Dead means birth ≤ T, to the millisecond.
    @Test func anEpochEndsWhatWasBornAtItAndNothingLater() {
        let targets: [RevocationEntry.Target] = [.subject(anna, upTo: epoch), .client(shop, upTo: epoch), .everything(upTo: epoch)]
        for target in targets {
            let view = view(target)
            for (offset, dead) in [(-1, true), (0, true), (1, false)] as [(Int64, Bool)] {
                let id = session(epoch + .milliseconds(offset))
                #expect(view.isRevoked(session: id, subject: anna, client: shop, key: key) == dead, "\(target) \(offset)")
            }
        }
    }

    @Test func anEntryConcernsOnlyWhatItNames() {
        let born = session(epoch)
        let other = session(epoch + .milliseconds(9))
        let bob = Subject(text: "bob")!
        #expect(view(.session(born)).isRevoked(session: born, subject: anna, client: nil, key: key))
        #expect(!view(.session(born)).isRevoked(session: other, subject: anna, client: nil, key: key))
        #expect(!view(.subject(anna, upTo: epoch)).isRevoked(session: born, subject: bob, client: nil, key: key))
        #expect(!view(.client(shop, upTo: epoch)).isRevoked(session: born, subject: anna, client: nil, key: key))
        #expect(!view(.client(shop, upTo: epoch)).isRevoked(session: born, subject: anna, client: ClientID("web"), key: key))
        #expect(view(.key(key)).isRevoked(session: other, subject: bob, client: nil, key: key))
        #expect(!view(.key(key)).isRevoked(session: other, subject: bob, client: nil, key: KeyID("k2")!))
        #expect(!RevocationView().isRevoked(session: born, subject: anna, client: shop, key: key))
    }

    @Test func anEntryIsForgottenAtItsEndAndNotBefore() {
        for target in [.session(session(epoch)), .subject(anna, upTo: epoch), .client(shop, upTo: epoch), .key(key), .everything(upTo: epoch)]
            as [RevocationEntry.Target]
        {
            var view = view(target)
            #expect(view.count == 1)
            view.expire(now: end - .milliseconds(1))
            #expect(view.isRevoked(session: session(epoch), subject: anna, client: shop, key: key))
            view.expire(now: end)
            #expect(view.count == 0)
            #expect(!view.isRevoked(session: session(epoch), subject: anna, client: shop, key: key))
        }
    }

    @Test func everyEntryRaisesTheGenerationAndExpiryDoesNot() {
        var view = RevocationView()
        #expect(view.generation == 0)
        for number in 1...3 {
            view.apply(RevocationEntry(.session(session(epoch)), expiresAt: end))
            #expect(view.generation == UInt64(number))
        }
        #expect(view.count == 1, "the same entry again is the same entry")
        view.expire(now: end)
        #expect(view.generation == 3)
    }

    @Test func theStoreEpochIsTheLatest() {
        var view = view(.everything(upTo: epoch))
        view.apply(RevocationEntry(.everything(upTo: epoch - .seconds(1)), expiresAt: end + .seconds(1)))
        #expect(view.storeEpoch == epoch)
        view.expire(now: end)
        #expect(view.storeEpoch == epoch, "the later end keeps both")
    }

    @Test func theOrderOfEntriesDoesNotMatter() {
        let entries: [RevocationEntry] = [
            RevocationEntry(.subject(anna, upTo: epoch), expiresAt: end),
            RevocationEntry(.subject(anna, upTo: epoch + .seconds(1)), expiresAt: end - .seconds(1)),
            RevocationEntry(.session(session(epoch)), expiresAt: end), RevocationEntry(.session(session(epoch)), expiresAt: end - .seconds(1)),
            RevocationEntry(.everything(upTo: epoch - .seconds(2)), expiresAt: end + .seconds(1)),
        ]
        var seen: Set<[Bool]> = []
        for order in permutations(Array(entries.indices)) {
            var view = RevocationView()
            for index in order { view.apply(entries[index]) }
            seen.insert(answers(&view))
        }
        #expect(seen.count == 1)
    }

    private func answers(_ view: inout RevocationView) -> [Bool] {
        var answers: [Bool] = []
        for now in [end - .seconds(2), end - .seconds(1), end, end + .seconds(1)] {
            view.expire(now: now)
            for offset in [-2000, -1000, 0, 1, 1000, 1001] as [Int64] {
                for subject in [anna, Subject(text: "bob")!] {
                    answers.append(view.isRevoked(session: session(epoch + .milliseconds(offset)), subject: subject, client: shop, key: key))
                }
            }
        }
        return answers
    }

    private func permutations(_ items: [Int]) -> [[Int]] {
        guard let first = items.first else { return [[]] }
        return permutations(Array(items.dropFirst())).flatMap { rest in
            (0...rest.count).map { Array(rest[..<$0]) + [first] + Array(rest[$0...]) }
        }
    }
}
