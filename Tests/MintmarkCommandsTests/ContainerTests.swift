import FoundationEssentials
import Testing
import TokenCore

@testable import MintmarkCommands

/// What the containers of deploy/ are told is a configuration that is served, and their files agree with each other.
@Suite("deploy/ in containers")
struct ContainerTests {
    private func page(_ path: String) throws -> String {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let bytes = try #require(FileManager.default.contents(atPath: root + "/" + path), "there is no \(path)")
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Every variable that a text sets, written `NAME: value`, `NAME=value` or, in Compose, `NAME: ${OTHER:-value}`.
    private func environment(in text: String) -> [String: String] {
        let settings = text.matches(of: /\b(MINTMARK_[A-Z0-9_]+)(?:=|: )(\S+)/).map { match in
            let value = match.output.2.filter { $0 != "\"" }
            let fallback = value.firstRange(of: ":-").map { String(value[$0.upperBound...].dropLast()) }
            return (String(match.output.1), value.hasPrefix("$") ? fallback ?? "" : value)
        }
        return Dictionary(settings) { $1 }
    }

    private func image() throws -> [String: String] { environment(in: try page("Dockerfile")) }

    private func settings(_ environment: [String: String]) throws -> Settings {
        let settings = try ConfigurationSources(environment: try image().merging(environment) { $1 }).load().settings
        #expect(settings.contradictions(workingDirectory: "/var/lib/mintmark").map(\.description) == [])
        return settings
    }

    @Test func theImageAloneIsServed() throws {
        let settings = try settings([:])
        #expect(settings.server.listener.host == "127.0.0.1" && settings.store.path.hasPrefix("/var/lib/mintmark/"))
    }

    @Test func composeTellsWhoMayLogInByItsNetworks() throws {
        let text = try page("deploy/compose.yaml")
        let settings = try settings(environment(in: text))
        func subnet(_ network: String) throws -> String {
            let rest = try #require(text.firstRange(of: "\nnetworks:\n").map { text[$0.upperBound...] })
            let block = try #require(rest.firstRange(of: "  \(network):\n").map { rest[$0.upperBound...] })
            return String(try #require(block.firstMatch(of: /subnet: ([0-9.\/]+)/)).output.1)
        }
        #expect(settings.login.require == .loopback)
        #expect(settings.login.allowFrom.map(\.description) == [try subnet("logins")])
        #expect(settings.server.trustedProxies.map(\.description) == [try subnet("edge")])
        #expect(try page("deploy/nginx.conf").contains("\(try subnet("edge")) 1;"))
        // nginx is not where logins are believed.
        let nginx = try #require(text.firstRange(of: "\n  nginx:\n").map { text[$0.upperBound...] })
        #expect(nginx.firstMatch(of: /networks: (.*)/)?.output.1 == "[edge]")
        for port in text.matches(of: /ports: \[(.*)\]/) { #expect(port.output.1.hasPrefix("\"127.0.0.1:"), "\(port.output.0) is open to others") }
    }

    @Test func kubernetesTellsASoundConfiguration() throws {
        let base = try page("deploy/kubernetes/base/kustomization.yaml"), example = try page("deploy/kubernetes/overlays/example/kustomization.yaml")
        let store = ["MINTMARK_STORE_URL": "rediss://:x@valkey:6379"]
        for texts in [[base], [base, example]] {
            let settings = try settings(texts.map(environment).reduce(store) { $0.merging($1) { $1 } })
            #expect(settings.login.require == .client && !settings.server.trustedProxies.isEmpty)
        }
    }

    @Test func everybodyMeansTheSamePortsAndUsers() throws {
        let deployment = try page("deploy/kubernetes/base/deployment.yaml"), compose = try page("deploy/compose.yaml")
        let dockerfile = try page("Dockerfile")
        let metrics = try #require(settings([:]).metrics?.port)
        #expect(try page("deploy/prometheus/prometheus.yml").contains("port: \(metrics)\n"))
        #expect(deployment.contains("containerPort: \(metrics)\n") && dockerfile.contains("EXPOSE 8080 \(metrics)\n"))
        #expect(try page("deploy/nginx.conf").contains("server mintmark:\(settings([:]).server.listener.port) resolve"))
        let user = try #require(dockerfile.firstMatch(of: /USER ([0-9]+):([0-9]+)/)).output
        #expect(user.1 == user.2 && user.1 != "0")
        #expect(compose.contains("chown 0:\(user.2) ") && compose.contains("chmod 0440 "))
        for key in ["runAsUser", "runAsGroup", "fsGroup"] { #expect(deployment.contains("\(key): \(user.1)\n")) }
        #expect(deployment.contains("defaultMode: 0440\n"))
    }

    /// A target whose folder is missing ends the build, also of a program that does not need it.
    @Test func theImageIsBuiltFromAllThatTheManifestNames() throws {
        let copied = try page("Dockerfile").matches(of: /COPY (\w+) \w+/).map { String($0.output.1) }
        let named = try page("Package.swift").matches(of: /path: "(\w+)/).map { String($0.output.1) } + ["Sources"]
        #expect(Set(named) == Set(copied))
        let ignored = try page(".dockerignore").split(separator: "\n")
        #expect(ignored.contains("*"), "secrets lie in deploy/")
        for folder in copied + ["Package.swift"] { #expect(ignored.contains("!\(folder)")) }
    }
}
