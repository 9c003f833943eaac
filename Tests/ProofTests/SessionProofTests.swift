import Testing

extension SharedProofs {
    /// The session API as a caller knows it, the same on the embedded store and on a shared one, asked of one instance or of several in turn.
    @Suite struct SessionProofTests {
        @Test(arguments: Deployment.allCases) func callersNoticeNoDifference(_ deployment: Deployment) async throws {
            try await deployment.use(["keys.publish_ahead": "0s"]) { instances in
                let scenarios = SessionScenarios(instances)
                try await scenarios.lifeOfASession(user: 10)
                try await scenarios.logoutOfAll(user: 20)
                try await scenarios.retryInsideTheGraceWindow(user: 30)
                try await scenarios.reuse(user: 40)
                try await scenarios.ownSessions(user: 50)
                try await scenarios.administration(user: 60)
                try await scenarios.keys(user: 70)
                try await instances.restart(["sessions.max_per_subject": "2", "login.require": "client"])
                try await SessionScenarios(instances).clientsAndTheLimit(user: 80)
            }
        }
    }
}
