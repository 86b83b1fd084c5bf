import Bus
import Contracts
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// Turns whatever is thrown into an answer in the one shape of errors.
struct ErrorAnswers: Sendable {
    /// Methods that no route of ours takes, but that are told so.
    let routes: RouteList

    func answer(to error: any Error, context: GatewayContext) -> Response {
        let path = context.path
        let surface = Surface(path: path)
        switch error {
        case let fault as Fault: return surface.answer(fault)
        case is CancellationError: return surface.answer(Fault(.cut, "The request was given up by its client."))
        case let error as HTTPError where error.status == .notFound:
            let methods = routes.methods(for: path)
            guard !methods.isEmpty else {
                let code: Fault.Code = surface == .openAI ? .lost : .missing
                return surface.answer(Fault(code, "There is no such path."))
            }
            var response = surface.answer(
                Fault(.wrongMethod, "This path does not take \(context.head.method.rawValue).")
            )
            response.headers[.allow] = methods.joined(separator: ", ")
            return response
        case let error as HTTPError where (400..<500).contains(error.status.code):
            return surface.answer(Fault(.invalid, error.body ?? "The request cannot be understood."))
        case is HTTPParserError, is ByteToMessageDecoderError, is ChannelError, is IOError:
            // The connection broke while the request was read; what it carried belongs in no log.
            return surface.answer(Fault(.invalid, "The request broke off, or is not HTTP/1.1 as RFC 9112 has it."))
        default:
            Logger.current.error(
                "Request failed",
                metadata: [
                    "request.id": "\(context.requestID)", "request.path": "\(path)", "error": "\(error)",
                ]
            )
            return surface.answer(.unexpected(requestID: context.requestID))
        }
    }
}
