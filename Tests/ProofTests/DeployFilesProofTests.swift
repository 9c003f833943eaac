import Foundation
import Testing

extension Proofs {
    /// Each file of deploy/ is read by the program that it is for, or judged by the schema that this program publishes.
    @Suite struct DeployFilesProofTests {
        @Test func nginxTakesItsConfiguration() async throws {
            try await DataFolder.use { folder in
                let configuration = try Nginx.configuration(port: 1, upstream: 8080, nameServer: 53, in: folder)
                try await isTaken(try Nginx.command(.nginx, configuration, in: folder) + ["-t"], in: folder)
            }
        }

        /// What the comments of nginx.conf say for machines without a name server, with Debian's nginx, and with TLS.
        @Test func debiansNginxTakesTheConfigurationWithNamedInstances() async throws {
            try await DataFolder.use { folder in
                let request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost"]
                try await isTaken(["openssl"] + request + ["-keyout", folder.path + "/tls.key", "-out", folder.path + "/tls.pem"], in: folder)
                try await isTaken(try Nginx.command(.nginxDebian, try Nginx.configurationWithNames(in: folder), in: folder) + ["-t"], in: folder)
            }
        }

        @Test func prometheusTakesItsConfigurationAndItsRules() async throws {
            try await DataFolder.use { folder in
                for (check, file) in [("check config", "prometheus.yml"), ("check rules", "alerts.yml"), ("test rules", "alerts_test.yml")] {
                    let words = check.split(separator: " ").map { String($0) }
                    try await isTaken([try Tool.promtool.path()] + words + ["\(Deploy.path)/prometheus/\(file)"], in: folder)
                }
            }
        }

        @Test func k6ReadsItsScript() async throws {
            try await DataFolder.use { folder in
                _ = try await isTaken([try Tool.k6.path(), "inspect", "--execution-requirements", Deploy.path + "/k6/session.js"], in: folder)
            }
        }

        @Test func theComposeFileIsOne() async throws {
            try await DataFolder.use { folder in
                let check = [try Tool.schemas.path(), "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
                try await isTaken(check + [Deploy.path + "/compose.yaml"], in: folder)
            }
        }

        /// Both units, with the program that was built, and a sandbox that systemd itself finds tight (below 2 of 10).
        @Test(
            .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze"), "there is no systemd-analyze here"),
            arguments: ["mintmark", "mintmark-upstream"])
        func systemdTakesTheUnit(name: String) async throws {
            try await DataFolder.use { folder in
                let unit = "\(folder.path)/\(name).service"
                let text = try Deploy.text("\(name).service").replacing("=/usr/local/bin/mintmark ", with: "=\(Binary.path) ")
                func complaint(_ text: String, _ arguments: String...) async throws -> (Int32, String) {
                    try text.write(toFile: unit, atomically: true, encoding: .utf8)
                    let outcome = try await ChildProcess.run(["/usr/bin/systemd-analyze"] + arguments + [unit], in: folder)
                    return (outcome.status, outcome.complaint)
                }
                // What it does not know it ignores, and says so.
                #expect(try await complaint(text, "verify") == (0, ""))
                #expect(try await complaint(text.replacing("ProtectHome=yes", with: "ProtectHome=perhaps"), "verify").1.contains("perhaps"))
                #expect(try await complaint(text, "security", "--offline=true", "--threshold=20").0 == 0)
            }
        }

        /// Rendered by kubectl, as it would be applied, and judged by the strict schema of that version.
        @Test(arguments: ["base", "overlays/example"])
        func kubernetesTakesWhatIsRendered(kustomization: String) async throws {
            try await DataFolder.use { folder in
                let rendered = try await isTaken([try Tool.kubectl.path(), "kustomize", "\(Deploy.path)/kubernetes/\(kustomization)"], in: folder)
                let file = folder.path + "/rendered.yaml"
                try rendered.write(toFile: file, atomically: true, encoding: .utf8)
                let check = [try Tool.schemas.path(), "-m", "kubernetes_validate", "--strict", "-k", "1.34"]
                try await isTaken(check + [file], in: folder)
                for kind in ["Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", "ConfigMap"] {
                    #expect(rendered.contains("\nkind: \(kind)\n"), "there is no \(kind)")
                }
            }
        }

        /// The checks above are worth something: each tool refuses what is wrong.
        @Test func theToolsRefuseWhatIsWrong() async throws {
            try await DataFolder.use { folder in
                func file(_ name: String, _ text: String) throws -> String {
                    try text.write(toFile: "\(folder.path)/\(name)", atomically: true, encoding: .utf8)
                    return "\(folder.path)/\(name)"
                }
                let compose = try file("compose.yaml", try Deploy.text("compose.yaml").replacing("    read_only: true", with: "    readonly: true"))
                let deployment = try file(
                    "deployment.yaml",
                    try Deploy.text("kubernetes/base/deployment.yaml").replacing("readOnlyRootFilesystem", with: "readOnlyRoot"))
                let rules = try file("rules.yml", try Deploy.text("prometheus/alerts.yml").replacing("rate(", with: "rat("))
                let nginx = try Nginx.configuration(port: 1, upstream: 8080, nameServer: 53, in: folder).replacing("least_conn;", with: "least;")
                let commands = [
                    [try Tool.schemas.path(), "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", compose],
                    [try Tool.schemas.path(), "-m", "kubernetes_validate", "--strict", "-k", "1.34", deployment],
                    [try Tool.promtool.path(), "check", "rules", rules],
                    try Nginx.command(.nginx, nginx, in: folder) + ["-t"],
                ]
                for command in commands {
                    let outcome = try await ChildProcess.run(command, in: folder)
                    #expect(outcome.status != 0, "\(command) takes everything")
                }
            }
        }

        /// Runs a check and expects it to be content.
        ///
        /// - Returns: what it printed.
        @discardableResult
        private func isTaken(_ command: [String], in folder: DataFolder) async throws -> String {
            let outcome = try await ChildProcess.run(command, in: folder)
            #expect(outcome.status == 0, "\(command.joined(separator: " ")): \(outcome.output) \(outcome.complaint) \(Nginx.errors(folder))")
            return outcome.output
        }
    }
}
