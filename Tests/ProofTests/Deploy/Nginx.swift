import Foundation

/// nginx with deploy/nginx.conf.
enum Nginx {
    /// deploy/nginx.conf as it is, but for the addresses and the place of its log.
    static func configuration(port: Int, upstream: Int, nameServer: Int, in folder: DataFolder) throws -> String {
        try Deploy.text("nginx.conf").replacingOnce([
            ("listen 8080;", "listen 127.0.0.1:\(port);"),
            ("server mintmark:8080 resolve ", "server \(NameServer.name):\(upstream) resolve "),
            ("resolver 127.0.0.11 valid=1s", "resolver 127.0.0.1:\(nameServer) valid=1s"),
            ("/var/log/nginx/", folder.path + "/nginx-"),
        ])
    }

    /// deploy/nginx.conf as its comments say that it is changed where no name server is asked and TLS is on.
    static func configurationWithNames(in folder: DataFolder) throws -> String {
        let lines = try Deploy.text("nginx.conf").split(separator: "\n").filter { !$0.hasPrefix("    resolver") }.map { line in
            line.contains("server mintmark:8080 resolve") ? "        server 10.0.0.11:8080 max_fails=2 fail_timeout=2s;" : String(line)
        }
        // Directories of its package, which is not installed.
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder.path)/\($0);" }
        return try lines.joined(separator: "\n").replacingOnce([
            ("\nhttp {", "\nhttp {\n" + folders.joined(separator: "\n")), ("/var/log/nginx/", folder.path + "/nginx-"),
            ("# listen 8443 ssl;", "listen 8443 ssl;"),
            ("# ssl_certificate     /etc/nginx/tls/tls.pem;", "ssl_certificate \(folder.path)/tls.pem;"),
            ("# ssl_certificate_key /etc/nginx/tls/tls.key;", "ssl_certificate_key \(folder.path)/tls.key;"),
            ("# ssl_protocols", "ssl_protocols"),
        ])
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

    /// Runs one for as long as the body does.
    static func use<T>(_ configuration: String, port: Int, in folder: DataFolder, _ body: () async throws -> T) async throws -> T {
        let child = try ChildProcess(
            try command(.nginx, configuration, in: folder), output: folder.path + "/nginx.out", log: folder.path + "/nginx.err", in: folder.path)
        do {
            try await listens(port, child, folder)
            let result = try await body()
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
