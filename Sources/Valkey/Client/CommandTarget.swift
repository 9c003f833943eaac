import NIOCore

/// Where commands can go: one server, or the nodes of a cluster.
protocol CommandTarget: Sendable {
    var configuration: ValkeyClientConfiguration { get }
    /// The node for commands of a slot; nil: of none.
    func node(for slot: HashSlot?) async throws(ValkeyClientError) -> ValkeyNode
    /// The node that another node pointed at; nil: nobody follows it.
    func node(after verdict: ReplyVerdict, from node: ValkeyNode) -> ValkeyNode?
    /// Called before a try after one that failed.
    func recover() async
}

extension CommandTarget {
    /// Carries commands of one slot to their replies.
    ///
    /// - Parameter timeout: for everything together, on top of what commands block on purpose; nil: as configured.
    func run(_ commands: [any ValkeyCommand], slot: HashSlot?, on fixed: ValkeyNode? = nil, timeout: Duration?) async -> [Result<
        RESPToken, ValkeyClientError
    >] {
        let deadline = deadline(commands, timeout)
        var run = CommandRun(commands)
        var redirected: ValkeyNode? = fixed
        var asking = false
        while true {
            var node: ValkeyNode?
            let result: Result<[RESPToken], ValkeyClientError>
            do throws(ValkeyClientError) {
                let chosen = if let redirected { redirected } else { try await self.node(for: slot) }
                node = chosen
                result = await chosen.send(run.parcel(asking: asking), deadline: deadline)
            } catch {
                result = .failure(error)
            }
            switch run.finished(result, asking: asking) {
            case .done: return run.outcome
            case .teach: redirected = node
            case .redirect(let verdict):
                guard fixed == nil, let node, let next = self.node(after: verdict, from: node) else { return run.outcome }
                redirected = next
                if case .ask = verdict { asking = true } else { asking = false }
            case .wait:
                guard await pause(run.failures, deadline) else { return run.outcome }
                redirected = fixed
                asking = false
            }
        }
    }

    /// - Returns: false: there is no time for another try.
    func pause(_ failures: Int, _ deadline: NIODeadline) async -> Bool {
        let pause = configuration.retries.wait(failures: failures, chance: .random(in: 0...1))
        guard NIODeadline.now() + TimeAmount(pause) < deadline, (try? await Task.sleep(for: pause)) != nil else { return false }
        await recover()
        return true
    }

    private func deadline(_ commands: [any ValkeyCommand], _ timeout: Duration?) -> NIODeadline {
        var time = timeout ?? configuration.commandTimeout
        for command in commands where command.isBlocking {
            guard let blocking = command.blockingTime else { return .distantFuture }
            time += blocking
        }
        return .now() + TimeAmount(time)
    }
}
