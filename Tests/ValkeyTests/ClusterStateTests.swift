import NIOCore
import Testing

@testable import Valkey

/// Which key belongs where, and who serves it.
@Suite("Slots")
struct ClusterStateTests {
    private let a = ValkeyServerAddress.hostname("a", port: 1)
    private let b = ValkeyServerAddress.hostname("b", port: 2)
    private let c = ValkeyServerAddress.hostname("c", port: 3)

    @Test func slotsAreCRC16OfKeyOrTag() {
        // The check value of CRC-16/XMODEM, and keys of the cluster specification.
        #expect(HashSlot.crc16("123456789".utf8) == 0x31C3)
        #expect(HashSlot(key: "123456789").rawValue == 0x31C3)
        #expect(HashSlot(key: "{user1000}.following") == HashSlot(key: "{user1000}.followers"))
        #expect(HashSlot(key: "foo{bar}{zap}") == HashSlot(key: "bar"))
        #expect(HashSlot(key: "foo{{bar}}zap") == HashSlot(key: "{bar"))
        for untagged in ["foo{}{bar}", "foo{bar", "foo}bar{"] {
            #expect(HashSlot(key: ValkeyKey(untagged)).rawValue == HashSlot.crc16(untagged.utf8) % 16384)
        }
        #expect(HashSlot(rawValue: 16384) == nil && HashSlot(rawValue: -1) == nil)
    }

    private func node(_ port: Int, _ role: String, _ health: String, endpoint: String = "$1|h|") -> String {
        "%5|+port|:\(port)|+tls-port|:\(port + 100)|+endpoint|\(endpoint)+role|+\(role)|+health|+\(health)|"
    }

    @Test func shardsAreReadWithTheirHealthyPrimaries() throws {
        let shards = reply(
            "*2|%2|+slots|*4|:0|:5|:10|:11|+nodes|*2|\(node(1, "master", "fail"))\(node(2, "master", "online"))"
                + "%2|+slots|*2|:6|:9|+nodes|*2|\(node(3, "replica", "online"))\(node(4, "primary", "online", endpoint: "_|"))")
        let map = try SlotMap(shards: shards, asked: a, isEncrypted: false)
        #expect(map[slot(0)] == .hostname("h", port: 2) && map[slot(10)] == .hostname("h", port: 2))
        #expect(map[slot(9)] == .hostname("a", port: 4), "who does not know his host has the one that was asked")
        #expect(map[slot(12)] == nil && map.covered == 12)
        #expect(!map.nodes.contains(.hostname("h", port: 1)) || map.nodes.count == 4)
        #expect(try SlotMap(shards: shards, asked: a, isEncrypted: true)[slot(0)] == .hostname("h", port: 102))
    }

    @Test func slotsOfOlderServersAreRead() throws {
        let slots = reply("*2|*4|:0|:5|*2|+h|:1|*2|+h|:2|*3|:6|:16383|*3|$0||:3|+id|")
        let map = try SlotMap(slots: slots, asked: a)
        #expect(map[slot(5)] == .hostname("h", port: 1) && map[slot(16383)] == .hostname("a", port: 3))
        #expect(map.covered == 16384 && map.nodes.contains(.hostname("h", port: 2)))
    }

    @Test(arguments: ["+OK|", "*1|+x|", "*1|*3|:5|:0|*2|+h|:1|", "*1|*3|:0|:5|*2|+h|:0|", "*1|*3|:0|:5|*0|"])
    func whatIsNoMapIsRefused(text: String) {
        #expect(throws: RESPDecodeError.self) { try SlotMap(slots: reply(text), asked: a) }
    }

    private func slot(_ number: Int) -> HashSlot { HashSlot(rawValue: number) ?? HashSlot(key: "") }

    private func view(_ epoch: UInt64, _ owner: ValkeyServerAddress, isHealthy: Bool = true) -> ClusterState.View {
        var map = SlotMap()
        map.assign(0...16383, to: owner)
        map.epoch = epoch
        return .init(map: map, isHealthy: isHealthy)
    }

    @Test func theLatestHealthyAccountWins() {
        var state = ClusterState(seeds: [a])
        state.adopt([view(3, a), view(5, b), view(9, c, isHealthy: false)], asked: 3)
        #expect(state.map[slot(0)] == b)
        state.adopt([view(4, a)], asked: 3)
        #expect(state.map[slot(0)] == b, "a node that was cut off does not lead back")
        state.adopt([view(4, a), view(4, a)], asked: 3)
        #expect(state.map[slot(0)] == a, "unless most say so")
        state.adopt([], asked: 3)
        #expect(state.map[slot(0)] == a)
    }

    @Test func aMovedSlotMovesAlone() {
        var state = ClusterState(seeds: [a])
        state.adopt([view(1, a)], asked: 1)
        state.moved(7, to: b)
        #expect(state.map[slot(7)] == b && state.map[slot(8)] == a)
        #expect(state.needs(a) && state.needs(b) && !state.needs(c))
    }

    @Test func seedsAndLearntNodesAreAskedInTurn() {
        var state = ClusterState(seeds: [a])
        #expect(state.candidates(most: 3, start: 12_345) == [a])
        state.adopt([view(1, b)], asked: 1)
        #expect(state.candidates(most: 1, start: 0) == [a] && state.candidates(most: 1, start: 1) == [b])
        #expect(Set(state.candidates(most: 9, start: 1)) == [a, b])
    }

    @Test func commandsTravelByTheirSlots() throws {
        let apart = try ClusterState.groups([GET("a"), GET("b"), GET("{a}2")])
        #expect(apart.map(\.indices) == [[0, 2], [1]])
        #expect(try ClusterState.groups([GET("a"), PING()]).map(\.indices) == [[0, 1]])
        #expect(try ClusterState.groups([PING()]).map(\.slot) == [nil])
        #expect(throws: ValkeyClientError.self) { try ClusterState.groups([GET("a"), GET("b"), PING()]) }
        #expect(throws: ValkeyClientError.self) { try ClusterState.groups([MGET(keys: ["a", "b"])]) }
    }
}
