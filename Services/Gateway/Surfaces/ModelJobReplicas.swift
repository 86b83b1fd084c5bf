import Bus
import Contracts

/// Finds the jobs of all replicas of inference-svc: each replica knows its own only.
///
/// A replica that does not answer hides the jobs of no other.
struct ModelJobReplicas: Sendable {
    /// Maximum time for the answer of a replica.
    private static let limit = Duration.seconds(3)

    let inference: any Bus

    /// The jobs of all replicas that answer, newest first.
    ///
    /// Throws the fault of a replica if none answers.
    func list(_ context: CallContext) async throws -> [ModelJob] {
        let answers = await ask(context)
        let jobs = answers.compactMap { answer -> [ModelJob]? in
            if case .success(let jobs) = answer.jobs { jobs } else { nil }
        }
        if jobs.isEmpty, case .failure(let error)? = answers.first?.jobs { throw error }
        return jobs.joined().sorted { ($0.startedAt, $0.id.description) > ($1.startedAt, $1.id.description) }
    }

    /// The replica that has a job.
    ///
    /// Throws `missing`, or `unavailable` if a replica that may have the job does not answer.
    func replica(of job: ModelJob.ID, _ context: CallContext) async throws -> any Bus {
        let answers = await ask(context)
        for answer in answers {
            if case .success(let jobs) = answer.jobs, jobs.contains(where: { $0.id == job }) { return answer.replica }
        }
        guard answers.allSatisfy({ if case .success = $0.jobs { true } else { false } }) else {
            throw Fault(
                .unavailable,
                "Job \(job) was not found, and a replica of inference-svc that may have it does not respond. Try again.",
                retryAfter: 2
            )
        }
        throw Fault(.missing, "Job \(job) not found. Finished jobs are kept for an hour.")
    }

    private struct Answer: Sendable {
        let replica: any Bus
        let jobs: Result<[ModelJob], any Error>
    }

    /// Asks all replicas at the same time.
    private func ask(_ context: CallContext) async -> [Answer] {
        var context = context
        let end = ContinuousClock.now + Self.limit
        context.deadline = min(context.deadline ?? end, end)
        return await withTaskGroup(of: (Int, Answer).self) { [context] group in
            for (index, replica) in inference.replicas.enumerated() {
                group.addTask {
                    do {
                        return (
                            index,
                            Answer(replica: replica, jobs: .success(try await replica.call(Models.Pulls(), context)))
                        )
                    } catch {
                        return (index, Answer(replica: replica, jobs: .failure(error)))
                    }
                }
            }
            var answers: [(Int, Answer)] = []
            for await answer in group { answers.append(answer) }
            return answers.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}
