import ArgumentParser
import Logging

/// `mintmark serve`: the server, until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the server until SIGTERM or SIGINT.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let settings = try options.servableSettings()
        let logging = settings.logging
        LoggingSystem.bootstrap { LineLogHandler(label: $0, mode: logging.mode, logLevel: logging.level) }
        try await Serve(settings: settings, logger: Logger(label: "mintmark")).run()
    }
}
