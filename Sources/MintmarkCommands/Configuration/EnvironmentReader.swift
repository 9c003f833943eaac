/// Reads `MINTMARK_*`, and below them what other programs call the same things, into a layer.
enum EnvironmentReader {
    static let prefix = "MINTMARK_"

    /// - Parameter environment: every variable of the process.
    static func read(_ environment: [String: String]) -> ConfigurationLayer {
        var layer = ConfigurationLayer(name: "environment")
        if let level = environment["LOG_LEVEL"], !level.isEmpty {
            layer.entries[Keys.loggingLevel.name] = .init(text: common(level), origin: .environment(name: "LOG_LEVEL"))
        }
        if let url = environment["REDIS_URL"], !url.isEmpty {
            layer.entries[Keys.storeURL.name] = .init(text: url, origin: .environment(name: "REDIS_URL"))
        }
        for (name, key) in poolNames {
            guard let text = environment[name], !text.isEmpty else { continue }
            layer.entries[key] = .init(text: key == Keys.poolMaxTokens.name ? text : seconds(text), origin: .environment(name: name))
        }
        for (name, text) in environment.sorted(by: { $0.key < $1.key }) where isOurs(name) {
            let origin = Origin.environment(name: name)
            if let key = byEnvironmentName[name] ?? UpstreamKeys.key(ofVariable: name) {
                layer.entries[key] = .init(text: text, origin: origin)
            } else {
                layer.problems.append(ConfigurationProblem(origin: origin, message: unknown(name)))
            }
        }
        return layer
    }

    /// Ours by its prefix, except what the build reads and what Kubernetes puts there for a service called "mintmark"
    /// (`MINTMARK_SERVICE_HOST`, `MINTMARK_PORT_8080_TCP`, …), which would otherwise keep the pod from starting.
    private static func isOurs(_ name: String) -> Bool {
        guard name.hasPrefix(prefix) else { return false }
        let rest = name.dropFirst(prefix.count)
        return rest != "SLICE" && rest != "PORT" && !rest.hasPrefix("PORT_") && !rest.hasPrefix("SERVICE_")
    }

    private static func unknown(_ name: String) -> String {
        let written = name.dropFirst(prefix.count).lowercased()
        let key = written.replacing("_", with: ".", maxReplacements: 1)
        if Keys.isNameOfAStore(key) { return Keys.unknown(key) }
        let near = EditDistance.nearest(to: written, among: Keys.all.map { $0.environmentName.dropFirst(prefix.count).lowercased() })
        guard let near else { return "There is no such variable: docs/configuration.md has them all." }
        return "There is no such variable; the nearest is \(prefix)\(near.uppercased())."
    }

    /// What services that lend tokens call the rules of their pool.
    private static let poolNames = [
        ("TOKEN_LIFETIME", Keys.poolLifetime.name), ("TOKEN_UNBLOCK_LIFETIME", Keys.poolUnblockLifetime.name),
        ("KEEP_ALIVE_LIMIT", Keys.poolKeepAliveLimit.name), ("MAX_TOKENS", Keys.poolMaxTokens.name),
    ]

    /// A bare number there is one of seconds; anything else is read, or refused, like every duration.
    private static func seconds(_ text: String) -> String {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } && text.contains { $0 != "0" } ? text + "s" : text.allSatisfy { $0 == "0" } ? "0" : text
    }

    /// `LOG_LEVEL` as other programs spell it: any case, and `warn`.
    private static func common(_ level: String) -> String {
        level.lowercased() == "warn" ? "warning" : level.lowercased()
    }

    private static let byEnvironmentName = Dictionary(
        uniqueKeysWithValues: Keys.all.map { ($0.environmentName, $0.name) })
}
