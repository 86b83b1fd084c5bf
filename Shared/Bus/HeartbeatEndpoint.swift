package import Contracts
import HTTP
import NIOCore

/// A streaming endpoint whose stream is opened at once and has frequent heartbeats: its caller notices within seconds
/// that the peer is gone.
package protocol HeartbeatEndpoint: StreamingEndpoint {
    /// The interval between heartbeats.
    static var heartbeatInterval: Duration { get }
    /// Maximum silence of the peer, before the stream is opened and within it.
    static var silenceLimit: Duration { get }
    /// How encoded elements begin that come before the response proper: until then the request may be sent again.
    static var preliminaryPrefix: String { get }
}

extension HeartbeatEndpoint {
    package static var heartbeatInterval: Duration { .seconds(3) }
    package static var silenceLimit: Duration { .seconds(10) }

    /// The heartbeats of a response.
    static var heartbeat: StreamHeartbeat {
        StreamHeartbeat(interval: TimeAmount(heartbeatInterval)) { ByteBuffer(string: "{\"heartbeat\":{}}\n") }
    }
}

extension Inference.Generate: HeartbeatEndpoint {
    package static var preliminaryPrefix: String { #"{"progress":"# }
}
