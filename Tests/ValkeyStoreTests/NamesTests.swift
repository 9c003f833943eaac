import Testing
import TokenCore
import Valkey

@testable import ValkeyStore

/// The names of what is on the servers.
@Suite struct NamesTests {
    @Test func noTwoPartitionsShareAName() {
        let all = ValkeyStore.partitions(Partition.most)
        #expect(all.count == Partition.most + 1)
        #expect(Set(all.map { Names($0).tag }).count == all.count)
    }

    @Test func everythingOfAPartitionIsInOneSlot() {
        for partition in ValkeyStore.partitions(64) {
            let names = Names(partition)
            let all = [
                names.marker, names.heads, names.revocations, names.outbox, names.facts, names.clock, names.record(.family, Array("}{a}".utf8)),
                names.index(.subject, Array("{b}".utf8)), names.list(.client),
            ]
            #expect(Set(all.map { HashSlot(key: $0) }).count == 1)
            #expect(Set(all).count == all.count)
        }
    }

    @Test func noRecordIsCalledAsSomethingElse() {
        let letters = RecordKind.allCases.map(\.letter)
        #expect(Set(letters).count == letters.count)
        #expect(letters.allSatisfy { $0.count == 1 && $0 == $0.lowercased() })
    }
}
