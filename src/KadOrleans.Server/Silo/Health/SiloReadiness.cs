using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace KadOrleans.Server;

// Whether the silo takes calls. It is active and started only if it agrees on the cluster's settings. Its storage and the edge
// directory must have responded lately, and its clock must be near the cluster's. A process with an edge is ready if that is ready
// too. Reading it makes no call.
internal sealed class SiloReadiness(
    IHostApplicationLifetime lifetime,
    ISiloStatusOracle silos,
    StorageWatch storage,
    ClockWatch clock,
    ClockService clocks,
    EdgeHealth? edge = null,
    TokenFile? tokens = null,
    ExpiryTime? own = null) : IHealthCheck
{
    public string State => lifetime switch
    {
        { ApplicationStopping.IsCancellationRequested: true } => "stopping",
        { ApplicationStarted.IsCancellationRequested: false } => "starting",
        _ when silos.CurrentStatus != SiloStatus.Active => silos.CurrentStatus.ToString(),
        _ when storage.IsAway => "storage away",
        _ when clocks.IsCutOff => "the other silos do not answer",
        _ => clock.IsSkewed ? "clock skew" : KadOrleans.Http.Health.Ready,
    };

    private string? Problem => storage.Problem ?? ClockProblem;

    // Ready, as what is held is served and stored by the time before. But if the jump was right, all of it is late until then.
    private string? ClockProblem => own?.Status.Ahead is { } ahead && ahead > ClockJudge.Tolerance
        ? $"The system's clock jumped ahead by {ahead.TotalSeconds:0} s: values live on without that until it has kept pace for {ClockJudge.SettlingTime.TotalMinutes:0} minutes."
        : null;

    /// <summary>
    /// The response of <c>/health/ready</c>. Storage that is slow or refuses writes does not end readiness: every silo has it, and reads need
    /// no write.
    /// </summary>
    public KadOrleans.Http.Health Health => new(State, Problem, storage.RefusesWrites || storage.IsAway);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(ProcessHealth.ToResult());

    /// <summary>The silo's, or in a process with an edge what that lacks.</summary>
    public KadOrleans.Http.Health ProcessHealth =>
        Health is { IsReady: true } && edge?.Obstacle is { } obstacle
            ? new($"edge not ready: {obstacle}", Problem, storage.RefusesWrites)
            : edge is { PutsFail: true } ? Health with { Reason = Health.Reason ?? EdgeHealth.Failing, RefusesWrites = true }
            : Health;

    public SiloState Describe()
    {
        var state = Health is { IsReady: false, Status: var missing } ? new SiloState(false, missing) : new SiloState(true, Problem ?? tokens?.Problem);
        return state with { ClockAhead = own?.Status.Ahead ?? TimeSpan.Zero };
    }
}
