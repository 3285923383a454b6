using Orleans.Core.Internal;

namespace KadOrleans.Server;

/// <summary>Ends Orleans' rebalancer when the last silo stops. Orleans would log an error, as no silo can take it.</summary>
internal sealed class RebalancerStop(IGrainFactory grains, ILocalSiloDetails silo, ISiloStatusOracle silos) : ILifecycleParticipant<ISiloLifecycle>
{
    // The worker's interface is internal to Orleans.
    private const string Worker = "activationrebalancerworker/0";

    /// <summary>The timeout of its end. After it the only harm is the logged error.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    public static void Add(ISiloBuilder silo) => silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, RebalancerStop>();

    public static async Task<SiloAddress?> FindAsync(IGrainFactory grains) =>
        await grains.GetGrain<IManagementGrain>(0).GetActivationAddress(grains.GetGrain(GrainId.Parse(Worker)));

    // Stages stop in descending order: before the one in which Orleans moves the worker.
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(RebalancerStop), ServiceLifecycleStage.Active, _ => Task.CompletedTask, StopAsync);

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        if (silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Any(other => !other.Equals(silo.SiloAddress)))
        {
            return;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            await EndAsync(limit.Token).WaitAsync(limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or OrleansException or TimeoutException)
        {
            // Orleans then logs its error, and the silo stops.
        }
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        if (await FindAsync(grains) is not null)
        {
            await grains.GetGrain<IGrainManagementExtension>(GrainId.Parse(Worker)).DeactivateOnIdle(cancellationToken);
        }

        while (await FindAsync(grains) is not null)
        {
            await Task.Delay(Pause, cancellationToken);
        }
    }
}
