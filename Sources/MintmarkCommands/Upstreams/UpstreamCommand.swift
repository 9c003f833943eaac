import ArgumentParser
import JOSE

/// `mintmark upstream`: tokens that others issue, for scripts and as a sidecar.
struct UpstreamCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upstream", abstract: "Serve, print and watch tokens that others issue.",
        discussion: "What the upstreams are is said in the configuration, below upstreams: docs/upstreams.md.",
        subcommands: [ServeUpstreamsCommand.self, GetUpstreamTokenCommand.self, ListUpstreamsCommand.self, InvalidateUpstreamCommand.self])
}

/// `mintmark upstream get`.
struct GetUpstreamTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Print the token of an upstream, alone on a line.",
        discussion: "Ends with 1 when there is no such upstream, and with 69 when there is no token now.")

    @Argument(help: "The upstream.") var name: String
    @OptionGroup var options: UpstreamOptions

    func run() async throws {
        let answer = try await options.call("GET", ["upstreams", name, "token"])
        if options.admin.json { return AdminOutput.json(answer) }
        guard let token = answer["access_token"]?.string else { throw CommandFailure(.failed, "the server answered without a token.") }
        Surroundings.current.print(token)
    }
}

/// `mintmark upstream list`.
struct ListUpstreamsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the upstreams and how they stand.")

    @OptionGroup var options: UpstreamOptions

    func run() async throws {
        let answer = try await options.call("GET", ["upstreams"])
        if options.admin.json { return AdminOutput.json(answer) }
        AdminOutput.table(
            answer["upstreams"]?.array ?? [],
            [
                ("UPSTREAM", "upstream"), ("SOURCE", "source"), ("STATE", "state"), ("EXPIRES IN", "expires_in"),
                ("NEXT REFRESH IN", "next_refresh_in"), ("FETCHES", "fetches"), ("FAILURES", "failures"), ("LAST ERROR", "last_error"),
            ], nothing: "There are no upstreams.")
    }
}

/// `mintmark upstream invalidate`.
struct InvalidateUpstreamCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invalidate", abstract: "Have the token of an upstream fetched anew, because it is not accepted any more.")

    @Argument(help: "The upstream.") var name: String
    @OptionGroup var options: UpstreamOptions

    func run() async throws {
        var body: [(String, JSONValue)]?
        if !options.isAdministrator {
            let current = try await options.call("GET", ["upstreams", name, "token"])
            body = [("access_token", current["access_token"] ?? .null)]
        }
        let answer = try await options.call("POST", ["upstreams", name, "invalidate"], body: body)
        if options.admin.json { AdminOutput.json(answer) } else { Surroundings.current.print("The token of \(name) is served no more.") }
    }
}
