import Foundation

/// nginx with deploy/nginx.conf.
enum Nginx {
    /// deploy/nginx.conf as it is, but for the addresses and the place of its log.
    static func configuration(port: Int, upstream: Int, nameServer: Int, in folder: DataFolder) throws -> String {
        try Deploy.text("nginx.conf")
            .replacing("listen 8080;", by: "listen 127.0.0.1:\(port);")
            .replacing("server mintmark:8080 resolve ", by: "server \(NameServer.name):\(upstream) resolve ", times: kindsOfWork)
            .replacing("resolver 127.0.0.11 valid=1s", by: "resolver 127.0.0.1:\(nameServer) valid=1s")
            .replacing("/var/log/nginx/", by: folder.path + "/nginx-")
    }

    /// Each has its own list of instances.
    private static let kindsOfWork = 3

    /// deploy/nginx.conf as its comments say that it is changed where no name server is asked and TLS is on.
    static func configurationWithNames(in folder: DataFolder) throws -> String {
        // Directories of its package, which is not installed.
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder.path)/\($0);" }
        let lines = try Deploy.text("nginx.conf").split(separator: "\n").filter { !$0.hasPrefix("    resolver") }
        return try lines.joined(separator: "\n")
            .replacing("        server mintmark:8080 resolve ", by: "        server 10.0.0.11:8080 ", times: kindsOfWork)
            .replacing("\nhttp {", by: "\nhttp {\n" + folders.joined(separator: "\n"))
            .replacing("/var/log/nginx/", by: folder.path + "/nginx-")
            .replacing("# listen 8443 ssl;", by: "listen 8443 ssl;")
            .replacing("# ssl_certificate     /etc/nginx/tls/tls.pem;", by: "ssl_certificate \(folder.path)/tls.pem;")
            .replacing("# ssl_certificate_key /etc/nginx/tls/tls.key;", by: "ssl_certificate_key \(folder.path)/tls.key;")
            .replacing("# ssl_protocols", by: "ssl_protocols")
    }

    /// A configuration that passes connections on as they are: ended, it is a cut line.
    static func line(from port: Int, to other: Int) -> String {
        "events {}\nstream { server { listen 127.0.0.1:\(port); proxy_pass 127.0.0.1:\(other); } }\n"
    }

    /// The command that runs nginx, or checks its configuration, in a folder.
    static func command(_ tool: Tool, _ configuration: String, in folder: DataFolder) throws -> [String] {
        let file = folder.path + "/nginx.conf"
        try configuration.write(toFile: file, atomically: true, encoding: .utf8)
        return [
            try tool.path(), "-p", folder.path, "-c", file, "-e", folder.path + "/nginx-error.log",
            "-g", "daemon off; pid \(folder.path)/nginx.pid; lock_file \(folder.path)/nginx.lock;",
        ]
    }

    /// Runs one for as long as the body does, which may end it earlier.
    static func use<T>(
        _ configuration: String, port: Int, in folder: DataFolder, _ body: (_ end: () async -> Void) async throws -> T
    ) async throws -> T {
        let child = try ChildProcess(
            try command(.nginx, configuration, in: folder), output: folder.path + "/nginx.out", log: folder.path + "/nginx.err", in: folder.path)
        do {
            try await listens(port, child, folder)
            let result = try await body { await end(child) }
            await end(child)
            return result
        } catch {
            await end(child)
            throw error
        }
    }

    private static func listens(_ port: Int, _ child: ChildProcess, _ folder: DataFolder) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline, child.status == nil {
            if (try? await HTTPConnection.open(port: port)) != nil { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw ServerProcess.DidNotStart(status: child.status, log: folder.text(folder.path + "/nginx.err") + errors(folder))
    }

    /// What nginx had to say of its work.
    static func errors(_ folder: DataFolder) -> String { folder.text(folder.path + "/nginx-error.log") }

    private static func end(_ child: ChildProcess) async {
        child.signal(SIGTERM)
        _ = await child.ended()
    }
}
