import JOSE
import TokenCore
import TokenEngine

extension Reply {
    /// The tokens that were made: the one answer besides `assign` that shows values.
    static func generated(_ tokens: [Secret]) -> Reply { .json { $0.tokens("tokens", tokens) } }

    /// What was taken out: one token, or a list where a count was named.
    static func assigned(_ tokens: [TakenToken], isBatch: Bool) -> Reply {
        .json { json in
            guard isBatch else { return tokens.first?.write(to: &json) ?? () }
            json.name("tokens")
            json.array { json in
                for token in tokens { json.object { token.write(to: &$0) } }
            }
        }
    }

    /// A token is alive, and for so long its holder's.
    static func alive(_ rest: Duration?) -> Reply {
        .json { json in
            json.member("assigned", rest != nil)
            if let rest { json.member("expires_in", rest.secondsDown) }
        }
    }

    /// A token was given back, and may be assigned again after so long.
    static func resting(_ rest: Duration) -> Reply { .json { $0.member("available_in", rest.secondsUp) } }

    /// What became of a token after a report.
    static func reported(_ reported: TokenPools.Reported) -> Reply {
        .json { json in
            switch reported {
            case .held(let rest):
                json.member("state", "assigned")
                json.member("expires_in", rest.secondsDown)
            case .resting(let rest):
                json.member("state", "resting")
                json.member("available_in", rest.secondsUp)
            case .quarantined: json.member("state", "quarantined")
            }
        }
    }

    /// How a pool stands.
    static func pool(_ pool: PoolName, _ statistics: PoolStatistics, isNew: Bool = false) -> Reply {
        .json(status: isNew ? .created : .ok) { statistics.write(to: &$0, of: pool) }
    }

    /// What a change of size did.
    static func resized(_ resized: TokenPools.Resized) -> Reply {
        .json { json in
            json.member("removed", Int64(resized.removed))
            json.member("leaving", Int64(resized.leaving))
            json.tokens("tokens", resized.made)
        }
    }

    /// What an import did.
    static func imported(_ progress: ImportProgress) -> Reply {
        .json { json in
            json.member("added", Int64(progress.added))
            json.member("known", Int64(progress.lines - progress.added))
        }
    }

    /// A page of a pool's tokens, without their values.
    static func pooled(_ tokens: [PooledToken], limit: Int) -> Reply {
        .json { json in
            json.name("tokens")
            json.array { json in
                for token in tokens { json.object { token.write(to: &$0) } }
            }
            json.name("next")
            if tokens.count == limit, let last = tokens.last { json.value(last.id.description) } else { json.null() }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func tokens(_ name: String, _ tokens: [Secret]) {
        self.name(name)
        array { json in for token in tokens { json.value(String(decoding: token.bytes, as: UTF8.self)) } }
    }
}

extension Duration {
    /// Whole seconds that certainly remain.
    fileprivate var secondsDown: Int64 { max(0, components.seconds) }
    /// Whole seconds after which it is certainly over.
    fileprivate var secondsUp: Int64 { (self + .milliseconds(999)).components.seconds }
}

extension TakenToken {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("token", String(decoding: value.bytes, as: UTF8.self))
        json.member("lease", lease.value)
        json.member("expires_in", lifetime.secondsDown)
        guard !metadata.isEmpty else { return }
        json.name("metadata")
        json.raw(metadata)
    }
}

extension PoolStatistics {
    func write(to json: inout JSONWriter, of pool: PoolName) {
        json.member("pool", pool.text)
        json.member("phase", phase.word)
        json.member("tokens", Int64(total))
        json.member("free", Int64(free))
        json.member("assigned", Int64(assigned))
        json.member("resting", Int64(resting))
        json.member("quarantined", Int64(quarantined))
        json.member("waiting", Int64(waiting))
        json.member("leaving", Int64(surplus))
        json.name("policy")
        json.object { policy.write(to: &$0) }
    }
}

extension PoolPhase {
    /// As it is written.
    fileprivate var word: String {
        switch self {
        case .open: "open"
        case .paused: "paused"
        case .draining: "draining"
        }
    }
}

extension PooledToken {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("id", id.description)
        switch standing {
        case .free(_, let until):
            json.member("state", "free")
            if let until { json.member("deleted_at", until.rfc3339) }
        case .assigned(let assignment):
            json.member("state", "assigned")
            json.member("holder", assignment.holder)
            json.member("lease", assignment.lease.value)
            json.member("assigned_at", assignment.since.rfc3339)
            json.member("expires_at", assignment.until.rfc3339)
        case .resting(let until):
            json.member("state", "resting")
            json.member("available_at", until.rfc3339)
        case .quarantined: json.member("state", "quarantined")
        }
        json.member("last_seen", lastSign.rfc3339)
        json.member("failures", Int64(failures))
        guard !metadata.isEmpty else { return }
        json.name("metadata")
        json.raw(metadata)
    }
}
