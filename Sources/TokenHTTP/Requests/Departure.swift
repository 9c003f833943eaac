import NIOCore
import ServiceLifecycle
import TokenCore

/// Asks a connection of HTTP/1 to say when the other side will send nothing more, or is gone. One at a time: requests are answered in their order.
struct DepartureWatch: Sendable {
    /// Called at most once for each departure, on the event loop.
    let tell: @Sendable () -> Void
}

extension Incoming.Origin {
    /// Does long work for a caller, and cancels it when the caller has gone or the server is asked to stop. Callers that close their half of the
    /// connection and go on listening are taken for gone: both look the same from here.
    func untilDeparture<Value: Sendable>(
        _ work: @Sendable @escaping () async throws(OAuthError) -> Value
    ) async throws(OAuthError) -> Value {
        let task = Task { () -> Result<Value, OAuthError> in
            do throws(OAuthError) { return .success(try await work()) } catch { return .failure(error) }
        }
        if channel.isStream {
            channel.closeFuture.whenComplete { _ in task.cancel() }
        } else {
            channel.triggerUserOutboundEvent(DepartureWatch { task.cancel() }, promise: nil)
        }
        let result = await withGracefulShutdownHandler {
            await withTaskCancellationHandler {
                await task.value
            } onCancel: {
                task.cancel()
            }
        } onGracefulShutdown: {
            task.cancel()
        }
        return try result.get()
    }
}
