namespace KadOrleans.Silo.Health;

/// <summary>
/// Whether the silo takes calls: it is active among the cluster's silos and has started, which it does only if it agrees
/// with them on the cluster's settings. Neither question leaves the process.
/// </summary>
internal sealed class SiloReadiness(IHostApplicationLifetime lifetime, ISiloStatusOracle silos)
{
    /// <summary>What the silo is at, as one word.</summary>
    public string State => lifetime switch
    {
        { ApplicationStopping.IsCancellationRequested: true } => "stopping",
        { ApplicationStarted.IsCancellationRequested: false } => "starting",
        _ => silos.CurrentStatus == SiloStatus.Active ? Ready : silos.CurrentStatus.ToString(),
    };

    /// <summary>Whether calls are taken.</summary>
    public bool IsReady => State == Ready;

    private static string Ready => "ready";
}
