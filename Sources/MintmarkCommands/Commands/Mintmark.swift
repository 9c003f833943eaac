import ArgumentParser

/// The root of the command line.
struct Mintmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mintmark",
        abstract: "A token manager: issues, validates, rotates and revokes the tokens of a system.",
        version: "mintmark \(BuildInformation.version)",
        subcommands: [
            ServeCommand.self, HealthCommand.self, ConfigCommand.self, KeysCommand.self, ClientsCommand.self, SessionsCommand.self, PoolCommand.self,
            UpstreamCommand.self, TokenCommand.self,
            BackupCommand.self, RestoreCommand.self, VersionCommand.self,
        ])

    /// Runs one command line to its end.
    ///
    /// - Parameter arguments: without the name of the program.
    /// - Returns: what to exit with; the texts are already written.
    static func execute(_ arguments: [String]) async -> Int32 {
        let surroundings = Surroundings.current
        do {
            var command = try parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return CommandStatus.ok.rawValue
        } catch let failure as CommandFailure {
            surroundings.complain("mintmark: \(failure.message)")
            return failure.status.rawValue
        } catch let code as ExitCode {
            return code.rawValue
        } catch {
            return explain(error, to: surroundings)
        }
    }

    /// Help and versions go to standard output and end with 0, mistakes in the command line to standard error with 64;
    /// anything else was not foreseen.
    private static func explain(_ error: any Error, to surroundings: Surroundings) -> Int32 {
        let status = exitCode(for: error).rawValue
        let text = fullMessage(for: error)
        if status == 0 { surroundings.print(text) } else if !text.isEmpty { surroundings.complain(text) }
        return status == 1 ? CommandStatus.failed.rawValue : status
    }
}

/// What this build is.
enum BuildInformation {
    /// Semantic version; CHANGELOG.md says what is in it.
    static let version = "0.1.0"
}
