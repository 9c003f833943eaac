/// A server under test: where it listens and the process whose figures are read.
struct TestServer: Sendable {
    /// What the table calls it.
    let name: String
    let port: Int
    let process: ChildProcess

    func stop() { self.process.stop() }
}

extension TestServer {
    /// Starts the bare NIOHTTP1 baseline, which is this same program.
    static func hello(loops: Int, in folder: WorkFolder) async throws(BenchError) -> TestServer {
        let arguments = ["hello", "--port", "0", "--loops", String(loops)]
        let process = try ChildProcess(WorkFolder.thisProgram, arguments, output: folder.path + "/hello.log")
        return TestServer(name: "NIOHTTP1 hello", port: try await process.wait { self.publicPort(in: $0) }, process: process)
    }

    /// Starts nginx with one `return 200`.
    ///
    /// - Throws: also when nginx is not installed; `Bench/install-nginx.sh` does that.
    static func nginx(workers: Int, in folder: WorkFolder) async throws(BenchError) -> TestServer {
        let port = try FreePort.find()
        try folder.write(self.nginxConfiguration(port: port, workers: workers), to: "nginx.conf")
        let arguments = ["-p", folder.path, "-e", "nginx.err", "-c", folder.path + "/nginx.conf"]
        let process = try ChildProcess("nginx", arguments, output: folder.path + "/nginx.log")
        try await FreePort.wait(until: port, acceptsFor: process)
        return TestServer(name: "nginx return 200", port: port, process: process)
    }

    private static func nginxConfiguration(port: Int, workers: Int) -> String {
        """
        daemon off;
        worker_processes \(workers);
        pid nginx.pid;
        events { worker_connections 1024; }
        http {
            access_log off;
            client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
            keepalive_requests 1000000000;
            server { listen 127.0.0.1:\(port); location / { return 200 hello; } }
        }
        """
    }

    /// The port in the line `{"public":"127.0.0.1:8080",…}` that a server prints once it listens.
    static func publicPort(in output: String) -> Int? {
        let label = "\"public\":\"127.0.0.1:"
        guard let found = output.firstRange(of: label) else { return nil }
        let digits = output[found.upperBound...].prefix { $0.isNumber }
        return output[found.upperBound...].dropFirst(digits.count).first == "\"" ? Int(digits) : nil
    }
}
