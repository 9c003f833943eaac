import ArgumentParser

@main
struct MintmarkBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mintmark-bench",
        abstract: "Measures Mintmark beside a bare HTTP server, on this machine, in one run.",
        subcommands: [RunCommand.self, LoadCommand.self, HelloServer.self, IdentitiesCommand.self],
        defaultSubcommand: RunCommand.self)
}
