import ArgumentParser
import JOSE
import TokenCore

/// How pools stand, as rows.
enum PoolTable {
    static let columns: [AdminOutput.Column] = [
        ("POOL", "pool"), ("PHASE", "phase"), ("TOKENS", "tokens"), ("FREE", "free"), ("ASSIGNED", "assigned"), ("RESTING", "resting"),
        ("QUARANTINED", "quarantined"), ("WAITING", "waiting"),
    ]

    /// More pages than there are: a server that names itself as the next page does not hold us for ever.
    private static let mostPages = 10_000

    /// Every pool.
    static func all(_ client: AdminClient) async throws(CommandFailure) -> [JSONValue] {
        var pools: [JSONValue] = []
        var query: [(String, String)] = []
        for _ in 0..<mostPages {
            let page = try await client.call("GET", ["pools"], query: query)
            pools += page["pools"]?.array ?? []
            guard let next = page["next"]?.string else { return pools }
            query = [("after", next)]
        }
        throw CommandFailure(.failed, "the list of pools does not end.")
    }
}

/// `mintmark pool list`.
struct ListPoolsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the pools and how they stand.")

    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let pools = try await PoolTable.all(admin.client())
        if admin.json {
            var answer = JSONObject()
            answer["pools"] = .array(pools)
            return AdminOutput.json(answer)
        }
        AdminOutput.table(pools, PoolTable.columns, nothing: "There are no pools.")
    }
}

/// `mintmark pool stats`.
struct PoolStatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "stats", abstract: "Show how a pool stands, and its rules.")

    @OptionGroup var option: PoolOption
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let answer = try await admin.client().call("GET", ["pools", option.pool, "stats"])
        if admin.json { return AdminOutput.json(answer) }
        AdminOutput.table([.object(answer)], PoolTable.columns, nothing: "")
        var rules = Table("RULE", "VALUE")
        for member in answer["policy"]?.object?.members ?? [] { rules.append(member.name, AdminOutput.cell(member.value, named: member.name)) }
        Surroundings.current.print("\n" + rules.text)
    }
}

/// `mintmark pool watch`.
struct WatchPoolsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Show how the pools stand, again and again, until it is interrupted.")

    @Option(help: ArgumentHelp("How many seconds between two looks.", valueName: "seconds")) var every = 1
    @Option(help: ArgumentHelp("End after so many looks. Default: never.", valueName: "count")) var looks: Int?
    @OptionGroup var admin: AdminOptions

    func validate() throws {
        guard (1...3600).contains(every) else { throw ValidationError("--every is 1 to 3600 seconds.") }
        if let looks, looks < 1 { throw ValidationError("--looks is 1 or more.") }
    }

    func run() async throws {
        let client = try admin.client()
        var look = 0
        while true {
            let pools = try await PoolTable.all(client)
            show(pools, clears: look > 0)
            look += 1
            guard look < looks ?? .max else { return }
            try await Task.sleep(for: .seconds(every))
        }
    }

    /// A program reads one object a look; a person sees each table in the place of the one before.
    private func show(_ pools: [JSONValue], clears: Bool) {
        if admin.json {
            var answer = JSONObject()
            answer["pools"] = .array(pools)
            return AdminOutput.json(answer)
        }
        if clears { Surroundings.current.print("\u{1B}[H\u{1B}[2J") }
        AdminOutput.table(pools, PoolTable.columns, nothing: "There are no pools.")
    }
}
