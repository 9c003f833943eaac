import Foundation
import NIOHTTP1
import Testing
import ValkeyServer

extension Proofs {
    /// What deploy/ watches is what a server tells.
    @Suite struct WatchedMetricsProofTests {
        @Test func everyMetricThatIsWatchedIsExported() async throws {
            let exported = try await exportedWithTheEmbeddedStore().union(try await exportedWithASharedStore())
            for file in ["prometheus/alerts.yml", "grafana/dashboards/mintmark.json"] {
                let watched = Self.metrics(in: try Deploy.text(file))
                #expect(watched.count > 5)
                for name in watched {
                    let family = ["_bucket", "_sum", "_count"].first { name.hasSuffix($0) }.map { String(name.dropLast($0.count)) }
                    #expect(exported.contains(name) || family.map(exported.contains) ?? false, "\(file) watches \(name), which nobody exports")
                }
            }
        }

        private func exportedWithTheEmbeddedStore() async throws -> Set<String> {
            try await DataFolder.use { folder in
                let operate = try await Operator(folder)
                let upstream = ["source": "exec", "command": #"echo,{"token":"t"}"#, "allow": "loopback"]
                let settings = Dictionary(uniqueKeysWithValues: upstream.map { ("upstreams.crm.\($0.key)", $0.value) })
                return try await ServerProcess.use(folder, operate.settings.merging(settings) { $1 }) { _ in
                    Self.families(in: try await HTTPConnection.open(port: operate.ports.admin).send(.GET, "/metrics").text)
                }
            }
        }

        private func exportedWithASharedStore() async throws -> Set<String> {
            try await ValkeyServer.run(.valkey, ["--maxmemory-policy", "noeviction"]) { valkey in
                try await DataFolder.use { folder in
                    try await Fleet.use(folder, store: "valkey://127.0.0.1:\(valkey.port)") { fleet in
                        try await fleet.start(1)
                        return Self.families(in: try await fleet.metrics(at: 1))
                    }
                }
            }
        }

        /// What a page of metrics has.
        private static func families(in page: String) -> Set<String> {
            Set(page.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { String($0.split(separator: " ")[2]) })
        }

        /// Grafana shows nothing for a panel without a data source, and half of two panels with one id.
        @Test func everyPanelOfTheDashboardAsksTheProvisionedSource() throws {
            let text = try Deploy.text("grafana/dashboards/mintmark.json")
            let dashboard = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            let panels = try #require(dashboard?["panels"] as? [[String: Any]])
            let charts = panels.filter { $0["type"] as? String != "row" }
            #expect(charts.count > 8 && Set(panels.compactMap { $0["id"] as? Int }).count == panels.count)
            let source = try #require(try Deploy.text("grafana/provisioning/datasources/prometheus.yaml").firstMatch(of: /uid: (\w+)/)?.output.1)
            for panel in charts {
                #expect((panel["datasource"] as? [String: Any])?["uid"] as? String == String(source), "\(panel["title"] ?? "")")
                let targets = panel["targets"] as? [[String: Any]] ?? []
                #expect(!targets.isEmpty && targets.allSatisfy { ($0["expr"] as? String)?.isEmpty == false }, "\(panel["title"] ?? "")")
            }
        }

        /// Every name of ours in a text. Those of groups and files have capitals or other characters around them.
        private static func metrics(in text: String) -> Set<String> {
            Set(text.matches(of: /mintmark_[a-z0-9_]+/).map { String($0.output) })
        }
    }
}
