import FoundationEssentials

extension TestServer {
    /// Starts nginx with deploy/nginx.conf in front of instances: as the file is, but for addresses and the places of its files.
    static func balancer(of instances: [TestServer], in folder: WorkFolder) async throws(BenchError) -> TestServer {
        let port = try FreePort.find()
        guard let text = try? String(contentsOfFile: "deploy/nginx.conf", encoding: .utf8) else {
            throw BenchError("deploy/nginx.conf is not here: the benchmark runs in the folder of the project")
        }
        let name = "balancer-\(instances.count)"
        let configuration = try self.balancerConfiguration(text, port: port, instances: instances.map(\.port), files: folder.path + "/" + name)
        try folder.write(configuration, to: name + ".conf")
        let file = folder.path + "/" + name
        let arguments = ["-p", folder.path, "-e", file + ".err", "-c", file + ".conf", "-g", "daemon off; pid \(file).pid; lock_file \(file).lock;"]
        let process = try ChildProcess("nginx", arguments, output: file + ".log")
        try await FreePort.wait(until: port, acceptsFor: process)
        return TestServer(name: "nginx", port: port, process: process)
    }

    /// The configuration of the deployment, with instances named in place of a name server asked, as its comments say.
    ///
    /// - Parameter files: with what the paths of its own files begin.
    /// - Throws: when the text is not what it was when this was written.
    static func balancerConfiguration(_ text: String, port: Int, instances: [Int], files: String) throws(BenchError) -> String {
        let server = "        server mintmark:8080 resolve "
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("    resolver") }
        guard lines.contains(where: { $0.hasPrefix(server) }), text.contains("listen 8080;"), text.contains("\nhttp {") else {
            throw BenchError("deploy/nginx.conf has changed: its addresses are not where they were")
        }
        let named = lines.flatMap { line -> [Substring] in
            guard line.hasPrefix(server) else { return [line] }
            let rest = line.dropFirst(server.count)
            return instances.map { "        server 127.0.0.1:\($0) \(rest)" }
        }
        // Folders of its package, which cannot be counted on.
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "    \($0)_temp_path \(files)-\($0);" }
        return named.joined(separator: "\n")
            .replacing("\nhttp {", with: "\nhttp {\n" + folders.joined(separator: "\n"))
            .replacing("listen 8080;", with: "listen 127.0.0.1:\(port);")
            .replacing("/var/log/nginx/", with: files + "-")
    }
}
