import Hummingbird

/// The context of a request to an operator's route of an internal service.
struct OperationsContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
    }
}
