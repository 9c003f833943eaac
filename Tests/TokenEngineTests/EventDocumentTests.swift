import FoundationEssentials
import JOSE
import Testing
import TokenCore

@testable import TokenEngine

/// The page says what the sink writes: no name, member or reason more or less.
@Suite("docs/events.md") struct EventDocumentTests {
    private let page: String

    init() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        page = String(decoding: try #require(FileManager.default.contents(atPath: root + "/docs/events.md")), as: UTF8.self)
    }

    @Test func pageHasEveryNameInItsOrder() {
        #expect(firstColumn(of: "| event |") == Event.Name.allCases.map(\.rawValue))
    }

    @Test func pageHasEveryMemberInItsOrder() throws {
        let session = SessionID(birth: .epoch, partition: .control, random: 1)
        let outbox = try #require(Partition(number: 1))
        let full = [Event.Name.refreshed, .eventsDropped].map { name in
            NumberedEvent(
                outbox: outbox, number: 1,
                event: Event(name, at: .epoch, subject: "s", session: session, client: "c", key: "k", reason: "r", count: 1))
        }
        let token = try #require(PooledTokenID([UInt8](repeating: 1, count: 16)))
        let pooled = PoolEvent(.released, at: .epoch, token: token, lease: LeaseNumber(1), holder: "h", held: .seconds(1))
        let ofAPool = NumberedEvent(outbox: outbox, number: 1, event: Event(pooled, in: .usual))
        var upstream = Event(.upstreamRefreshed, at: .epoch)
        upstream.upstream = "u"
        let ofAnUpstream = NumberedEvent(outbox: outbox, number: 1, event: upstream)
        let written = try (full + [ofAPool, ofAnUpstream]).flatMap { try object(JSONLinesSink.line($0)).members.map(\.name) }
        let members = firstColumn(of: "| member |")
        #expect(Set(members) == Set(written))
        #expect(written.prefix(10) == members.prefix(10))
        let lines = page.split(separator: "\n").filter { line in Event.Name.allCases.contains { line.hasPrefix("| `\($0.rawValue)` |") } }
        for line in lines {
            let named = code(in: line.split(separator: "|").last ?? "")
            #expect(Set(named).isSubset(of: members), "\(line)")
        }
    }

    @Test func pageHasEveryReason() {
        // The reaper finds what an epoch ended, and the epoch was the event; reuse is an event of its own.
        let single = Family.RevocationReason.allCases.filter { $0 != .epoch && $0 != .reuse }.map(\.text)
        let all = ["logout_all", "replaced_all", "administrator_all", "everything"]
        #expect(firstColumn(of: "| `reason` of `revoked` |") == single + all)
    }

    /// The names in the first column of the table whose head begins so.
    private func firstColumn(of head: String) -> [String] {
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(where: { $0.hasPrefix(head) }) else { return [] }
        return lines[(start + 2)...].prefix { $0.hasPrefix("|") }.compactMap { line in
            line.split(separator: "|").first.flatMap { code(in: $0).first }
        }
    }

    private func code(in text: Substring) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
    }
}
