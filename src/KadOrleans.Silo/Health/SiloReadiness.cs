using KadOrleans.EdgeWorker.Clocks;

namespace KadOrleans.Silo.Health;

/// <summary>
/// Whether the silo takes calls: it is active among the cluster's silos and has started, which it does only if it agrees
/// with them on the cluster's settings; its storage and the silo that leases node ids answered lately; and its clock is near the
/// cluster's. No question leaves the process.
/// </summary>
internal sealed class SiloReadiness(
    IHostApplicationLifetime lifetime, ISiloStatusOracle silos, StorageWatch storage, ClockWatch clock, ClockService clocks)
{
    /// <summary>What the silo is at, in a few words.</summary>
    public string State => lifetime switch
    {
        { ApplicationStopping.IsCancellationRequested: true } => "stopping",
        { ApplicationStarted.IsCancellationRequested: false } => "starting",
        _ when silos.CurrentStatus != SiloStatus.Active => silos.CurrentStatus.ToString(),
        _ when storage.IsAway => "storage away",
        _ when clocks.IsCutOff => "the other silos do not answer",
        _ => clock.IsSkewed ? "clock skew" : Ready,
    };

    /// <summary>Whether calls are taken.</summary>
    public bool IsReady => State == Ready;

    private static string Ready => "ready";
}
