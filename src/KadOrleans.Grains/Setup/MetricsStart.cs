namespace KadOrleans.Grains;

/// <summary>Registers the grains' counters at the silo's start, before anything is counted.</summary>
internal sealed class MetricsStart(ValueCache cache) : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(MetricsStart), ServiceLifecycleStage.RuntimeInitialize, _ => Run(GrainMetrics.Begin), _ => Run(GrainMetrics.End));

    private Task Run(Action<ValueCache> change)
    {
        change(cache);
        return Task.CompletedTask;
    }
}
