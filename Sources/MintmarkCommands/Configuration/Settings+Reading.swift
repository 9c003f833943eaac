import ValkeyStore

extension Settings {
    /// Reads every key of the table once, in the table's order.
    init(reading reader: inout ValueReader) {
        let server = Server(reading: &reader)
        self.server = server
        admin = Listener(host: reader.value(of: Keys.adminHost), port: reader.value(of: Keys.adminPort))
        let tokenFile = reader.value(of: Keys.adminTokenFile)
        let metricsHost = reader.value(of: Keys.metricsHost)
        self.metricsHost = metricsHost
        metrics = reader.value(of: Keys.metricsPort).map { Listener(host: metricsHost, port: $0) }
        logging = Logging(mode: reader.value(of: Keys.loggingMode), level: reader.value(of: Keys.loggingLevel))
        auth = Auth(reading: &reader, server: server)
        sessions = Sessions(maxPerSubject: reader.value(of: Keys.maxPerSubject).nonZero)
        login = Login(require: reader.value(of: Keys.loginRequire), allowFrom: reader.value(of: Keys.loginAllowFrom))
        pools = Pools(reading: &reader)
        let store = Store(reading: &reader)
        self.store = store
        adminTokenFile = tokenFile ?? Paths.withoutTrailingSlashes(store.path) + "/admin.token"
        isAdminTokenFileNamed = tokenFile != nil
        events = Events(reading: &reader)
        keys = SigningKeys(
            rotateEvery: reader.value(of: Keys.rotateEvery),
            publishAhead: reader.value(of: Keys.publishAhead),
            sealFile: reader.value(of: Keys.sealFile, default: Paths.withoutTrailingSlashes(store.path) + ".seal"),
            isSealFileNamed: reader.isNamed(Keys.sealFile))
        upstreams = Upstream.all(reading: &reader)
    }
}

extension Settings.Store {
    init(reading reader: inout ValueReader) {
        path = reader.value(of: Keys.storePath)
        let url = reader.value(of: Keys.storeURL)
        let authority = reader.value(of: Keys.storeAuthority).nonEmpty
        let partitions = reader.value(of: Keys.storePartitions)
        let create = reader.value(of: Keys.storeCreate)
        let mode = reader.value(of: Keys.acknowledge)
        let replicas = reader.value(of: Keys.replicas, default: mode == .replicated ? "1" : "0")
        let timeout = reader.value(of: Keys.acknowledgeTimeout)
        shared = url.map { url in
            let acknowledge: Acknowledge =
                switch mode {
                case .memory: .memory
                case .replicated: .replicated(replicas: replicas, timeout: timeout)
                case .fsynced: .fsynced(replicas: replicas, timeout: timeout)
                }
            return .init(url: url, authorityFile: authority, partitions: partitions, isMadeWhenEmpty: create == .whenEmpty, acknowledge: acknowledge)
        }
        let ofShared: [any DescribedKey] = [
            Keys.maxStaleness, Keys.whenStale, Keys.storeAuthority, Keys.storePartitions, Keys.storeCreate, Keys.acknowledge, Keys.replicas,
            Keys.acknowledgeTimeout,
        ]
        let idle = shared == nil ? ofShared : mode == .memory ? [Keys.replicas, Keys.acknowledgeTimeout] : []
        idleKeys = idle.filter { reader.isNamed($0) }.map(\.name)
    }
}

extension Settings.Server {
    init(reading reader: inout ValueReader) {
        listener = .init(host: reader.value(of: Keys.serverHost), port: reader.value(of: Keys.serverPort))
        maxProcessors = reader.value(of: Keys.maxProcessors)
        let files = Settings.TLS(
            certificate: reader.value(of: Keys.certificate), key: reader.value(of: Keys.certificateKey))
        tls = files.certificate.isEmpty && files.key.isEmpty ? nil : files
        trustedProxies = reader.value(of: Keys.trustedProxies)
    }

    /// The issuer where none is configured; with a free port there is no number to put into it.
    var defaultIssuer: String {
        (tls == nil ? "http" : "https") + "://localhost" + (listener.port == 0 ? "" : ":\(listener.port)")
    }
}

extension Settings.Auth {
    init(reading reader: inout ValueReader, server: Settings.Server) {
        issuer = reader.value(of: Keys.issuer, default: server.defaultIssuer)
        isIssuerNamed = reader.isNamed(Keys.issuer)
        audience = reader.value(of: Keys.audience, default: issuer)
        algorithm = reader.value(of: Keys.algorithm)
        accessLifetime = reader.value(of: Keys.accessLifetime)
        refreshLifetime = reader.value(of: Keys.refreshLifetime)
        let autoLogout = reader.value(of: Keys.autoLogout)
        self.autoLogout = autoLogout == .zero ? nil : autoLogout
        refreshGrace = reader.value(of: Keys.refreshGrace)
        leeway = reader.value(of: Keys.leeway)
        legacyHS256 = reader.value(of: Keys.legacyHS256).nonEmpty
        maxStaleness = reader.value(of: Keys.maxStaleness)
        whenStale = reader.value(of: Keys.whenStale)
    }
}

extension Settings.Pools {
    init(reading reader: inout ValueReader) {
        lifetime = reader.value(of: Keys.poolLifetime)
        unblockLifetime = reader.value(of: Keys.poolUnblockLifetime)
        let limit = reader.value(of: Keys.poolKeepAliveLimit)
        keepAliveLimit = limit == .zero ? nil : limit
        maxTokens = reader.value(of: Keys.poolMaxTokens)
    }
}

extension Settings.Events {
    init(reading reader: inout ValueReader) {
        switch reader.value(of: Keys.eventsFile) {
        case "": sink = .none
        case "-": sink = .standardOutput
        case let path: sink = .file(path: path)
        }
        retain = reader.value(of: Keys.eventsRetain)
    }
}

extension Int {
    fileprivate var nonZero: Int? { self == 0 ? nil : self }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
