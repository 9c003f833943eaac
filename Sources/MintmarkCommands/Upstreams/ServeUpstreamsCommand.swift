import ArgumentParser
import JOSE
import Logging
import ServiceLifecycle
import TokenCore
import TokenEngine
import TokenHTTP
import UnixSignals

/// `mintmark upstream serve`: the sidecar.
struct ServeUpstreamsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the upstreams of the configuration, and nothing else, until SIGTERM or SIGINT.",
        discussion: "Listens on server.host, which is loopback, or on a Unix socket. It needs no store and knows no clients.")

    @Option(help: ArgumentHelp("Listen on this Unix socket.", valueName: "path")) var socket: String?
    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let settings = try options.servableSettings()
        LoggingSystem.bootstrap { settings.logHandler($0) }
        try await Sidecar(settings: settings, socket: socket.map(Surroundings.current.absolute), logger: Logger(label: "mintmark")).run()
    }
}

/// Joins the upstreams to a server of their own.
struct Sidecar {
    let settings: Settings
    /// Nil: the address of `server.host` and `server.port`.
    let socket: String?
    let logger: Logger

    /// Serves until SIGTERM or SIGINT.
    ///
    /// - Throws: `CommandFailure` with what to do when the configuration is not as it must be.
    func run() async throws {
        var served = settings
        // Nothing is fetched for whom nobody can be here.
        for index in served.upstreams.indices { served.upstreams[index].allow.removeAll { if case .client = $0.caller { true } else { false } } }
        let vault = served.keepsRefreshTokens ? try DataFolder(settings).vault(logger) : nil
        guard let upstreams = try served.upstreams(from: .current, keptIn: vault) else {
            throw CommandFailure(.configuration, "upstreams: there are none, and nothing to serve.")
        }
        guard socket != nil || settings.server.listener.isLoopback else {
            throw CommandFailure(.configuration, "server.host: a sidecar is for this machine. Set it to 127.0.0.1, or name a socket with --socket.")
        }
        warnOfClients()
        OpenFiles.raiseLimit(logger)
        let clock = settings.clock(floor: .epoch)
        let keeper = UpstreamKeeper(of: upstreams, clock: clock.now, logger: logger)
        let server = UpstreamServer(
            at: place, upstreams: UpstreamPlace(upstreams, keeper: keeper), clock: clock,
            loops: settings.server.maxProcessors == 0 ? nil : settings.server.maxProcessors, logger: logger
        ) { announce($0) }
        let services: [any Service] = [keeper, server]
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do { try await group.run() } catch let error as CannotListen { throw CommandFailure(error) } catch let error as UnixSocket.Failure {
            throw CommandFailure(error.isInUse ? .unavailable : .configuration, error.description)
        }
        logger.notice("stopped")
    }

    private var place: UpstreamServer.Place {
        if let socket { return .socket(path: socket, mode: mode) }
        return .address(.init(host: settings.server.listener.host, port: settings.server.listener.port))
    }

    /// The file of a socket lets its owner alone connect, unless another user is named: then everybody connects, and the system says who it is.
    private var mode: UInt32 {
        let users = settings.upstreams.flatMap(\.allow).compactMap { allowance -> UInt32? in
            if case .user(let number) = allowance.caller { number } else { nil }
        }
        return users.allSatisfy { $0 == PrivateFile.user || $0 == 0 } ? 0o600 : 0o666
    }

    private func warnOfClients() {
        for upstream in settings.upstreams where upstream.allow.contains(where: { if case .client = $0.caller { true } else { false } }) {
            logger.warning(
                "a sidecar knows no clients: whoever is named so gets nothing here; name loopback or uid:NUMBER",
                metadata: ["upstream": "\(upstream.name)"])
        }
    }

    private func announce(_ place: UpstreamServer.Place) {
        var json = JSONWriter()
        switch place {
        case .address(let address):
            logger.notice("listening", metadata: ["public": "\(address)"])
            json.object { json in
                json.member("event", "listening")
                json.member("public", "\(address)")
            }
        case .socket(let path, _):
            logger.notice("listening", metadata: ["socket": "\(path)"])
            json.object { json in
                json.member("event", "listening")
                json.member("socket", path)
            }
        }
        Surroundings.current.print(String(decoding: json.bytes, as: UTF8.self))
    }
}
