using KadOrleans.Grains.Diagnostics;

namespace KadOrleans.Grains.Hosting;

/// <summary>Has the grains' counters reported from the silo's start on, before anything is counted.</summary>
internal sealed class MetricsStart : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(nameof(MetricsStart), ServiceLifecycleStage.RuntimeInitialize, _ =>
    {
        GrainMetrics.Begin();
        return Task.CompletedTask;
    });
}
