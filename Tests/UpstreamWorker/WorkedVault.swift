import Dispatch
import Logging
import SQLiteStore
import Synchronization
import TokenClient
import TokenCore
import TokenSealing
import Valkey
import ValkeyStore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The steps of a rotation, and the one at which this process ends itself as if by SIGKILL from outside.
final class Steps: Sendable {
    private let stopAt: String
    private let saves = Mutex(0)

    init(stopAt: String) { self.stopAt = stopAt }

    func reached(_ step: String) {
        guard step == stopAt else { return }
        say("stopping at \(step)")
        kill(getpid(), SIGKILL)
        sleep(60)
    }

    /// The end comes while the next lines run, or right after them.
    func reached(during step: String) {
        guard step == stopAt else { return }
        say("stopping at \(step)")
        DispatchQueue.global().asyncAfter(deadline: .now() + .microseconds(Int.random(in: 0...2000))) { kill(getpid(), SIGKILL) }
    }

    /// The end is on its way: nothing more happens until it is there.
    func stay(after step: String) {
        if step == stopAt { sleep(60) }
    }

    /// The number of the save that begins: 1 is the intent, 2 the answer, 3 the publication.
    func nextSave() -> Int {
        saves.withLock { saves in
            saves += 1
            return saves
        }
    }
}

/// What is wrong with a vault on purpose.
enum Fault: String {
    /// It says that the answer is stored, and does not store it.
    case unstored
    /// Its clock stands, so that nothing published ever expires.
    case stoppedClock
}

/// A vault that says when it is used, and may be faulty.
final class WorkedVault: TokenVault {
    private let vault: any TokenVault
    private let steps: Steps
    private let fault: Fault?
    private let firstTime = Mutex<UnixTime?>(nil)

    init(_ vault: any TokenVault, _ steps: Steps, fault: Fault?) {
        self.vault = vault
        self.steps = steps
        self.fault = fault
    }

    var description: String { vault.description }

    func load(_ key: VaultKey) async throws(StoreError) -> VaultEntry {
        var entry = try await vault.load(key)
        if fault == .stoppedClock {
            entry.now = firstTime.withLock { [now = entry.now] first in
                first = first ?? now
                return first ?? now
            }
        }
        return entry
    }

    func save(_ grant: UpstreamGrant, as key: VaultKey, over version: Version) async throws(StoreError) {
        let number = steps.nextSave()
        steps.reached("before-save-\(number)")
        steps.reached(during: "during-save-\(number)")
        if !(fault == .unstored && number == 2) { try await vault.save(grant, as: key, over: version) }
        steps.reached("after-save-\(number)")
        steps.stay(after: "during-save-\(number)")
    }
}

/// A vault by its name on the command line.
struct OpenedVault {
    let vault: any TokenVault
    /// Keeps the client's connections.
    let running: Task<Void, Never>?

    static func open(_ name: String, _ seals: SealKeys) async throws -> OpenedVault {
        let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
        switch parts[0] {
        case "memory": return OpenedVault(vault: MemoryVault(), running: nil)
        case "folder": return OpenedVault(vault: try SealedFileVault(folder: parts[1], seals: seals), running: nil)
        case "sqlite": return OpenedVault(vault: RecordVault(try SQLiteStore.open(.init(path: parts[1])), seals: seals), running: nil)
        case "valkey":
            let client = try ValkeyURL("valkey://127.0.0.1:\(parts[1])").makeClient(
                logger: Logger(label: "worker") { _ in SwiftLogNoOpLogHandler() })
            let store = try await ValkeyStore.open(client, .init(partitions: 4))
            let running = Task { await store.run() }
            return OpenedVault(vault: RecordVault(store, seals: seals), running: running)
        default: throw Trouble("no such vault")
        }
    }
}
