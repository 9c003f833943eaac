import ArgumentParser
import JOSE
import TokenCore

/// `mintmark pool`: pools of tokens that workers check out, keep alive and give back.
struct PoolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pool", abstract: "Make pools of tokens, fill them and watch them.",
        discussion: "Without --pool, generate, assign, stats, watch, import and drain speak of the pool default, which the configuration makes.",
        subcommands: [
            CreatePoolCommand.self, ListPoolsCommand.self, PoolStatsCommand.self, GenerateTokensCommand.self, AssignTokenCommand.self,
            WatchPoolsCommand.self, ImportTokensCommand.self, DrainPoolCommand.self,
        ])
}

/// Which pool a command speaks of.
struct PoolOption: ParsableArguments {
    @Option(help: ArgumentHelp("The pool.", valueName: "name")) var pool = "default"

    func validate() throws { try Self.check(pool) }

    static func check(_ name: String) throws {
        guard PoolName(name) != nil else {
            throw ValidationError("A pool's name is 1 to 64 letters, digits, -, _ and ., and begins with a letter or a digit.")
        }
    }
}

/// `mintmark pool create`.
struct CreatePoolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a pool; what is not said has the default of docs/pools.md.",
        discussion: "Durations are written 90s, 15m, 1h or 7d.")

    @Argument(help: "Its name.") var name: String
    @Option(help: "Which free token is assigned next: fifo, random or least_recently_used.") var order: String?
    @Option(help: "How long a token is its holder's without a sign of life.") var lifetime: String?
    @Option(help: "How long a token rests after it was given back.") var unblockLifetime: String?
    @Option(help: "A token without a sign of life for that long is deleted.") var keepAliveLimit: String?
    @Option(help: "How many tokens there may be.") var maxTokens: Int?
    @Option(help: "How long a token may be held, however often it is kept alive.") var maxHold: String?
    @Option(help: "How many tokens one holder may have.") var maxPerHolder: Int?
    @Option(help: "After how many failures in a row a token is set aside.") var quarantineAfter: Int?
    @Option(help: "Over how many parts its tokens are spread, where one server is not enough for it.") var parts: Int?
    @Option(help: ArgumentHelp("How often one token may be assigned, such as 100/1h.", valueName: "count/span")) var rate: String?
    @OptionGroup var admin: AdminOptions

    func validate() throws {
        try PoolOption.check(name)
        if rate != nil, rateParts == nil { throw ValidationError("A rate is a count and a span, such as 100/1h.") }
    }

    private var rateParts: (count: Int64, span: String)? {
        guard let parts = rate?.split(separator: "/"), parts.count == 2, let count = Int64(parts[0]) else { return nil }
        return (count, String(parts[1]))
    }

    func run() async throws {
        let answer = try await admin.client().call("POST", ["pools", name], body: members)
        if admin.json { AdminOutput.json(answer) } else { Surroundings.current.print("The pool \(name) is there.") }
    }

    private var members: [(String, JSONValue)] {
        let texts = [
            ("order", order), ("lifetime", lifetime), ("unblock_lifetime", unblockLifetime), ("keep_alive_limit", keepAliveLimit),
            ("max_hold", maxHold),
        ]
        let numbers = [("max_tokens", maxTokens), ("max_per_holder", maxPerHolder), ("quarantine_after", quarantineAfter), ("parts", parts)]
        var members = texts.compactMap { name, text in text.map { (name, JSONValue.string($0)) } }
        members += numbers.compactMap { name, number in number.map { (name, JSONValue.integer(Int64($0))) } }
        if let rateParts {
            var object = JSONObject()
            object["count"] = .integer(rateParts.count)
            object["per"] = .string(rateParts.span)
            members.append(("rate", .object(object)))
        }
        return members
    }
}

/// `mintmark pool drain`.
struct DrainPoolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Have a pool assign nothing any more.",
        discussion: "It is drained when nothing of it is assigned: mintmark pool watch shows when.")

    @OptionGroup var option: PoolOption
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let answer = try await admin.client().call("POST", ["pools", option.pool, "drain"])
        if admin.json { return AdminOutput.json(answer) }
        let left = answer["assigned"]?.integer ?? 0
        let rest = left == 0 ? "it is drained" : "\(left) of its tokens are assigned"
        Surroundings.current.print("The pool \(option.pool) assigns nothing any more; \(rest).")
    }
}
